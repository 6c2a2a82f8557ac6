"""Tenant, job types, absence types, kinds of fact and pay groups in the tenant file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Min, ProtectedError

from formula.numbers import read_number
from org import audit
from org import config_tools as tools
from org.base import CURRENT
from org.changes import Mark, record_change
from org.compliance import Pack, ProductClass
from org.config_section import Section
from org.config_tools import Codes, Problems
from org.errors import DomainError
from org.models import (
    AbsenceType,
    Availability,
    Fact,
    FactType,
    InputChange,
    JobType,
    Tenant,
    User,
)
from org.models.tenants import check_zone
from org.tenancy import current_tenant_id

# -- the tenant itself ----------------------------------------------------------------------------

TENANT_FIELDS = (
    "name",
    "time_zone",
    "currency",
    "locale",
    "waive_below",
    "look_back",
    "reductions",
    "supervisors_see_pay",
    "score_limit",
    "compliance",
)
TENANT_DEFAULTS: dict[str, Any] = {
    "time_zone": "UTC",
    "currency": "EUR",
    "locale": "en",
    "waive_below": None,
    "look_back": None,
    "reductions": "approve",
    "supervisors_see_pay": True,
    "score_limit": None,
    "compliance": [],
}
WAIVE_BELOW: dict[str, Any] = {
    "anyOf": [
        *tools.number("")["anyOf"],
        {
            "type": "object",
            "description": "The amount of each currency.",
            "propertyNames": {
                "pattern": "^[A-Z]{3}$",
                "description": "a currency is three capitals, such as CHF.",
            },
            "minProperties": 1,
            "additionalProperties": tools.number("The amount."),
        },
    ],
    "description": "What is to be taken back from somebody and has not reached this amount since"
    " the last payment is waived. Who pays in several currencies says it for each: {EUR: 50, CHF:"
    " 45}; what is in no such currency is always taken back. Left out: nothing is waived.",
}
TENANT_SCHEMA = tools.mapping(
    "The customer organisation.",
    {
        "code": tools.text(
            "Short name used in addresses and commands.", pattern=r"^[-a-zA-Z0-9_]{1,50}$"
        ),
        "name": tools.text("As people read it."),
        "time_zone": tools.text("Where its days begin, such as Europe/Zurich. Left out: UTC."),
        "currency": tools.text("ISO 4217, such as CHF. Left out: EUR.", pattern="^[A-Z]{3}$"),
        "locale": tools.text("How numbers and days are written, such as de-ch. Left out: en."),
        "waive_below": WAIVE_BELOW,
        "look_back": tools.whole(
            "Months after which what was earned is corrected no more, only listed. Left out: it "
            "always is.",
            minimum=1,
            maximum=600,
        ),
        "reductions": tools.choice(
            "A version that reduces pay already earned: approve (it needs somebody with the right "
            "to approve reductions, the default) or refuse.",
            ["approve", "refuse"],
        ),
        "supervisors_see_pay": tools.truth(
            "Whether supervisors see what their people are paid; if not, they see figures and "
            "attainment alone. Left out: true."
        ),
        "score_limit": tools.number(
            "A score entered by hand that changes one that is there by more than this share of it "
            "(0.1 is 10 %) waits for a second person. 0: every change. Left out: none does."
        ),
        "compliance": tools.listing(
            "Compliance packs: rules of law that every version is held against before it is"
            " published.",
            tools.choice("A pack.", Pack.values),
            uniqueItems=True,
        ),
    },
    "code",
    "name",
)


def read_tenant() -> dict[str, Any]:
    """The entered tenant."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    said = {name: getattr(tenant, name) for name in TENANT_FIELDS}
    for name in ("waive_below", "score_limit"):
        if said[name] is not None:
            said[name] = Decimal(tools.plain(said[name]))
    if tenant.waive_below_in:
        said["waive_below"] = {
            code: Decimal(amount) for code, amount in sorted(tenant.waive_below_in.items())
        }
    return {"code": tenant.code, **tools.without_defaults(said, TENANT_DEFAULTS)}


