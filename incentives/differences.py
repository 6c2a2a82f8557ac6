"""Should minus booked: what a final period should have paid by now, less what was booked for it.

One rule gives idempotence (a second run posts nothing), corrections, claw-backs and late data.
Only people whom a recorded cause may have moved are looked at; any other difference is an alarm.
What is compared is a part of a key: the parts of a schedule are booked each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from psycopg.sql import SQL, Composable, Composed, Literal

from incentives import schedules
from incentives.models import CalculationRun, Component, Dirty, PlanVersion
from incentives.rules import load_one
from org.currencies import in_coins
from org.employments import employments_on
from org.models import Period
from org.sql import NEVER, fetch, identifiers, values


@dataclass(frozen=True)
class Difference:
    """One part of one key whose amount has moved since it was booked.

    ``part`` is 0 where no schedule parts it. ``disputed``: it waits for the answer of a dispute.
    """

    person: str
    name: str
    component: str
    job: str
    currency: str
    amount: Decimal
    cause: str
    grain: str = ""
    part: int = 0
    disputed: bool = False

    @property
    def moves(self) -> str:
        """The amount in words: +25.00 EUR."""
        return f"{in_coins(self.amount, self.currency, '+')} {self.currency}"

    @property
    def line(self) -> str:
        """The component, and the credit, day or unit that earned it."""
        return f"{self.component} ({self.grain})" if self.grain else self.component


KEY = ("person_id", "component", "job", "grain", "currency")

# Everything calculated under a run, by the key of the ledger. A component or a person that has
# vanished is missing here and should be 0; what is not decided yet waits.
SHOULD = """
    SELECT earning.person_id, component.name AS component, component.earning_type, earning.job,
           earning.grain, earning.currency, earning.amount, earning.status, earning.transaction_id
    FROM incentives_earning AS earning
    JOIN incentives_component AS component ON component.id = earning.component_id
    WHERE earning.run_id = {run}
"""

# What calculation booked for each part of a key, and where it stands by now. What a release moved
# is the part's own; payments, stops and waivers have origins of their own and are not looked at.
STANDING = """
    SELECT person_id, component, job, grain, currency, part,
           (array_agg(earning_type ORDER BY id) FILTER (WHERE origin = 'calculation'))[1]
             AS earning_type,
           min(run_id) FILTER (WHERE origin = 'calculation') AS first_run,
           {granted} AS booked, {held} AS held, {limited} AS limited, {lost} AS lost,
           {forgone} AS forgone
    FROM incentives_transfer AS moved
    WHERE origin IN ('calculation', 'release') AND plan_id = {plan}
      AND earned_period_id = {period} AND {only}
    GROUP BY person_id, component, job, grain, currency, part
"""

# Each key with the version by whose schedule it is parted: the one that first booked it, so that
# another schedule of a later version moves nothing that is booked already. Its earning type stays,
# too: what is taken back comes from where it stands, and payroll books it as what was paid.
WHOLE = """
    SELECT {key}, coalesce(known.earning_type, should.earning_type, '') AS earning_type,
           coalesce(should.amount, 0) AS amount, transaction_id,
           coalesce(known.version_id, {version}::bigint) AS version_id
    FROM (SELECT * FROM ({should}) AS moved WHERE {only}) AS should
    FULL JOIN (
        SELECT {key}, (array_agg(earning_type ORDER BY first_run))[1] AS earning_type,
               (array_agg(made.version_id ORDER BY made.id))[1] AS version_id
        FROM standing JOIN incentives_calculationrun AS made ON made.id = first_run
        GROUP BY {key}) AS known USING ({key})
    WHERE coalesce(should.status, 'decided') = 'decided'
"""

# Whom some pay groups pay, now or in an earlier employment.
PAID_BY = """
    moved.person_id IN (SELECT employment.person_id FROM org_employment AS employment
      WHERE employment.pay_group_id = ANY({groups}::bigint[])
        AND employment.superseded_at = {never})
"""
# Whom they pay on a day.
PAID_ON = """
    moved.person_id IN (SELECT employment.person_id FROM ({employments}) AS employment
      WHERE employment.pay_group_id = ANY({groups}::bigint[]))
