"""What people send to the pages of rules, papers and disputes that cannot be, each by its title."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from incentives.fingerprint import version_hash
from incentives.models import Component, Dispute, PlanPeriod, PlanVersion
from incentives.publish import publish
from incentives.review import hand_in
from org.models import Membership, RoleGrant
from org.tenancy import enter
from tests.factories import make_example, make_ready
from tests.web.cast import NOW, Cast, make_run, make_version
from tests.web.data import MIXED, taken, telephone
from tests.web.test_editor import save

LINE = "/people/ann/monthly/2026-06/dispute/?plan=calls&component=bonus"
MAY = "/closing/monthly/2026-05/calls/"


@dataclass
class Desk:
    """The bank with a browser for each of its people, and Mia's draft of a second version."""

    browser: Callable[[str], Client]
    bank: Cast
    draft: PlanVersion

    def send(self, who: str, address: str, /, **fields: Any) -> str:
        """Send a form; what the page that follows says."""
        return text(self.browser(who).post(address, fields, follow=True))

    def save(self, part: str, name: str, /, **fields: str) -> str:
        """Open the form of a part of the draft, change some of it, and save it."""
        address = reverse("edit-part", args=[self.draft.pk, part, name])
        return text(save(self.browser("mia"), address, **fields))

    def life(self, who: str, do: str, **fields: str) -> str:
        """Press a button of the draft's page."""
        return self.send(who, f"/rules/versions/{self.draft.pk}/life/", do=do, **fields)

    def example(self, **fields: str) -> str:
        """Write an example of the draft."""
        address = f"/rules/versions/{self.draft.pk}/examples/add/"
        return self.send("mia", address, **{"name": "Ten calls", "in-1": "10", **fields})

    def hand_in(self) -> None:
        """Hand the draft in."""
        with enter(self.bank.tenant.pk):
            hand_in(version=self.draft, by=self.bank.user("mia"), at=NOW)

    def disputed(self) -> str:
        """Where Ann's dispute of her bonus is."""
        self.browser("ann").post(LINE, {"code": "amount", "reason": "Ten calls are missing"})
        with enter(self.bank.tenant.pk):
            return f"/disputes/{Dispute.objects.get().pk}/"

    def may(self) -> None:
        """May is over and worked out."""
        with enter(self.bank.tenant.pk):
            Component.objects.filter(version=self.bank.version).update(formula="5")
            make_run(self.bank, "2026-05", {"ann": "5.00"})


def text(answer: Any) -> str:
    """What a page says, its blanks made one."""
    assert answer.status_code == 200, answer
    plain = html.unescape(re.sub(r"<(?!/?textarea)[^>]*>", " ", answer.content.decode()))
    return " ".join(plain.split())


def make_desk(browser: Callable[[str], Client], bank: Cast) -> Desk:
    """The bank with Mia's draft, from July on, that has one example."""
    with enter(bank.tenant.pk):
        draft = make_version(bank.plan, author=bank.user("mia"), status="draft", number=2)
        PlanVersion.objects.filter(pk=draft.pk).update(in_force=date(2026, 7, 1))
        draft.refresh_from_db()
        make_example(draft, "Hundred")
    return Desk(browser, bank, draft)


CASES: dict[str, Callable[[Desk], str]] = {}


def case(title: str) -> Callable[[Callable[[Desk], str]], Callable[[Desk], str]]:
    """Name what a function sends; it returns what the page says."""

    def keep(sends: Callable[[Desk], str]) -> Callable[[Desk], str]:
        CASES[title] = sends
        return sends

    return keep


# --- the editor


@case("A formula of more than 10,000 characters")
def _(desk: Desk) -> str:
    return desk.save("components", "bonus", formula="1" + "+1" * 5_000)


@case("A formula 200 levels deep")
def _(desk: Desk) -> str:
    return desk.save("components", "bonus", formula="(" * 200 + "calls" + ")" * 200)


@case("A table pasted with a merged cell")
def _(desk: Desk) -> str:
    return desk.save("tables", "step", rows="€ 0\t5%\n\t8%")


@case("A table pasted with a hidden row")
def _(desk: Desk) -> str:
    return desk.save("tables", "step", rows="From\tTo\tRate\n$0\t$4,999\t4%\n$9,000\t\t6%")


@case("A table pasted with the numbers of another country")
def _(desk: Desk) -> str:
    return desk.save("tables", "step", rows="0\t1,5%\n120.000\t2%")


@case("A whole sheet as a table")
def _(desk: Desk) -> str:
    return desk.save("tables", "step", rows="\n".join(f"{n} | {n}" for n in range(3000)))


@case("A part that was changed in another window")
def _(desk: Desk) -> str:
    return desk.save("components", "bonus", formula="calls * 3", seen="1")


# --- examples


@case("An example that cannot be worked out")
def _(desk: Desk) -> str:
    return desk.example(**{"in-0": "ten", "pays-bonus": "15"})


@case("An example that comes to something else")
def _(desk: Desk) -> str:
    return desk.example(**{"in-0": "10", "pays-bonus": "20"})


@case("Two examples of one name")
def _(desk: Desk) -> str:
    return desk.example(name="hundred")


@case("An example of somebody who has no result")
def _(desk: Desk) -> str:
    with enter(desk.bank.tenant.pk):
        point = PlanPeriod.objects.get(plan=desk.bank.plan).pk
    address = f"/rules/versions/{desk.draft.pk}/examples/"
    return desk.send("mia", address, do="take", person="cleo", point=point)


# --- the life of a version


