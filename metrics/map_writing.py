"""Writing a column map back as the tenant file has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metrics.conditions import condition_to_dict
from metrics.map_parts import (
    Constant,
    Count,
    FileMap,
    LongValues,
    MetricMap,
    Part,
    Reading,
    ShortName,
    Slot,
)

if TYPE_CHECKING:
    from metrics.column_map import ColumnMap
    from metrics.transaction_map import Cells, PartyColumns, TransactionMap


def file_keys(file_map: FileMap) -> dict[str, Any]:
    """How a file is read, whatever its rows become."""
    result: dict[str, Any] = {
        name: getattr(file_map, name)
        for name in ("sheet", "header_row", "delimiter", "encoding", "thousands")
        if getattr(file_map, name)
    }
    if file_map.decimal != ".":
        result["decimal"] = file_map.decimal
    if file_map.names:
        result["names"] = {short.name: _short(file_map, short) for short in file_map.names}
    if file_map.skip_rows:
        result["skip_rows"] = [condition_to_dict(one) for one in file_map.skip_rows]
    return result


def _short(file_map: FileMap, short: ShortName) -> Any:
    if short.reading is None:
        return short.column
    return {"column": short.column, **_reading(file_map, short.reading)}


def _reading(file_map: FileMap, reading: Reading) -> dict[str, Any]:
    result = {"as": reading.kind}
    inherited = file_map.thousands
    if reading.decimal != file_map.decimal:
        result["decimal"], inherited = reading.decimal, ""
    if reading.thousands != inherited:
        result["thousands"] = reading.thousands
    return result


def written_transaction_map(given: TransactionMap) -> dict[str, Any]:
    """A map whose rows are transactions; parsing it gives an equal one."""
    result: dict[str, Any] = {"transaction": given.kind, **file_keys(given)}
    if given.key is not None:
        result["key"] = list(given.key)
    if given.attributes is not None:
        result["attributes"] = {name: _cells(given, cells) for name, cells in given.attributes}
    if given.parties is not None:
        result["parties"] = _parties(given.parties)
    if given.people_by != "alias":
        result["people_by"] = given.people_by
    if given.about_kind:
        columns = list(given.about_columns)
        which = {"column": columns[0]} if len(columns) == 1 else {"columns": columns}
        result["about"] = {"kind": given.about_kind, **which}
    return result


def _cells(file_map: FileMap, cells: Cells) -> Any:
    said: dict[str, Any] = {"column": cells.column}
    if cells.reading is not None:
        said |= _reading(file_map, cells.reading)
    if cells.formats:
        said["format"] = list(cells.formats)
    if cells.zone:
        said["zone"] = cells.zone
    return cells.column if len(said) == 1 else said


def _parties(parties: tuple[PartyColumns, ...]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for party in parties:
        said = {"person": party.person, "share": party.share} if party.share else party.person
        found.setdefault(party.role, []).append(said)
    return {role: said[0] if len(said) == 1 else said for role, said in found.items()}


class Writer:
    """Writes one map, without what goes without saying."""

    def __init__(self, column_map: ColumnMap) -> None:
        self.map = column_map

    def written(self) -> dict[str, Any]:
        """The whole map; parsing it gives an equal one."""
        given = self.map
        person = given.person
        result = file_keys(given)
        by = {} if person.by == "alias" else {"by": person.by}
        result["person"] = {"column": person.column, **by}
        result["day"] = self._day()
        if given.reference:
            result["reference"] = {"columns": list(given.reference)}
        if given.slot != Slot():
            slot = given.slot
            result["slot"] = {"column": slot.column} if slot.column else slot.constant
        result["values"] = self._values()
        return result

    def _day(self) -> dict[str, Any]:
        day = self.map.day
        result: dict[str, Any] = {"column": day.column}
        if day.formats:
            result["format"] = day.formats[0] if len(day.formats) == 1 else list(day.formats)
        return {**result, "zone": day.zone} if day.zone else result

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
            result = {verb: part.column, **_reading(self.map, part.reading)}
            if result.get("as") == "number":
                del result["as"]
        return {**result, "where": condition_to_dict(part.where)} if part.where else result

    def _long(self, values: LongValues) -> dict[str, Any]:
        columns = {"metric": values.metric, "value": values.value.column}
        for name in ("denominator", "weight"):
            part = getattr(values, name)
            if part is not None:
                columns[name] = part.column
        result: dict[str, Any] = {"from": columns, **_reading(self.map, values.value.reading)}
        if values.verb != "column":
            result["verb"] = values.verb
        return {**result, "metrics": dict(values.metrics)} if values.metrics else result
