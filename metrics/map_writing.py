"""Writing a column map back as the tenant file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metrics.conditions import condition_to_dict
from metrics.map_parts import (
    Constant,
    Count,
    LongValues,
    MetricMap,
    Part,
    Reading,
    ShortName,
    Slot,
)

if TYPE_CHECKING:
    from metrics.column_map import ColumnMap


class Writer:
    """Writes one map, without what goes without saying."""

    def __init__(self, column_map: ColumnMap) -> None:
        self.map = column_map

    def written(self) -> dict[str, Any]:
        """The whole map; parsing it gives an equal one."""
        given = self.map
        person = given.person
        result: dict[str, Any] = {
            name: getattr(given, name)
            for name in ("sheet", "header_row", "delimiter", "encoding", "thousands")
            if getattr(given, name)
        }
        if given.decimal != ".":
            result["decimal"] = given.decimal
        if given.names:
            result["names"] = {short.name: self._short(short) for short in given.names}
        by = {} if person.by == "alias" else {"by": person.by}
        result["person"] = {"column": person.column, **by}
        result["day"] = self._day()
        if given.reference:
            result["reference"] = {"columns": list(given.reference)}
        if given.slot != Slot():
            slot = given.slot
            result["slot"] = {"column": slot.column} if slot.column else slot.constant
        if given.skip_rows:
            result["skip_rows"] = [condition_to_dict(one) for one in given.skip_rows]
        result["values"] = self._values()
        return result

    def _day(self) -> dict[str, Any]:
        day = self.map.day
        result: dict[str, Any] = {"column": day.column}
        if day.formats:
            result["format"] = day.formats[0] if len(day.formats) == 1 else list(day.formats)
        return {**result, "zone": day.zone} if day.zone else result

    def _short(self, short: ShortName) -> Any:
        if short.reading is None:
            return short.column
        return {"column": short.column, **self._reading(short.reading)}

    def _reading(self, reading: Reading) -> dict[str, Any]:
        result = {"as": reading.kind}
        inherited = self.map.thousands
        if reading.decimal != self.map.decimal:
            result["decimal"], inherited = reading.decimal, ""
        if reading.thousands != inherited:
            result["thousands"] = reading.thousands
        return result

    def _values(self) -> dict[str, Any]:
        values = self.map.values
        if isinstance(values, LongValues):
            return self._long(values)
        return {item.metric: self._metric(item) for item in values}

    def _metric(self, item: MetricMap) -> dict[str, Any]:
        result = self._part(item.part, item.verb)
        for name in ("denominator", "weight"):
            part = getattr(item, name)
            if part is not None:
                result[name] = self._part(part, "column")
        return result

    def _part(self, part: Part, verb: str) -> dict[str, Any]:
        if isinstance(part, Count):
            result: dict[str, Any] = {"count": "rows"}
        elif isinstance(part, Constant):
            result = {"constant": str(part.number)}
        else:
            result = {verb: part.column, **self._reading(part.reading)}
            if result.get("as") == "number":
                del result["as"]
        return {**result, "where": condition_to_dict(part.where)} if part.where else result

    def _long(self, values: LongValues) -> dict[str, Any]:
        columns = {"metric": values.metric, "value": values.value.column}
        for name in ("denominator", "weight"):
            part = getattr(values, name)
            if part is not None:
                columns[name] = part.column
        result: dict[str, Any] = {"from": columns, **self._reading(values.value.reading)}
        if values.verb != "column":
            result["verb"] = values.verb
        return {**result, "metrics": dict(values.metrics)} if values.metrics else result