"""

# Each part as it should be beside where it stands. Added up and not joined: nobody can tell the
# planner how many there are, and it would hold each against all.
BESIDE = """
    WITH standing AS ({standing}), whole AS ({whole}), parted AS ({parted}),
    beside AS (
        SELECT {key}, part, max(earning_type) AS earning_type,
               max(transaction_id) AS transaction_id, max(due_on) AS due_on,
               max(condition) AS condition, max(expires) AS expires, sum(amount) AS amount, {sums}
        FROM (
            SELECT {key}, part, true AS should, earning_type, transaction_id, due_on, condition,
                   expires, amount, {none} FROM parted
            UNION ALL
            SELECT {key}, part, false, NULL, NULL, NULL, NULL, NULL, 0, {stands} FROM standing
        ) AS both_sides
        GROUP BY {key}, part HAVING bool_or(should) AND sum(amount) <> sum(booked))
    SELECT {key}, part, earning_type, transaction_id, due_on, condition, expires,
           amount - booked AS difference, {stands}, {disputed} AS disputed
    FROM beside AS parted WHERE {frozen}
"""

DISPUTED = """
    EXISTS (SELECT 1 FROM incentives_dispute AS dispute WHERE dispute.closed_at IS NULL
      AND dispute.plan_id = {plan} AND dispute.period_id = {period}
      AND dispute.person_id = parted.person_id AND dispute.component = parted.component
      AND dispute.job IN ('', parted.job) AND dispute.grain IN ('', parted.grain))
