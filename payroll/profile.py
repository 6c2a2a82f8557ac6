"""A payroll profile: the layout of one payroll system's file, as data, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from org.errors import DomainError
from payroll.schema import BATCH_FIELDS, ROW_FIELDS, SCHEMA
from payroll.template import DATE_LETTERS, names_in, problem_of

__all__ = ["SCHEMA", "Column", "Profile", "ready_profiles"]

FOLDER = Path(__file__).parent / "profiles"
MERGED = ("settings", "codes")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the file; at most one of field, value, template and amount_of is set."""

    header: str
    field: str | None = None
    value: str | None = None
    template: str | None = None
    amount_of: str | None = None
    width: int | None = None
    fill: str = " "
    align: str = "left"
    max: int | None = None
    map: Mapping[str, str] | None = None
    required: bool = False
    date_format: str | None = None
    decimals: int | None = None
    upper_case: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """All that a file needs to be written; :meth:`parse` makes it from what a manager wrote."""

    code: str
    columns: tuple[Column, ...]
    name: str = ""
    rows: str = "earning"
    settings: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    batch_id: str = "{period_end|YYYYMMDD}{off_cycle}"
    file_name: str = "{profile}-{pay_group}-{period}{off_cycle}.csv"
    header: bool = True
    preamble: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    delimiter: str = ","
    line_end: str = "crlf"
    quoting: str = "minimal"
    encoding: str = "utf-8"
    decimal_point: str = "."
    decimals: int = 2
    date_format: str = "YYYY-MM-DD"
    upper_case: bool = False
    sort: tuple[str, ...] = ("payroll_id", "code", "earned_start")
    negatives: bool = False
    formulas: str = "refuse"

    @classmethod
    def parse(cls, spec: Mapping[str, Any], *, code: str = "profile") -> Profile:
        """The profile that a spec describes; a DomainError lists all that is wrong with it."""
        problems = _problems_of_form(spec)
        if not problems:
            whole = _with_ready(spec)
            profile = cls._built(whole, code)
            problems = _problems_of_sense(profile)
        if problems:
            raise DomainError(f"The payroll profile “{code}” cannot be used.", tuple(problems))
        return profile

    @classmethod
    def _built(cls, whole: Mapping[str, Any], code: str) -> Profile:
        columns = tuple(
            Column(header=c) if isinstance(c, str) else Column(**c)
            for c in whole.get("columns", [])
        )
        known = {f.name for f in fields(cls)} - {"code", "columns"}
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in whole.items() if k in known
        }
        return cls(code=code, columns=columns, **values)

    def code_of(self, earning_type: str) -> str | None:
        """Payroll's code for an earning type, or None where nobody has said it."""
        code = self.codes.get(earning_type, self.codes.get("*"))
        return earning_type if code == "*" else code

    @cached_property
    def fields_used(self) -> frozenset[str]:
        """The fields that the columns name, in templates too."""
        plain = {c.field for c in self.columns if c.field}
        return frozenset(plain.union(*(names_in(c.template or "") for c in self.columns)))


@cache
def ready_profiles() -> dict[str, dict[str, Any]]:
    """The profiles that come along, by the name that ``extends`` uses."""
    return {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.yaml"))
    }


def _with_ready(spec: Mapping[str, Any]) -> dict[str, Any]:
    base = ready_profiles().get(spec.get("extends", ""), {})
    merged = {key: {**base.get(key, {}), **spec.get(key, {})} for key in MERGED}
    return {**base, **spec, **merged}


def _problems_of_form(spec: Mapping[str, Any]) -> list[str]:
    errors = sorted(Draft202012Validator(SCHEMA).iter_errors(spec), key=lambda e: list(e.path))
    problems = [_sentence(error) for error in errors]
    ready = ready_profiles()
    base = spec.get("extends") if isinstance(spec, Mapping) else None
    if isinstance(base, str) and base not in ready:
        problems.append(f"extends: no ready profile is called “{base}”{_nearest(base, ready)}.")
    elif not problems and "columns" not in spec and base is None:
        problems.append(
            "columns: a profile needs columns, or `extends:` one of " + ", ".join(ready) + "."
        )
    return problems


