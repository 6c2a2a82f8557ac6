"""The engine bench's tenant: plans by tenant file, people, figures and sales by statements.

Every figure follows from the numbers of person and day, so each load is the same.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from metrics.models import Delivery, Source, TransactionKind
from org.models import JobType, Period, Tenant
from org.sql import execute
from org.tenancy import enter
from pmsite import tenant_file

AT = datetime(2026, 8, 1, 3, 0, tzinfo=UTC)
START, END = date(2026, 7, 1), date(2026, 8, 1)
PLANS, COMPONENTS, TEAM, SALES_EACH = 20, 10, 25, 10
FIGURES = tuple(f"m{n}" for n in range(10))
STEPS = [(0, "2%"), (400, "3%"), (800, "4.5%"), (1600, "6%")]
GROUPS, RULES_EACH = 4, 5


def step_rows() -> str:
    """The rate table that all plans use, as YAML."""
    return ", ".join(f"[{bound}, {rate}]" for bound, rate in STEPS)


def tenant() -> str:
    """The tenant file."""
    metrics = [f"  {name}: {{kind: sum}}" for name in FIGURES]
    metrics += [f"  credit{g}: {{kind: sum}}" for g in range(GROUPS)]
    goals = [f"  - {{metric: {name}, value: {1000 + 10 * n}, from: 2026-01-01}}"
             for n, name in enumerate(FIGURES)]  # fmt: skip
    rules = [
        f"  - {{group: g{g}, order: {o}, kind: sale, to: seller, on: sold, into: credit{g},"
        f" when: 'AND(amount >= {amount_from(g, o)}, product <> \"p{(g + o) % 7}\")',"
        f" amount: 'amount * {100 - 10 * o}%'}}"
        for g in range(GROUPS)
        for o in range(RULES_EACH)
    ]
    return "\n".join(
        [
            "tenant: {code: bench, name: Bench, time_zone: Europe/Zurich, currency: EUR}",
            "calendars: {monthly: {kind: monthly, from: 2026-07-01, to: 2026-08-31}}",
            "units: [{code: root}]",
            "job_types: {agent: {}}",
            "metrics:",
            *metrics,
            "goals:",
            *goals,
            "sources: {figures: {map: {person: {column: person, by: code}, day: day,"
            " values: {m0: {sum: m0}}}}}",
            "transactions: {sale: {key: [no], dates: [sold],"
            " attributes: {amount: money, product: text}, roles: {seller: {}}}}",
            "credits:",
            *rules,
            "plans:",
            *(line for n in range(PLANS) for line in plain_plan(n)),
            *CREDIT_PLAN,
            *POOL_PLAN,
            "",
        ]
    )


def amount_from(group: int, order: int) -> int:
    """From which amount on a rule takes a sale: the last of a group takes nearly all."""
    return (RULES_EACH - 1 - order) * (200 + 20 * group)


def plain_plan(number: int) -> list[str]:
    """A plan with ten components over ten measures."""
    lines = [
        f"  plan{number}:",
        "    calendar: monthly",
        f"    family: f{number}",
        "    versions:",
        "      - in_force: 2026-07-01",
        f"        tables: {{step: {{rows: [{step_rows()}]}}}}",
        f"        measures: {{{', '.join(f'{name}: {{}}' for name in FIGURES)}}}",
        "        components:",
    ]
    return lines + [
        f"          c{c}: {{formula: '{formula_of(number, c)}'}}" for c in range(COMPONENTS)
    ]


def formula_of(plan: int, component: int) -> str:
    """Tiers, marks and attainments by turns."""
    figure = FIGURES[component]
    other = FIGURES[(component + plan) % len(FIGURES)]
    return (
        f"TIER({figure}, step)",
        f"IF({other} >= {900 + plan}, {figure} * 1%, 0)",
        f"MIN(ATTAINMENT({figure}), 120%) * 50",
    )[component % 3]


CREDIT_PLAN = f"""
  deals:
    calendar: monthly
    family: deals
    versions:
      - in_force: 2026-07-01
        tables: {{step: {{rows: [{step_rows()}]}}}}
        measures: {{{", ".join(f"credit{g}: {{}}" for g in range(GROUPS))}}}
        components:
          first: {{per: credit, of: credit0, formula: 'SLICE(RUNNING(credit0), amount, step)'}}
          second: {{per: credit, of: credit1, formula: 'SLICE(RUNNING(credit1), amount, step)'}}
          sum: {{formula: 'EARNED(first) + EARNED(second)'}}
""".strip("\n").splitlines()
POOL_PLAN = """
  pools:
    calendar: monthly
    family: pools
    versions:
      - in_force: 2026-07-01
        tables: {prizes: {rows: [[0, 500], [1, 300], [2, 200], [3, 0]]}}
        measures: {m1: {}, m2: {}, team: {metric: m3, scope: team}}
        components:
          pool: {per: team, formula: 'team * 1%', distribute: m1}
          prize: {formula: 'SLICE(RANK(m2, unit) - 1, TIES(m2, unit), prizes) / TIES(m2, unit)'}