"""


@dataclass(frozen=True)
class Whom:
    """Whose differences are meant: those whom one of these pay groups (ids) pays, and only these
    people (ids); None: everybody's. ``on``: by their employment of that day; None: by any, now or
    before."""

    groups: tuple[int, ...] | None = None
    people: tuple[int, ...] | None = None
    on: date | None = None


EVERYBODY = Whom()


@dataclass(frozen=True)
class Which:
    """Whose differences are looked at.

    ``caused``: only people with (True) or without (False) a recorded cause; None: everybody, and
    frozen components too. ``whom``: only they.
    """

    caused: bool | None = None
    whom: Whom = EVERYBODY


CAUSED = Which(caused=True)


def difference_query(made: CalculationRun, which: Which = CAUSED) -> Composed:
    """Every part of a key of a run's plan and period that is not booked as it should be.

    Columns: the key, part, earning_type, transaction_id, due_on, condition, expires, difference,
    what stands (booked; held and lost, and as limited and forgone what the limit holds and lost)
    and disputed.
    """
    plan, period = Literal(made.plan_id), Literal(made.period_id)
    only = _only(made, which)
    standing = SQL(STANDING).format(
        plan=plan,
        period=period,
        only=only,
        granted=_balance("plan", sign="-"),
        held=_balance("held", where="condition <> {limit}"),
        limited=_balance("held", where="condition = {limit}"),
        lost=_balance("lost", where="condition <> {limit}"),
        forgone=_balance("lost", where="condition = {limit}"),
    )
    whole = SQL(WHOLE).format(
        key=identifiers(KEY),
        version=Literal(made.version_id),
        should=SQL(SHOULD).format(run=Literal(made.pk)),
        only=only,
    )
    parted = schedules.split_sql(
        SQL("SELECT * FROM whole"),
        schedules.part_rows(_versions(made), made.period),
        (*KEY, "earning_type", "transaction_id"),
    )
    stands = ("booked", "held", "limited", "lost", "forgone")
    return SQL(BESIDE).format(
        standing=standing,
        whole=whole,
        parted=parted,
        key=identifiers(KEY),
        none=SQL(", ").join(SQL("0 AS {}").format(SQL(name)) for name in stands),
        sums=SQL(", ").join(SQL("sum({0}) AS {0}").format(SQL(name)) for name in stands),
        stands=identifiers(stands),
        disputed=SQL(DISPUTED).format(plan=plan, period=period),
        frozen=SQL("true") if which.caused is None else _frozen(made),
    )


def _balance(account: str, *, sign: str = "", where: str = "true") -> Composable:
    """What came to an account less what left it, of rows that fit."""
    return SQL(
        "coalesce("
        + sign
        + "sum(CASE {account} WHEN to_account THEN amount WHEN from_account THEN -amount END)"
        " FILTER (WHERE {account} IN (from_account, to_account) AND " + where + "), 0)"
    ).format(account=Literal(account), limit=Literal(schedules.LIMIT))


def _only(made: CalculationRun, which: Which) -> Composable:
    """Which people count, as a condition over ``moved``."""
    conditions: list[Composable] = [SQL("true")]
    if made.only is not None:
        conditions.append(SQL("moved.person_id = ANY({}::bigint[])").format(Literal(made.only)))
    if which.caused is not None and not (which.caused and _all_dirty(made)):
        dirty = SQL(
            "moved.person_id {} (SELECT dirty.person_id FROM incentives_dirty AS dirty"
            " WHERE dirty.plan_id = {} AND dirty.period_id = {} AND dirty.person_id IS NOT NULL)"
        )
        sign = SQL("IN" if which.caused else "NOT IN")
        conditions.append(dirty.format(sign, Literal(made.plan_id), Literal(made.period_id)))
        if not which.caused and _all_dirty(made):
            conditions.append(SQL("false"))
    return SQL(" AND ").join([*conditions, *_meant(which.whom)])


def _meant(whom: Whom) -> Iterator[Composable]:
    if whom.groups is not None:
        groups = Literal(list(whom.groups))
        if whom.on is None:
            yield SQL(PAID_BY).format(groups=groups, never=SQL(NEVER))
        else:
            yield SQL(PAID_ON).format(groups=groups, employments=employments_on(whom.on))
    if whom.people is not None:
        people = Literal(list(whom.people))
        yield SQL("moved.person_id = ANY({}::bigint[])").format(people)


def _all_dirty(made: CalculationRun) -> bool:
    dirty = Dirty.objects.filter(plan=made.plan_id, period=made.period_id)
    return dirty.filter(person=None).exists()


def _versions(made: CalculationRun) -> list[PlanVersion]:
    """The versions by whose schedules the keys of a run may be parted."""
    booked_by = CalculationRun.objects.filter(
        plan=made.plan_id, period=made.period_id, final_at__isnull=False
    )
    found = PlanVersion.objects.filter(
        pk__in=[made.version_id, *booked_by.values_list("version", flat=True)]
    )
    return list(found.prefetch_related("components"))


def _frozen(made: CalculationRun) -> Composable:
    """What a component that is frozen after final still moves: a prize nothing, anything else the
    one person whose own figures changed."""
    rows = Component.objects.filter(version=made.version_id, after_final="freeze")
    frozen = list(rows.values_list("name", flat=True))
    if not frozen:
        return SQL("true")
    rules = load_one(made.version, made.period.valid_from)
    prizes: list[str] = []
    others: list[str] = []
    for name in frozen:
        rule = rules.components.get(name.lower())
        ranks = rule is not None and any(ref.kind in ("rank", "ties") for ref in rule.references)
        (prizes if ranks else others).append(name)
    return SQL(
        "parted.component <> ALL({prizes}::text[]) AND (parted.component <> ALL({others}::text[])"
        " OR parted.person_id IN (SELECT dirty.person_id FROM incentives_dirty AS dirty"
        "  WHERE dirty.plan_id = {plan} AND dirty.period_id = {period}))"
    ).format(
        prizes=Literal(prizes),
        others=Literal(others),
        plan=Literal(made.plan_id),
        period=Literal(made.period_id),
    )


# --- why

# The causes that may have moved a person's key, in the order in which they came. Two halves, so
# that each finds its rows by the index.
CAUSES = """
    SELECT max(change.id) AS change_id,
           left(string_agg(change.sentence, '; ' ORDER BY change.id), 420) AS cause
    FROM org_inputchange AS change WHERE change.id IN (
      SELECT change_id FROM incentives_dirty AS dirty
      WHERE plan_id = {plan} AND period_id = {period} AND person_id = moved.person_id AND {reads}
      UNION ALL
      SELECT change_id FROM incentives_dirty AS dirty
      WHERE plan_id = {plan} AND period_id = {period} AND person_id IS NULL AND {reads})
"""


# A difference names its deal, where no cause does: a file with many deals lists only some.
DEAL = """
    SELECT kind.code || ' ' || deal.key || ': ' AS named FROM metrics_transaction AS deal
    JOIN metrics_transactionkind AS kind ON kind.id = deal.kind_id
    WHERE deal.id = moved.transaction_id AND strpos(coalesce(known.cause, ''), deal.key) = 0