def _sentence(error: ValidationError) -> str:
    """An error of form as a sentence: where, what, and the nearest right word."""
    if error.validator == "oneOf" and isinstance(error.instance, dict) and error.context:
        return _sentence(next(e for e in error.context if e.schema_path[0] == 1))
    place = ".".join(
        f"column {part + 1}" if isinstance(part, int) else str(part) for part in error.absolute_path
    )
    where = f"{place}: " if place else ""
    if error.validator == "additionalProperties" and "properties" in error.schema:
        known = error.schema["properties"]
        wrong = [key for key in error.instance if key not in known]
        return " ".join(f"{where}“{k}” is not a key here{_nearest(str(k), known)}." for k in wrong)
    if error.validator == "enum":
        return f"{where}“{error.instance}” must be one of {', '.join(error.validator_value)}."
    return f"{where}{error.message}."


def _nearest(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f" (did you mean “{near[0]}”?)" if near else f" (known: {', '.join(known)})"


def _problems_of_sense(profile: Profile) -> list[str]:
    batch = {**BATCH_FIELDS, **profile.settings}
    row = {**ROW_FIELDS, **batch}
    problems = [p for column in profile.columns for p in _problems_of_column(column, profile, row)]
    problems += _problems_of_template("file_name", profile.file_name, batch)
    problems += _problems_of_template("batch_id", profile.batch_id, batch)
    for line in (*profile.preamble, *profile.footer):
        problems += _problems_of_template("preamble or footer", line, batch)
    problems += [
        f"sort: there is no field “{n}”{_nearest(n, row)}." for n in profile.sort if n not in row
    ]
    if not DATE_LETTERS.search(profile.date_format):
        problems.append(f"date_format: “{profile.date_format}” has none of YYYY, MM and DD.")
    return problems + _problems_of_amounts(profile)


def _problems_of_column(column: Column, profile: Profile, known: Mapping[str, str]) -> list[str]:
    where = f"column “{column.header}”"
    said = [
        n for n in ("field", "value", "template", "amount_of") if getattr(column, n) is not None
    ]
    problems = []
    if len(said) > 1:
        problems.append(f"{where}: {' and '.join(said)} exclude each other; keep one.")
    if column.field is not None and column.field not in known:
        problems.append(
            f"{where}: there is no field “{column.field}”{_nearest(column.field, known)}."
        )
    if column.template is not None:
        problems += _problems_of_template(where, column.template, known)
    if profile.delimiter == "" and column.width is None:
        problems.append(f"{where}: without a delimiter each column needs a width.")
    return problems


def _problems_of_template(where: str, template: str, known: Mapping[str, str]) -> list[str]:
    if problem := problem_of(template):
        return [f"{where}: {problem}."]
    unknown = [name for name in names_in(template) if name not in known]
    return [
        f"{where}: there is no field “{n}”{_nearest(n, known)}; if it is a constant of yours, set "
        f"settings.{n}."
        for n in unknown
    ]


def _problems_of_amounts(profile: Profile) -> list[str]:
    wide = [c for c in profile.columns if c.amount_of is not None]
    amounts = [c for c in profile.columns if c.field == "amount"]
    if profile.rows == "person" and not wide and not amounts:
        return ["columns: a row per person needs a column with `amount_of: CODE`."]
    if profile.rows != "person" and wide:
        return ["columns: `amount_of` is for `rows: person`; elsewhere use `field: amount`."]
    if profile.rows != "person" and len(amounts) != 1:
        return ["columns: exactly one column must have `field: amount`."]
    return _problems_of_grain(profile)


EARNED = ("earned_period", "earned_start", "earned_end")
FINER = {"earning": EARNED, "person": (*EARNED, "code", "earning_type")}


def _problems_of_grain(profile: Profile) -> list[str]:
    """A row that adds up several earnings cannot say what differs between them."""
    finer = [n for n in FINER.get(profile.rows, ()) if n in profile.fields_used]
    return [
        f"columns: “{n}” has several values in one row of `rows: {profile.rows}`; use "
        "`rows: earning_period` or leave it out."
        for n in finer
    ]