def apply_tenant(data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
    """Name, zone, currency and locale; the code says which tenant it is and never changes."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    problems = Problems()
    if data["code"] != tenant.code:
        problems.add("tenant.code", f"the file is for “{data['code']}”, and this is {tenant.code}.")
    try:
        check_zone(data.get("time_zone", "UTC"))
    except ValidationError as error:
        problems.add("tenant.time_zone", error.messages[0])
    waived, waived_in = _waived(data.get("waive_below"), problems)
    limit = _limit(data.get("score_limit"), problems)
    problems.stop("The tenant cannot be applied.")
    said = {k: v for k, v in data.items() if k != "code"}
    packs = sorted(data.get("compliance", []))
    wanted = {**TENANT_DEFAULTS, **said, "waive_below": waived, "score_limit": limit}
    wanted |= {"waive_below_in": waived_in, "compliance": packs}
    changed = tools.update_row(tenant, wanted)
    changed = list(dict.fromkeys(name.removesuffix("_in") for name in changed))
    if changed:
        audit.record(action="change tenant", subject=", ".join(changed), by=by, at=at)
    return [f"~ tenant: {', '.join(changed)}"] if changed else []


def _waived(said: Any, problems: Problems) -> tuple[Decimal | None, dict[str, str]]:
    """The one amount that is waived, and those by currency: one of the two is empty."""
    where = "tenant.waive_below"
    if not isinstance(said, dict):
        return (None if said is None else _waived_amount(said, where, problems)), {}
    amounts = {
        code: _waived_amount(text, f"{where}.{code}", problems) for code, text in said.items()
    }
    return None, {code: tools.plain(amount) for code, amount in amounts.items() if amount}


def _waived_amount(text: Any, where: str, problems: Problems) -> Decimal | None:
    try:
        amount, _ = read_number(text)
    except ValueError as error:
        problems.add(where, f"{error}.")
        return None
    if not 0 < amount < 10**12 or amount != round(amount, 6):
        problems.add(
            where,
            f"{text} is no such amount: above 0, with at most 6 decimals. Leave it out to waive"
            " nothing.",
        )
    return amount


def _limit(text: Any, problems: Problems) -> Decimal | None:
    if text is None:
        return None
    try:
        share, _ = read_number(text)
    except ValueError as error:
        problems.add("tenant.score_limit", f"{error}.")
        return None
    if not 0 <= share <= 100 or share != round(share, 6):
        problems.add(
            "tenant.score_limit",
            f"{text} is no share: from 0 to 100, with at most 6 decimals. 0.1 is 10 %.",
        )
    return share


# -- rows that are a code and a few fields --------------------------------------------------------


class Note(Protocol):
    """Looks at a row of which some fields have changed."""

    def __call__(self, row: Any, changed: list[str], *, by: User | None, at: datetime) -> None: ...


@dataclass(frozen=True)
class Coded:
    """A section of rows by code. ``refs`` turn codes of others into rows. ``note`` records what may
    move where fields of a row have changed, or refuses it."""

    key: str
    what: str
    model: Any
    schema: dict[str, Any]
    defaults: dict[str, Any]
    refs: dict[str, Callable[[Problems], Codes]] = field(default_factory=dict)
    note: Note | None = None

    def section(self) -> Section:
        """As the tenant file knows it."""
        item = tools.mapping(f"A {self.what}.", self.schema, *self.refs)
        description = f"{self.what.capitalize()}s by code."
        return Section(self.key, tools.by_code(description, item), self.read, self.apply)

    def read(self) -> dict[str, Any] | None:
        """All rows, without what goes without saying."""
        rows = self.model.objects.select_related(*self.refs).order_by("code")
        return {row.code: self._written(row) for row in rows} or None

    def _written(self, row: Any) -> dict[str, Any]:
        said = {name: getattr(row, name) for name in self.defaults}
        if said.get("name") == row.code:
            del said["name"]
        refs = {name: getattr(row, name).code for name in self.refs}
        return {**tools.without_defaults(said, self.defaults), **refs}

    def apply(self, data: Any, *, by: User | None, at: datetime, today: date) -> list[str]:
        """Have exactly these rows; one that is in use cannot be left out."""
        problems = Problems()
        wanted = {code: self._fields(code, item or {}, problems) for code, item in data.items()}
        problems.stop(f"The {self.what}s cannot be applied.")
        known = {row.code: row for row in self.model.objects.all()}
        said = []
        for code in sorted(known.keys() - wanted.keys()):
            said += remove(known[code], self.key, self.what, problems)
        for code, values in wanted.items():
            said += self._apply_one(known.get(code), code, values, by=by, at=at)
        problems.stop(f"A {self.what} that is in use cannot be left out.")
        if said:
            subject = f"{self.key}: {len(said)} changed"
            audit.record(action="configure", subject=subject, by=by, at=at, detail={"said": said})
        return said

    def _fields(self, code: str, item: dict[str, Any], problems: Problems) -> dict[str, Any]:
        values = {**self.defaults, **item}
        if "name" in values:
            values["name"] = values["name"] or code
        for name, codes in self.refs.items():
            values[name] = codes(problems).find(item[name], f"{self.key}.{code}.{name}")
        return values

    def _apply_one(
        self, row: Any, code: str, values: dict[str, Any], *, by: User | None, at: datetime
    ) -> list[str]:
        if row is None:
            self.model.objects.create(code=code, **values)
            return [f"+ {self.what} {code}"]
        changed = tools.update_row(row, values)
        if changed and self.note is not None:
            self.note(row, changed, by=by, at=at)
        return [f"~ {self.what} {code}: {', '.join(changed)}"] if changed else []


def remove(row: Any, key: str, what: str, problems: Problems) -> list[str]:
    """Take out a row that nothing uses; one in use stays, and is a problem."""
    try:
        with transaction.atomic():
            row.delete()
    except ProtectedError as error:
        users = sorted({str(o._meta.verbose_name_plural) for o in error.protected_objects})
        problems.add(
            f"{key}.{row.code}",
            f"the file leaves this {what} out, but there are {', '.join(users)} of it. "
            "Put it back into the file.",
        )
        return []
    return [f"- {what} {row.code}"]


NAME = tools.text("As people read it. Left out: the code.")


def _note_absences(row: AbsenceType, changed: list[str], *, by: User | None, at: datetime) -> None:
    """Absences of a type that reduces something else by now move goals and amounts."""
    if not {"reduces_goal", "reduces_payout"} & set(changed):
        return
    absent = Availability.objects.filter(CURRENT, absence_type=row).values("person").order_by()
    days = absent.annotate(first=Min("day"), last=Max("day"))
    marks = [Mark(d["first"], d["last"] + timedelta(days=1), person=d["person"]) for d in days]
    if marks:
        record_change(
            kind=InputChange.Kind.AVAILABILITY,
            sentence=f"What absences “{row.name}” reduce changed",
            marks=marks,
            by=by,
            at=at,
            reference=f"absence type {row.code}",
        )


def _refuse_other_kind(row: FactType, changed: list[str], *, by: User | None, at: datetime) -> None:
    """What is known of people would read as blank under another kind."""
    if "kind" in changed and Fact.objects.filter(CURRENT, fact_type=row).exists():
        raise DomainError(
            f"facts.{row.code}: there are facts of this kind, so it cannot hold {row.kind} instead."
            " Give the new kind of fact another code."
        )


JOB_TYPES = Coded(
    "job_types",
    "job type",
    JobType,
    {
        "name": NAME,
        "licences": tools.listing(
            "Classes of products that everybody of this job type is licensed to sell.",
            tools.choice("A class.", ProductClass.values),
            uniqueItems=True,
        ),
    },
    {"name": "", "licences": []},
)
ABSENCE_TYPES = Coded(
    "absence_types",
    "absence type",
    AbsenceType,
    {
        "name": NAME,
        "reduces_goal": tools.truth("Whether such a day lowers the goal. Left out: true."),
        "reduces_payout": tools.truth("Whether such a day lowers the pay. Left out: false."),
    },
    {"name": "", "reduces_goal": True, "reduces_payout": False},
    note=_note_absences,
)
FACTS = Coded(
    "facts",
    "kind of fact",
    FactType,
    {
        "name": NAME,
        "kind": tools.choice("What it holds. Left out: number.", FactType.Kind.values),
        "sensitive": tools.truth("Whether only pay roles may read it. Left out: true."),
    },
    {"name": "", "kind": FactType.Kind.NUMBER.value, "sensitive": True},
    note=_refuse_other_kind,
)
TENANT = Section("tenant", TENANT_SCHEMA, read_tenant, apply_tenant)
