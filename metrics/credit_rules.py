"""The credit rules of a kind of transaction, as the credit stage works with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from formula import BOOLEAN, DATE, NUMBER, Formula, FormulaError, Ref, Scope, Type, check, key_of
from metrics.attributes import ABOUT, about_any, about_of, names_of
from metrics.models import CreditRule, MetricDefinition, TransactionKind
from org.base import CURRENT
from org.dates import EARLIEST_DAY, FOREVER
from org.errors import DomainError

RECORDED = "recorded"
MANAGER_OF, UNIT = "manager of ", "unit "
Kind = MetricDefinition.Kind


@dataclass(frozen=True)
class To:
    """Whom a rule credits: who plays a role, their managers of that day, or the head of a unit."""

    written: str

    @property
    def how(self) -> str:
        """``party``, ``manager`` or ``unit``."""
        if self.written.startswith(UNIT):
            return "unit"
        return "manager" if self.written.startswith(MANAGER_OF) else "party"

    @property
    def name(self) -> str:
        """The role, or the code of the unit."""
        return self.written.removeprefix(UNIT).removeprefix(MANAGER_OF)


@dataclass(frozen=True)
class Rule:
    """One credit rule with its formulas checked. ``number``: its place in this list, from 1.

    ``amount_at``, ``weight_at``: the number of the first rule with the same formula, so that it is
    worked out once.
    """

    number: int
    pk: int
    group: str
    order: int
    when: Formula | None
    to: tuple[To, ...]
    split: bool
    amount: Formula | None
    weight: Formula | None
    into: int | None
    weighted: bool
    on: str
    once_per: tuple[str, ...]
    valid_from: date
    valid_to: date
    amount_at: int
    weight_at: int

    @property
    def dated(self) -> bool:
        """Whether it holds on some days only."""
        return self.valid_from > EARLIEST_DAY or self.valid_to < FOREVER

    @property
    def words(self) -> str:
        """How people call it."""
        return f"{self.group} {self.order}"


@dataclass(frozen=True)
class KindRules:
    """A kind with its rules in order, and how far its transactions count as undone."""

    kind: TransactionKind
    rules: tuple[Rule, ...]
    undone: Formula | None
    undone_on: Formula | str

    @property
    def formulas(self) -> list[Formula]:
        """All formulas that are worked out for each transaction."""
        own = [self.undone, self.undone_on if isinstance(self.undone_on, Formula) else None]
        for rule in self.rules:
            own += [rule.when, rule.amount, rule.weight]
        return [formula for formula in own if formula is not None]

    @property
    def refs(self) -> set[Ref]:
        """All that these formulas read."""
        return {ref for formula in self.formulas for ref in formula.references}

    @property
    def groups(self) -> list[str]:
        """The groups, in the order of their names."""
        return sorted({rule.group for rule in self.rules})


def scope_of(kind: TransactionKind, every: Iterable[TransactionKind] | None = None) -> Scope:
    """What formulas about one transaction of a kind may use; ``every``: all kinds there are."""
    about = about_of([kind]) if every is None else about_any(every)
    return Scope(names=names_of([kind]), about=about, uses=frozenset(ABOUT))


def load(kinds: Iterable[TransactionKind]) -> list[KindRules]:
    """The rules of each kind as known now. Raises DomainError for a formula that fits no more."""
    return [load_one(kind) for kind in kinds]


def load_one(kind: TransactionKind) -> KindRules:
    """The rules of one kind as known now."""
    scope = scope_of(kind)
    rows = CreditRule.objects.filter(CURRENT, kind=kind).order_by("group", "order", "valid_from")
    means = set(
        MetricDefinition.objects.filter(CURRENT, kind=Kind.WEIGHTED_MEAN).values_list(
            "metric_id", flat=True
        )
    )
    return KindRules(
        kind=kind,
        rules=tuple(_sharing(_rule(n, row, scope, means) for n, row in enumerate(rows, 1))),
        undone=_checked(kind.undone_share, scope, NUMBER, f"{kind.code}: undone.share"),
        undone_on=undone_on(kind, scope),
    )


def undone_on(kind: TransactionKind, scope: Scope) -> Formula | str:
    """On which day a transaction was undone: a formula, the name of a date, or "" for none."""
    if kind.undone_on in kind.dates or not kind.undone_on:
        return kind.undone_on
    return _checked(kind.undone_on, scope, DATE, f"{kind.code}: undone.on") or ""


def _rule(number: int, row: CreditRule, scope: Scope, means: set[int]) -> Rule:
    where = f"credit rule {row}"
    return Rule(
        number=number,
        pk=row.pk,
        group=row.group,
        order=row.order,
        when=_checked(row.when, scope, BOOLEAN, f"{where}: when"),
        to=tuple(To(written) for written in row.to),
        split=row.split,
        amount=_checked(row.amount, scope, NUMBER, f"{where}: amount"),
        weight=_checked(row.weight, scope, NUMBER, f"{where}: weight"),
        into=row.into_id,
        weighted=row.into_id in means,
        on=row.on,
        once_per=tuple(row.once_per),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        amount_at=number,
        weight_at=number,
    )


def _sharing(rules: Iterable[Rule]) -> Iterator[Rule]:
    """The rules, each told which one before it has the same formulas."""
    amounts: dict[Formula | None, int] = {}
    weights: dict[Formula | None, int] = {}
    for rule in rules:
        yield replace(
            rule,
            amount_at=amounts.setdefault(rule.amount, rule.number),
            weight_at=weights.setdefault(rule.weight, rule.number),
        )


def _checked(text: str, scope: Scope, type_: Type, where: str) -> Formula | None:
    if not text:
        return None
    try:
        return check(text, scope, type_)
    except FormulaError as error:
        raise DomainError(
            f"The {where} cannot be used any more. Mend the tenant file.", (str(error),)
        ) from error


def about_refs(refs: Iterable[Ref], kinds: Sequence[TransactionKind]) -> Mapping[int, list[Ref]]:
    """References to what is about a transaction, by the kind that is about it."""
    ids = {key_of(kind.code): kind.pk for kind in kinds}
    found: dict[int, list[Ref]] = {}
    for ref in sorted(refs):
        if ref.kind in ABOUT:
            found.setdefault(ids[key_of(ref.name.partition(".")[0])], []).append(ref)
    return found