"""


def with_causes(made: CalculationRun, difference: Composable) -> Composed:
    """Differences with change_id and cause: only what may have moved that component is named."""
    return SQL(
        "SELECT moved.*, known.change_id,"
        " left(coalesce(deal.named, '') || coalesce(known.cause, ''), {room})"
        " || CASE WHEN moved.component = ANY({pools}::text[]) THEN {cost} ELSE '' END AS cause"
        " FROM ({difference}) AS moved LEFT JOIN LATERAL ({causes}) AS known ON true"
        " LEFT JOIN LATERAL ({deal}) AS deal ON true"
    ).format(
        difference=difference,
        room=Literal(500 - len(COMPANYS_COST)),
        pools=Literal(_frozen_pools(made)),
        cost=Literal(COMPANYS_COST),
        deal=SQL(DEAL),
        causes=SQL(CAUSES).format(
            plan=Literal(made.plan_id), period=Literal(made.period_id), reads=_reads(made)
        ),
    )


COMPANYS_COST = "; frozen: nobody else's share moves, so it is at the company's cost"


def _frozen_pools(made: CalculationRun) -> list[str]:
    """The components that were shared out, and whose other shares stay as they were booked."""
    pools = Component.objects.filter(
        version=made.version_id, after_final="freeze", per=Component.Per.TEAM
    )
    return list(pools.values_list("name", flat=True))


def _reads(made: CalculationRun) -> Composable:
    """Whether the component of ``moved`` reads the metric of ``dirty``, or may read it."""
    rules = load_one(made.version, made.period.valid_from)
    rows = []
    for rule in rules.components.values():
        named = [rules.measures[n] for n in {*rule.measures(), rule.of} if n in rules.measures]
        measures = [under for measure in named for under in rules.under(measure)]
        others = {ref.kind for ref in rule.references} & INDIRECT or rule.reads or rules.whole
        if not others and not any(m.earnings_of for m in measures):
            rows.append((rule.name, sorted({m.metric for m in measures})))
    if not rows:
        return SQL("true")
    known = values(rows, (("component", "text"), ("metrics", "bigint[]")))
    return SQL(
        "(dirty.metric IS NULL OR coalesce((SELECT dirty.metric = ANY(known.metrics)"
        " FROM ({}) AS known WHERE known.component = lower(moved.component)), true))"
    ).format(known)


# References through which a component reads what others read.
INDIRECT = frozenset({"earned", "rank", "ties", "share"})


# --- reading


def pending(made: CalculationRun, *, whom: Whom = EVERYBODY) -> list[Difference]:
    """The differences that a cause explains and that are not booked yet, with that cause."""
    query = difference_query(made, replace(CAUSED, whom=whom))
    return _listed(with_causes(made, query))


def alarms(made: CalculationRun) -> list[Difference]:
    """Differences that no recorded cause explains: never posted, always shown."""
    query = SQL("SELECT moved.*, '' AS cause FROM ({}) AS moved").format(
        difference_query(made, Which(caused=False))
    )
    return _listed(query)


def _listed(query: Composable) -> list[Difference]:
    found = fetch(
        SQL(
            "SELECT person.code, person.name, moved.component, moved.job, moved.currency,"
            " moved.difference, moved.cause, moved.grain, moved.part, moved.disputed"
            " FROM ({}) AS moved JOIN org_person AS person ON person.id = moved.person_id"
            " ORDER BY person.code, moved.component, moved.job, moved.grain, moved.part"
        ).format(query)
    )
    return [Difference(*row) for row in found]


def too_far_back(period: Period, *, on: date, months: int | None) -> bool:
    """Whether what a period earned lies behind the tenant's limit for corrections."""
    return months is not None and schedules.months_after(period.valid_to, months) <= on


def settle(made: CalculationRun) -> None:
    """The causes of a period are posted; they stay for those who wait: for a decision, for the
    answer of a dispute, or for the period of another pay group."""
    undecided = SQL(
        "SELECT DISTINCT person_id FROM incentives_earning WHERE run_id = {}"
        " AND status <> 'decided'"
    ).format(Literal(made.pk))
    waiting = {person for (person,) in fetch(undecided)}
    waiting |= {
        person
        for (person,) in fetch(
            SQL("SELECT DISTINCT person_id FROM ({}) AS moved").format(difference_query(made))
        )
    }
    done = Dirty.objects.filter(plan=made.plan_id, period=made.period_id)
    if made.only is not None:
        done = done.filter(person__in=made.only)
    if waiting:
        done = done.exclude(person__in=waiting).exclude(person=None)
    done.delete()
