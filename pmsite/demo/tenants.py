"""The two organisations: their tenant files, casts and the files that their sources deliver."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import yaml
from django.conf import settings

from pmsite.demo import cast, figures, logins
from pmsite.demo.cast import Someone
from pmsite.demo.files import Row, write_csv, write_workbook
from pmsite.demo.months import Month, moved

HERE = Path(__file__).parent
Mistakes = dict[int, dict[int, object]]
Rows = Callable[[Iterable[Someone], Month, list[date]], Iterator[Row]]


@dataclass(frozen=True)
class Feed:
    """What one source delivers each month: how its rows come about, and in which kind of file."""

    source: str
    rows: Rows
    sheet: str = ""
    delimiter: str = ","
    bom: bool = False
    mistakes: Mistakes = field(default_factory=dict)
    """Line (from 0) → column → what somebody typed there, in the last month's file."""

    def file_name(self, month: Month) -> str:
        """As it arrives."""
        return f"{self.source}-{month.code}.{'xlsx' if self.sheet else 'csv'}"

    def write(self, path: Path, rows: Iterable[Row]) -> None:
        """Write rows as this source's kind of file."""
        if self.sheet:
            write_workbook(path, self.sheet, rows)
        else:
            write_csv(path, rows, delimiter=self.delimiter, bom=self.bom)


@dataclass(frozen=True)
class Organisation:
    """One of the two, in the months that it is shown for."""

    code: str
    feeds: tuple[Feed, ...]
    people_of: Callable[[tuple[Month, ...]], list[Someone]]
    logins: tuple[logins.Login, ...]
    months: tuple[Month, ...] = ()
    late_movers: int = 0

    @property
    def folder(self) -> Path:
        """Where its files are written."""
        return Path(settings.VAR_DIR) / "demo" / self.code

    @cached_property
    def people(self) -> list[Someone]:
        """Everybody who works there in these months."""
        return self.people_of(self.months)

    @cached_property
    def holidays(self) -> frozenset[date]:
        """The days on which nobody works, as the tenant file says."""
        calendars = yaml.safe_load(self.tenant_file())["holidays"].values()
        return frozenset(holiday["day"] for calendar in calendars for holiday in calendar["days"])

    def tenant_file(self) -> str:
        """The tenant file of the repository, its days moved to these months."""
        text = (HERE / f"{self.code}.yaml").read_text(encoding="utf-8")
        first = self.months[0].first
        return re.sub(
            r"\b\d{4}-\d\d-\d\d\b",
            lambda found: moved(date.fromisoformat(found[0]), first).isoformat(),
            text,
        )

    def write_tenant_file(self) -> Path:
        """The tenant file with people and jobs beside it, as they were known at the beginning."""
        path = self.folder / "tenant.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = "\npeople: people.csv\nassignments: assignments.csv\n"
        path.write_text(self.tenant_file() + beside, encoding="utf-8")
        write_csv(self.folder / "people.csv", self._people_rows())
        late = {person.code for person in self.movers_told_late}
        rows = [_before_the_move(p) if p.code in late else p for p in self.people]
        write_csv(self.folder / "assignments.csv", _job_rows(rows))
        return path

    def write_late_moves(self) -> Path:
        """The jobs of those whose move in the first month became known when that was final."""
        path = self.folder / "assignments-late.csv"
        write_csv(path, _job_rows(self.movers_told_late))
        return path

    @property
    def movers_told_late(self) -> list[Someone]:
        """Some of those who changed teams in the first month."""
        first = self.months[0]
        movers = [
            p for p in self.people if len(p.jobs) == 2 and first.first < p.jobs[1].first < first.end
        ]
        return movers[: self.late_movers]

    def write_month(self, month: Month) -> list[tuple[Feed, Path]]:
        """Every source's file of a month; files that are there stay."""
        found = []
        for feed in self.feeds:
            path = self.folder / month.code / feed.file_name(month)
            if not path.exists():
                feed.write(path, self.rows(feed, month))
            found.append((feed, path))
        return found

    def rows(self, feed: Feed, month: Month) -> Iterator[Row]:
        """A source's rows of a month, in the last month with what people got wrong."""
        rows = feed.rows(self.people, month, month.working_days(self.holidays))
        wrong = feed.mistakes if month == self.months[-1] else {}
        return figures.with_mistakes(rows, wrong)

    def _people_rows(self) -> Iterator[Row]:
        yield ["code", "name", "email", "payroll_id", "pay_group", "hired", "left"]
        for p in self.people:
            last = p.left - timedelta(days=1) if p.left else ""
            email = f"{p.code}@{self.code}.example"
            yield [p.code, p.name, email, p.payroll_id, p.pay_group, p.hired, last]


def _job_rows(people: Iterable[Someone]) -> Iterator[Row]:
    yield ["person", "unit", "job_type", "manager", "share", "from", "to"]
    for p in people:
        for job in p.jobs:
            yield [p.code, job.unit, job.job_type, job.manager, job.share, job.first, job.end or ""]


def _before_the_move(person: Someone) -> Someone:
    return replace(person, jobs=[replace(person.jobs[0], end=None)])


# --- The two

WRONG_TELEPHONY: Mistakes = {
    57: {1: "19999"},  # nobody has this number
    143: {3: "n/a"},
    260: {0: "31.02.2026"},
    301: {4: "5h12"},
}
WRONG_SURVEYS: Mistakes = {90: {2: "five"}, 411: {1: "10 245"}}
WRONG_SALES: Mistakes = {33: {2: "Ana (new)"}, 120: {4: "tbc"}}

BRACKWATER = Organisation(
    code="brackwater",
    feeds=(
        Feed("telephony", figures.telephony, mistakes=WRONG_TELEPHONY),
        Feed("surveys", figures.surveys, sheet="Answers", mistakes=WRONG_SURVEYS),
        Feed("quality", figures.quality, sheet="Evaluations"),
        Feed("sales", figures.sales, delimiter=";", bom=True, mistakes=WRONG_SALES),
        Feed("portfolio", figures.portfolio, delimiter=";", bom=True),
    ),
    people_of=cast.bank,
    logins=(logins.AGENT, logins.SUPERVISOR, *logins.OFFICE),
    late_movers=2,
)
QUILLPOND = Organisation(
    code="quillpond",
    feeds=(
        Feed("branch", figures.branch, sheet="Days", mistakes={40: {1: "999"}}),
        Feed("members", figures.member_surveys),
    ),
    people_of=cast.union,
    logins=(logins.TELLER, logins.BRANCH_MANAGER, *logins.OFFICE),
)


def organisations(months: tuple[Month, ...]) -> list[Organisation]:
    """Both, in these months."""
    return [replace(one, months=months) for one in (BRACKWATER, QUILLPOND)]