""".strip("\n").splitlines()


def load(people: int) -> int:
    """Make the tenant with its people, a month of figures and of sales; its id."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tenant.yaml"
        path.write_text(tenant(), encoding="utf-8")
        tenant_file.apply(path=path, by=None, approved_by=None, at=AT)
    found = Tenant.objects.get(code="bench")
    with enter(found.pk, through="bench"):
        _people(people)
        _figures()
        _sales()
    return found.pk


def loaded() -> int | None:
    """The tenant's id, if it is there."""
    return Tenant.objects.filter(code="bench").values_list("pk", flat=True).first()


def _people(people: int) -> None:
    teams = max(2, people // TEAM)
    job = JobType.objects.get(code="agent").pk
    execute(
        "INSERT INTO org_unit (code, name, kind, time_zone)"
        " SELECT 'team' || n, 'Team ' || n, 'team', '' FROM generate_series(0, %s) AS n",
        [teams - 1],
    )
    execute(
        "INSERT INTO org_person (code, name, email) SELECT 'p' || n, 'Person ' || n, ''"
        " FROM generate_series(1, %s) AS n",
        [people],
    )
    execute(
        "INSERT INTO org_employment (recorded_at, superseded_at, payroll_id, company, tenure_start,"
        " valid_from, valid_to, person_id) SELECT %s, '9999-12-31 00:00:00+00', code, '',"
        " '2026-01-01', '2026-01-01', '9999-12-31', id FROM org_person",
        [AT],
    )
    execute(
        "INSERT INTO org_assignment (recorded_at, superseded_at, slot, share, valid_from, valid_to,"
        " person_id, unit_id, job_type_id) SELECT %s, '9999-12-31 00:00:00+00', 'primary', 1,"
        " '2026-01-01', '9999-12-31', person.id, unit.id, %s FROM org_person AS person"
        " JOIN org_unit AS unit ON unit.code = 'team' || substr(person.code, 2)::bigint %% %s",
        [AT, job, teams],
    )


def _figures() -> None:
    """Four values of each of the ten figures for everybody."""
    delivery = _delivery("figures", "figures.csv")
    execute(
        "INSERT INTO metrics_value (person_id, day, metric_id, recorded_at, numerator,"
        " assignment_id, delivery_id)"
        " SELECT job.person_id, day, metric.id, %(at)s,"
        " ((job.person_id * 7919 + metric.id * 104729 + extract(day FROM day)::int * 15487)"
        "  %% 50021 / 100.0)::numeric, job.id, %(delivery)s FROM org_assignment AS job"
        " CROSS JOIN generate_series('2026-07-05'::date, '2026-07-26', interval '7 days')"
        "  AS d (day)"
        " CROSS JOIN metrics_metric AS metric WHERE metric.code = ANY(%(codes)s)"
        " ORDER BY 1, 3",
        {"at": AT, "delivery": delivery.pk, "codes": list(FIGURES)},
    )


def _sales() -> None:
    """Ten sales of each person, as a delivery brings them."""
    delivery = _delivery("figures", "sales.csv")
    kind = TransactionKind.objects.get(code="sale")
    execute(
        "INSERT INTO metrics_transaction (recorded_at, superseded_at, key, version, kind_id,"
        " delivery_id, about, attributes)"
        " SELECT %(at)s, '9999-12-31 00:00:00+00', person.code || '-' || n, 1, %(kind)s,"
        " %(delivery)s, '', jsonb_build_object('amount',"
        "  ((person.id * 7919 + n * 104729) %% 100003 / 100.0)::text, 'product',"
        "  'p' || (person.id + n) %% 9, 'sold',"
        "  '2026-07-' || lpad((1 + n * 3 %% 31)::text, 2, '0'))"
        " FROM org_person AS person CROSS JOIN generate_series(1, %(each)s) AS n",
        {"at": AT, "kind": kind.pk, "delivery": delivery.pk, "each": SALES_EACH},
    )
    execute(
        "INSERT INTO metrics_party (transaction_id, role, person_id) SELECT deal.id, 'seller',"
        " person.id FROM metrics_transaction AS deal JOIN org_person AS person"
        " ON person.code = split_part(deal.key, '-', 1)"
    )


def _delivery(source: str, name: str) -> Delivery:
    return Delivery.objects.create(
        source=Source.objects.get(code=source),
        file_name=name,
        sha256=name,
        content=b"",
        received_at=AT,
    )


def july() -> Period:
    """The period that is measured."""
    return Period.objects.select_related("calendar").get(code="2026-07")
