"""The rules bench's measuring process: loads, measures each part, prints JSON.

python -m bench.rules_run PEOPLE REQUESTS
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Measure with the number of people and of requests of the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmsite.settings")
    import django  # the settings need the environment that this process was started with

    django.setup()
    people, requests = map(int, sys.argv[1:3])
    print(json.dumps(Bench(people, requests).run()))


def say(sentence: str) -> None:
    """Tell how far it is."""
    print(f"  {sentence}", file=sys.stderr, flush=True)


def percentile(figures: list[float], share: int) -> float:
    """The figure below or at which so many of a hundred lie."""
    ordered = sorted(figures)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


class Bench:
    """A tenant with two calculated months, a draft that changes one tier, and people who look."""

    def __init__(self, people: int, requests: int) -> None:
        from bench import pages_world
        from org.models import Tenant
        from org.permissions import Role
        from org.tenancy import enter

        begin = time.perf_counter()
        self.people, self.requests = people, requests
        self.visits = pages_world.load(people)
        self.tenant = Tenant.objects.get(code="bench")
        with enter(self.tenant.pk):
            self.planner = pages_world.signed_in(self.tenant, [0], Role.PLAN_MANAGER, "planner")[0]
            self.draft = self._draft()
        self._tidy()
        say(f"loaded {people:,} people in {time.perf_counter() - begin:.0f} s")

    def _draft(self) -> int:
        """A copy of the plan's version by somebody else, with another rate in its second tier."""
        from bench.pages_world import AT
        from incentives.draft import copy_as_draft
        from incentives.models import PlanVersion

        version = PlanVersion.objects.select_related("plan").get(plan__code="centre")
        draft = copy_as_draft(version=version, by=None, at=AT)
        table = draft.tables.get(name="steps")
        table.spec["rows"][1][1] = "3.5%"
        table.save()
        return draft.pk

    def _tidy(self) -> None:
        import psycopg

        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute("VACUUM (ANALYZE)")

    def run(self) -> dict[str, Any]:
        """Every part; the figures."""
        found: dict[str, Any] = {}
        for name, measure in (
            ("impact_preview_s", self._impact),
            ("check_ms", self._check),
            ("statement_p95_ms", self._statements),
            ("workbook_ms", self._workbooks),
            ("whatif_ms", self._what_if),
        ):
            found[name] = measure()
            say(f"{name}: {found[name]}")
        return found

    # --- parts

    def _client(self, cookie: str) -> Any:
        from django.test import Client

        return Client(headers={"host": "127.0.0.1", "cookie": cookie})

    def _impact(self) -> float:
        """From the click to the drawn page, the median of three; the first one warms up."""
        taken = [self._one_impact() for _ in range(4)]
        say(f"each impact: {', '.join(f'{one:.2f} s' for one in taken)}")
        return round(statistics.median(taken[1:]), 2)

    def _one_impact(self) -> float:
        """The form is sent, a worker works it out, and its page is shown with its pictures."""
        from org.models import Period
        from org.tenancy import enter
        from pmsite.jobs import perform
        from pmsite.models import Job

        with enter(self.tenant.pk):
            period = Period.objects.get(code="2026-08").pk
        client = self._client(self.planner)
        begin = time.perf_counter()
        sent = client.post(f"/rules/impact/try/version/{self.draft}/", {"period": period})
        if sent.status_code != 302:
            sys.exit(f"The impact was not begun: {sent.status_code}.")
        job = Job.objects.filter(name="work out an impact").latest("pk")
        perform(job.pk)
        page = client.get(sent["Location"])
        taken = time.perf_counter() - begin
        text = page.content.decode()
        if page.status_code != 200 or "It costs" not in text or "<svg" not in text:
            sys.exit(f"The page of the impact does not show it: {page.status_code}.")
        return taken

    def _check(self) -> float:
        """A formula as it is typed in the editor: the whole answer, the median of some times."""
        from incentives.models import Component
        from org.tenancy import enter

        with enter(self.tenant.pk):
            row = Component.objects.get(version=self.draft, name="commission")
        client = self._client(self.planner)
        said = {"was": row.name, "name": row.name, "title": row.title, "gate": row.gate}
        formula = f"MIN({row.formula}, 900)"

        def typed() -> None:
            address = f"/rules/versions/{self.draft}/components/check/"
            answer = client.post(address, {**said, "formula": formula})
            if answer.status_code != 200 or b"900" not in answer.content:
                sys.exit(f"The check of a formula is not what it should be: {answer.status_code}.")

        return self._median_ms(typed)

    def _median_ms(self, work: Callable[[], object], times: int = 20) -> float:
        work()
        taken = []
        for _ in range(times):
            begin = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begin)
        return round(statistics.median(taken) * 1000, 1)

    def _statements(self) -> float:
        """Statements of different people, one after the other: the 95th of a hundred."""
        taken = self._pages("statement", "", lambda text, visit: _all_in(visit["shows"], text))
        return round(percentile(taken, 95), 1)

    def _workbooks(self) -> float:
        """The same statements as workbooks with live formulas: the median."""
        taken = self._pages("statement", "workbook/", lambda text, _: text.startswith("PK"))
        return round(statistics.median(taken), 1)

    def _what_if(self) -> float:
        """A figure moved on scorecards of different people, until its pay is shown: the median."""
        taken = self._pages(
            "scorecard",
            "what-if/?centre.0.calls=987",
            lambda text, _: "Bonus for calls" in text and '<tr class="mine">' in text,
        )
        return round(statistics.median(taken), 1)

    def _pages(
        self, page: str, beneath: str, right: Callable[[str, dict[str, Any]], bool]
    ) -> list[float]:
        """Milliseconds of each answer after some to warm up; ends where one is not ``right``."""
        visits = random.Random(3).choices(self.visits[page], k=self.requests + 20)
        taken = []
        # One for all, as a process that serves is: making one is work, and leaves garbage.
        client = self._client("")
        for number, visit in enumerate(visits):
            headers = {"HX-Request": "true", "cookie": visit["cookie"]}
            begin = time.perf_counter()
            answer = client.get(visit["path"] + beneath, headers=headers)
            if number >= 20:
                taken.append((time.perf_counter() - begin) * 1000)
            if answer.status_code != 200 or not right(answer.content.decode("latin-1"), visit):
                sys.exit(f"{visit['path']}{beneath} is not what it should be.")
        return taken


def _all_in(wanted: tuple[str, ...], text: str) -> bool:
    return all(one in text for one in wanted)


if __name__ == "__main__":
    main()