@case("A draft handed in by somebody else")
def _(desk: Desk) -> str:
    return desk.life("mo", "hand_in")


@case("A draft handed in with an example that fails")
def _(desk: Desk) -> str:
    desk.example(**{"in-0": "10", "pays-bonus": "20"})
    return desk.life("mia", "hand_in")


@case("A version published by its author")
def _(desk: Desk) -> str:
    desk.hand_in()
    return desk.life("mia", "publish")


@case("A version published by somebody whom it pays, as a deputy")
def _(desk: Desk) -> str:
    desk.hand_in()
    with enter(desk.bank.tenant.pk):
        places = {one.user.username: one for one in Membership.objects.select_related("user")}
        RoleGrant.objects.create(
            membership=places["cleo.bank"],
            role="plan_manager",
            valid_from=date(2026, 6, 1),
            valid_to=date(2026, 8, 1),
            deputy_for=places["mo.bank"],
        )
    return desk.life("cleo", "publish")


@case("A version published twice")
def _(desk: Desk) -> str:
    desk.hand_in()
    desk.life("mo", "publish")
    return desk.life("mo", "publish")


@case("A draft copied from a version that was withdrawn")
def _(desk: Desk) -> str:
    desk.hand_in()
    desk.life("mo", "publish")
    desk.life("mo", "retire", reason="Wrong table")
    return desk.life("mo", "copy")


@case("A version sent back without a word")
def _(desk: Desk) -> str:
    desk.hand_in()
    return desk.life("mo", "send_back", reason=" ")


# --- the plan document and its acknowledgement


@case("Rules acknowledged that were replaced a moment ago")
def _(desk: Desk) -> str:
    with enter(desk.bank.tenant.pk):
        digest = version_hash(desk.bank.version)
        desk.draft.in_force = desk.bank.version.in_force
        desk.draft.save()
        publish(version=make_ready(desk.draft), by=desk.bank.user("mo"), at=NOW)
    return desk.send("ann", "/my-plans/calls/acknowledge/", digest=digest)


@case("Rules acknowledged by somebody to whom they do not apply")
def _(desk: Desk) -> str:
    with enter(desk.bank.tenant.pk):
        digest = version_hash(desk.bank.version)
    return desk.send("cleo", "/my-plans/calls/acknowledge/", digest=digest)


@case("A second reminder on one day")
def _(desk: Desk) -> str:
    address = reverse("acknowledgements-remind", args=[desk.bank.version.pk])
    desk.send("mia", address)
    return desk.send("mia", address)


# --- the statement


@case("What if: a figure that is none")
def _(desk: Desk) -> str:
    address = reverse("what-if", args=("ann", "monthly", "2026-06"))
    return text(desk.browser("ann").get(address, {"calls.0.calls": "many"}))


# --- disputes and claims


@case("A dispute about a line that a correction took away")
def _(desk: Desk) -> str:
    said = {"code": "amount", "reason": "Ten calls are missing"}
    return desk.send("ann", LINE.replace("bonus", "gone"), **said)


@case("The same line disputed twice")
def _(desk: Desk) -> str:
    desk.disputed()
    return desk.send("ann", LINE, code="amount", reason="It should be 500")


@case("A claim without a word")
def _(desk: Desk) -> str:
    return desk.send("ann", "/people/ann/monthly/2026-06/dispute/", code="work", reason=" ")


@case("A file of a kind that is not taken")
def _(desk: Desk) -> str:
    address = desk.disputed()
    sent = SimpleUploadedFile("run.exe", b"MZ")
    return desk.send("ann", f"{address}message/", text="See there", attached=[sent])


@case("A file that is too large")
def _(desk: Desk) -> str:
    address = desk.disputed()
    sent = SimpleUploadedFile("big.pdf", b"%PDF-" + b"x" * 11 * 1024 * 1024)
    return desk.send("ann", f"{address}message/", text="See there", attached=[sent])


@case("An answer without a word")
def _(desk: Desk) -> str:
    return desk.send("mia", f"{desk.disputed()}answer/", answer="", decision="reject")


@case("An answer without a decision")
def _(desk: Desk) -> str:
    return desk.send("mia", f"{desk.disputed()}answer/", answer="All were counted")


@case("An answer given already")
def _(desk: Desk) -> str:
    address = desk.disputed()
    desk.send("mia", f"{address}answer/", answer="All were counted", decision="reject")
    return desk.send("mo", f"{address}answer/", answer="Right", decision="mended")


@case("An adjustment without an amount")
def _(desk: Desk) -> str:
    return desk.send("mia", f"{desk.disputed()}answer/", answer="Right", decision="adjust")


@case("An adjustment approved by whoever asked for it")
def _(desk: Desk) -> str:
    address = desk.disputed()
    desk.send("mia", f"{address}answer/", answer="Right", decision="adjust", amount="15")
    return desk.send("mia", f"{address}decide/", decision="approve")


# --- closing


@case("A period handed over while something is open")
def _(desk: Desk) -> str:
    return desk.send("pam", "/closing/monthly/2026-06/calls/hand/")


@case("What is open accepted without a reason")
def _(desk: Desk) -> str:
    telephone(desk.bank)
    taken(desk.browser("mia"), desk.bank, MIXED)
    return desk.send("pam", "/closing/monthly/2026-06/calls/accept/rejected/", reason="")


@case("A period closed by whoever handed it over")
def _(desk: Desk) -> str:
    desk.may()
    desk.send("pam", f"{MAY}hand/")
    return desk.send("pam", f"{MAY}close/")
