"""The engine bench's measuring process: loads, times both ways, compares, prints JSON.

python -m bench.engine_run PEOPLE PARTS
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any


def main() -> None:
    """Measure with the number of people, and the parts, of the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
    import django  # the settings need the environment that this process was started with

    django.setup()
    print(json.dumps(Bench(int(sys.argv[1])).run(sys.argv[2].split(","))))


class Bench:
    """One tenant, measured part by part."""

    def __init__(self, people: int) -> None:
        from bench import engine_world

        self.people = people
        # A database that was copied has the tenant already.
        self.tenant = engine_world.loaded() or engine_world.load(people)
        self.seconds: dict[str, float] = {}
        self.say(f"loaded {people:,} people")

    def run(self, wanted: list[str]) -> dict[str, Any]:
        """These parts, in this order; their seconds."""
        plans = [f"plan{n}" for n in range(20)]
        parts = {
            "plans": lambda: self._both("plans", plans),
            "credits": self._credits,
            "pools": lambda: self._both("pools", ["pools"]),
            "differences": self._differences,
            "corrections": self._corrections,
        }
        self._tidy()
        self.timed("totals", lambda: self._totals([*plans, "pools"]))
        for name, measure in parts.items():
            if name in wanted:
                measure()
        return {"seconds": self.seconds}

    # --- tools

    def say(self, sentence: str) -> None:
        """Tell how far it is."""
        print(f"  {sentence}", file=sys.stderr, flush=True)

    def timed(self, name: str, work: Callable[[], object]) -> None:
        """Run something in a transaction of the tenant, and keep how long it took."""
        from org.tenancy import enter

        begin = time.perf_counter()
        with enter(self.tenant, through="bench"):
            work()
        self.seconds[name] = round(time.perf_counter() - begin, 3)
        self.say(f"{name}: {self.seconds[name]:.2f} s")

    def _owner(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
            for statement in statements:
                owner.execute(statement)  # type: ignore[arg-type]

    def _tidy(self) -> None:
        self._owner("VACUUM (ANALYZE)")

    def _empty(self) -> None:
        self._owner(
            "TRUNCATE incentives_planperiod, incentives_earning, incentives_result,"
            " incentives_calculationrun, incentives_dirty, incentives_transfer CASCADE"
        )

    def _calculate(self, plans: list[str]) -> None:
        from bench.engine_world import AT, END, july
        from incentives import calculate
        from incentives.models import PlanVersion
        from incentives.rules import load

        period = july()
        versions = PlanVersion.objects.filter(plan__code__in=plans).select_related("plan")
        rules = [load(version, period.valid_from) for version in versions]
        calculate.calculate_together(rules, period, by=None, at=AT, on=END)

    def _totals(self, plans: list[str]) -> None:
        from bench.engine_world import july
        from incentives import calculate
        from incentives.models import PlanVersion
        from incentives.rules import load

        period = july()
        versions = PlanVersion.objects.filter(plan__code__in=plans).select_related("plan")
        calculate.refresh_totals([(load(v, period.valid_from), period) for v in versions])

    def _sums(self) -> dict[int, Decimal]:
        from org.sql import fetch
        from org.tenancy import enter

        with enter(self.tenant, through="bench"):
            return dict(
                fetch("SELECT component_id, sum(amount) FROM incentives_earning GROUP BY 1")
            )

    # --- parts

    def _both(self, part: str, plans: list[str]) -> None:
        """Plans from totals that are there, by the engine and by hand; both must agree."""
        from bench import engine_sql

        self._empty()
        self.timed(f"{part}_ours", lambda: self._calculate(plans))
        ours = self._sums()
        self._empty()
        self.timed(f"{part}_sql", getattr(engine_sql, part))
        self._agree(part, ours, self._sums())
        self._empty()

    def _agree(self, part: str, ours: dict[int, Decimal], theirs: dict[int, Decimal]) -> None:
        if ours != theirs:
            differing = {c: (ours.get(c), theirs.get(c)) for c in {*ours, *theirs}}
            found = {c: pair for c, pair in differing.items() if pair[0] != pair[1]}
            sys.exit(f"{part}: the engine and the statements by hand do not agree: {found}")

    def _credits(self) -> None:
        from bench import engine_sql

        def ours() -> None:
            self._credit()
            self._totals(["deals"])
            self._calculate(["deals"])

        self._empty()
        self.timed("credits_ours", ours)
        sums = self._sums()
        self._empty()
        self._owner(
            "DELETE FROM metrics_value WHERE transaction_id IS NOT NULL",
            "DELETE FROM metrics_total WHERE metric_id IN"
            " (SELECT id FROM metrics_metric WHERE code LIKE 'credit%')",
            "VACUUM (ANALYZE) metrics_value",
            "VACUUM (ANALYZE) metrics_total",
        )
        self.timed("credits_sql", engine_sql.credits)
        self._agree("credits", sums, self._sums())
        self._empty()

    def _credit(self) -> None:
        from bench.engine_world import AT
        from metrics.credit import credit, touch_kinds
        from metrics.locks import hold_values
        from metrics.models import TransactionKind

        hold_values()
        touch_kinds([TransactionKind.objects.get(code="sale").pk])
        credit(at=AT)

    def _differences(self) -> None:
        """The month of the deals in full, made final; then one sale in a hundred is changed."""
        from bench.engine_world import AT, END, july
        from incentives import calculate
        from incentives.models import Plan, PlanPeriod
        from incentives.posting import post

        def full() -> None:
            self._credit()
            self._totals(["deals"])
            self._calculate(["deals"])
            point = PlanPeriod.objects.get(plan__code="deals")
            assert point.run is not None
            post(point.run, posted=july(), first=True, by=None, at=AT, on=END)
            PlanPeriod.objects.filter(pk=point.pk).update(final_at=AT)

        def again() -> None:
            plan = Plan.objects.get(code="deals")
            made = calculate.calculate_again(plan=plan, period=july(), by=None, at=AT, on=END)
            post(made, posted=july(), first=False, by=None, at=AT, on=END)

        self._owner("DELETE FROM metrics_value WHERE transaction_id IS NOT NULL")
        self._tidy()
        self.timed("full_run", full)
        self._tidy()
        self.timed("change_1_percent", self._change)
        self.timed("differences_1_percent", again)

    def _change(self) -> None:
        """A new version of every hundredth sale, credited and recorded as a delivery does it."""
        from datetime import timedelta

        from bench.engine_world import AT
        from metrics.compare import marks_of
        from metrics.credit import credit
        from metrics.locks import hold_values
        from metrics.stage import temporary
        from org.changes import record_change
        from org.models import InputChange
        from org.sql import execute

        later = AT + timedelta(hours=1)
        hold_values()
        temporary(
            "touched_deal",
            "SELECT kind_id, key FROM metrics_transaction WHERE id % 100 = 0",
        )
        execute(
            "UPDATE metrics_transaction AS deal SET superseded_at = %s FROM touched_deal AS touched"
            " WHERE deal.kind_id = touched.kind_id AND deal.key = touched.key",
            [later],
        )
        execute(
            "INSERT INTO metrics_transaction (recorded_at, superseded_at, key, version, kind_id,"
            " delivery_id, about, attributes) SELECT %s, '9999-12-31 00:00:00+00', deal.key, 2,"
            " deal.kind_id, deal.delivery_id, '', deal.attributes || jsonb_build_object('amount',"
            " ((deal.attributes ->> 'amount')::numeric + 10)::text)"
            " FROM metrics_transaction AS deal JOIN touched_deal USING (kind_id, key)",
            [later],
        )
        execute(
            "INSERT INTO metrics_party (transaction_id, role, person_id) SELECT deal.id, 'seller',"
            " person.id FROM metrics_transaction AS deal JOIN touched_deal USING (kind_id, key)"
            " JOIN org_person AS person ON person.code = split_part(deal.key, '-', 1)"
            " WHERE deal.version = 2"
        )
        done = credit(at=later)
        record_change(
            kind=InputChange.Kind.VALUES,
            sentence="A hundredth of the sales was delivered anew",
            marks=marks_of(done.marks),
            by=None,
            at=later,
        )

    def _corrections(self) -> None:
        """One correction, until it stands in that person's result; and in everybody's of a pool.

        Whatever is patched must be what a calculation of everybody comes to.
        """
        self._empty()
        self._open_runs("open_runs")
        self._tidy()
        self._each("correction_one", range(77, 88), "m4", "plan0")
        self._each("correction_all", range(88, 93), "m1", "pools")
        for number in range(88, 93):
            self.timed("correction_beside", partial(self._correct, f"p{number}", "m1", "plan0"))
        patched = self._lines()
        self._open_runs("open_runs_again")
        if patched != self._lines():
            sys.exit("corrections: single people came to something else than everybody at once.")

    def _each(self, name: str, people: Iterable[int], figure: str, plan: str) -> None:
        """Correct a figure of several people, one after the other; the median is kept."""
        took = []
        for number in people:
            self.timed(name, partial(self._correct, f"p{number}", figure, plan))
            took.append(self.seconds[name])
        self.seconds[name] = statistics.median(took)

    def _correct(self, code: str, figure: str, plan: str) -> None:
        """Correct a figure of a person, and work that person out anew in a plan."""
        from datetime import timedelta

        from bench.engine_world import AT, END, july
        from incentives.some_people import calculate_people
        from metrics.correct import correct
        from metrics.models import Metric
        from org.models import Person

        person, later = Person.objects.get(code=code), AT + timedelta(hours=2)
        correct(
            person=person, day=july().valid_from.replace(day=5),
            metric=Metric.objects.get(code=figure), numerator=Decimal(777), denominator=None,
            reason="counted twice", by=None, at=later,
        )  # fmt: skip
        calculate_people(period=july(), people=[person.pk], by=None, at=later, on=END, only=[plan])

    def _lines(self) -> dict[int, Decimal]:
        """Every line of earnings, in one number for each component."""
        from org.sql import fetch
        from org.tenancy import enter

        with enter(self.tenant, through="bench"):
            return dict(
                fetch(
                    "SELECT component_id, sum(hashtextextended(concat_ws('|', person_id, job,"
                    " grain, trim_scale(amount), status, detail), 0)::numeric)"
                    " FROM incentives_earning GROUP BY 1"
                )
            )

    def _open_runs(self, name: str) -> None:
        self.timed(name, lambda: self._calculate(["plan0", "pools"]))


if __name__ == "__main__":
    main()
