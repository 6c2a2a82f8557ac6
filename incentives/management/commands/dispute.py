"""dispute TENANT: open a dispute about a line, answer or withdraw one, or list those open."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from incentives.dispute import close_dispute, open_dispute, withdraw_dispute
from incentives.lookup import person_called, plan_called
from incentives.models import Dispute
from org.commands import TenantCommand, day, find_periods
from org.errors import DomainError
from org.models import Period
from org.two_people import refuse_nobody


class Command(TenantCommand):
    help = "Freeze a line that somebody doubts until it is answered; without options: list them."

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--open", nargs=3, metavar=("PLAN", "PERIOD", "PERSON"), dest="about")
        parser.add_argument("--component", default="", help="Left out: something is missing.")
        parser.add_argument("--job", default="", help="Only in this job, as results write it.")
        parser.add_argument("--line", default="", help="Only this deal or day of the component.")
        parser.add_argument("--reason", default="", help="Why it is doubted, or what is missing.")
        parser.add_argument("--code", default="", help="Which of the tenant's reasons it is.")
        parser.add_argument("--customer", default="", help="Of what is missing: whose sale it was.")
        parser.add_argument("--day", type=day, help="Of what is missing: when it was.")
        parser.add_argument("--close", type=int, metavar="NUMBER", help="Answer a dispute.")
        parser.add_argument("--answer", default="", help="What was found.")
        parser.add_argument(
            "--accept", action="store_true", help="It was right, and is mended already."
        )
        parser.add_argument("--withdraw", type=int, metavar="NUMBER", help="Take one back.")

    def work(
        self, *, about: list[str] | None, close: int | None, withdraw: int | None, **options: Any
    ) -> None:
        if about:
            self._open(*about, **options)
        elif close is not None:
            self._close(_dispute(close), **options)
        elif withdraw is not None:
            refuse_nobody(self.by, what="Withdrawing a dispute")
            assert self.by is not None
            done = withdraw_dispute(dispute=_dispute(withdraw), by=self.by, at=self.at)
            self.say(f"Dispute {done.pk} about {done} is withdrawn.")
        else:
            self._list()

    def _close(self, found: Dispute, *, answer: str, accept: bool, **_: Any) -> None:
        done = close_dispute(dispute=found, answer=answer, accepted=accept, by=self.by, at=self.at)
        self.say(f"Dispute {done.pk} about {done} is answered.")

    def _open(self, plan: str, period: str, person: str, **options: Any) -> None:
        chosen, who = plan_called(plan), person_called(person)
        assert chosen is not None
        assert who is not None
        dispute = open_dispute(
            plan=chosen,
            period=_period_of(chosen.calendar_id, period),
            person=who,
            component=options["component"],
            job=options["job"],
            grain=options["line"],
            code=options["code"],
            reason=_claim(options["customer"], options["day"], options["reason"]),
            by=self.by,
            at=self.at,
        )
        self.say(f"Dispute {dispute.pk} about {dispute} is open.")

    def _list(self) -> None:
        rows = Dispute.objects.filter(closed_at=None).select_related(
            "plan", "period__calendar", "person"
        )
        for row in rows:
            state = f", {row.said}" if row.waits else ""
            due = f", due {row.due_on}" if row.due_on else ""
            self.say(f"{row.pk}: {row} since {row.opened_at:%Y-%m-%d}{due}{state} ({row.reason})")
        if not rows:
            self.say("No dispute is open.")


def _dispute(number: int) -> Dispute:
    found = Dispute.objects.filter(pk=number).first()
    if found is None:
        raise DomainError(f"There is no dispute {number}; without options all are listed.")
    return found


def _claim(customer: str, on: date | None, reason: str) -> str:
    """The reason, with what tells the transaction that a claim is about."""
    about = [f"customer {customer}"] if customer else []
    about += [str(on)] if on else []
    return f"{', '.join(about)}: {reason}" if about and reason.strip() else reason


def _period_of(calendar: int, code: str) -> Period:
    fitting = [period for period in find_periods(code) if period.calendar_id == calendar]
    if not fitting:
        raise DomainError(f"“{code}” is no period of the plan's calendar.")
    return fitting[0]
