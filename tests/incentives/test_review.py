"""The life of a version: handed in, sent back, published by a second person, withdrawn."""

from __future__ import annotations

from datetime import date

import pytest

from incentives.draft import copy_as_draft, origin
from incentives.models import Eligibility, PlanVersion
from incentives.publish import publish
from incentives.review import first_open_day, hand_in, kept_by, retire, send_back
from org.errors import DomainError
from org.models import AuditEntry, InputChange, JobType, Tenant, User
from tests.factories import make_example, make_member, make_ready
from tests.incentives.desk import Desk, later


class Office:
    """A desk with one version in force, an author, and two more plan managers."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.desk = Desk(("ann", "bo"))
        self.author = make_member(tenant, "author")
        self.second = make_member(tenant, "second")
        self.first = self.desk.plan.versions.get()

    def draft(self, **fields: object) -> PlanVersion:
        """A draft from March on that pays twice as much."""
        about = {"number": 2, "status": "draft", "author": self.author}
        return self.desk.version(
            in_force=date(2026, 3, 1), formula="sales * 2", **{**about, **fields}
        )

    def as_person(self, name: str) -> User:
        """The login of one of the desk's people."""
        return make_member(self.tenant, f"{name}s-login", self.desk.people[name])


@pytest.fixture
def office(tenant: Tenant) -> Office:
    return Office(tenant)


def test_from_draft_to_in_force(office: Office) -> None:
    draft = office.draft()
    make_example(draft)
    hand_in(version=draft, by=office.author, at=later())
    assert (draft.status, draft.handed_in_by) == ("review", office.author)
    publish(version=draft, by=office.second, at=later())
    assert (draft.status, draft.published_by) == ("published", office.second)
    done = AuditEntry.objects.filter(subject=str(draft)).values_list("action", flat=True)
    assert list(done)[::-1] == ["hand in version", "publish version"]


def test_only_its_author_hands_a_draft_in_and_once(office: Office) -> None:
    draft = office.draft()
    with pytest.raises(DomainError, match="is author's draft, so author hands it in"):
        hand_in(version=draft, by=office.second, at=later())
    make_ready(draft)
    with pytest.raises(DomainError, match=r"is in review, not a draft\. Nothing was done"):
        hand_in(version=draft, by=office.author, at=later())


def test_nothing_is_handed_in_without_examples_or_with_one_that_fails(office: Office) -> None:
    draft = office.draft()
    with pytest.raises(DomainError, match="No example says what “pay” comes to"):
        hand_in(version=draft, by=office.author, at=later())
    draft.examples.create(name="Two", inputs={"sales": "1"}, expected={"pay": "3"})
    with pytest.raises(DomainError, match="Example “Two”, pay: 3 is expected, but 2 came out"):
        hand_in(version=draft, by=office.author, at=later())
    assert PlanVersion.objects.get(pk=draft.pk).status == "draft"


def test_what_is_sent_back_says_why_and_waits_for_its_author(office: Office) -> None:
    draft = make_ready(office.draft())
    with pytest.raises(DomainError, match="Say what is to be changed"):
        send_back(version=draft, by=office.second, at=later(), reason="  ")
    send_back(version=draft, by=office.second, at=later(), reason="Too dear")
    assert (draft.status, draft.sent_back, draft.handed_in_by) == ("draft", "Too dear", None)
    with pytest.raises(DomainError, match="is a draft, not in review"):
        send_back(version=draft, by=office.second, at=later(), reason="Again")
    hand_in(version=draft, by=office.author, at=later())
    assert draft.sent_back == ""


def test_a_draft_that_was_not_handed_in_is_not_published(office: Office) -> None:
    with pytest.raises(DomainError, match="is a draft that was not handed in"):
        publish(version=office.draft(), by=office.second, at=later())


def test_a_second_click_publishes_nothing_twice(office: Office) -> None:
    draft = make_ready(office.draft())
    stale = PlanVersion.objects.get(pk=draft.pk)
    publish(version=draft, by=office.second, at=later())
    before = InputChange.objects.count()
    with pytest.raises(DomainError, match="is published already, by second on"):
        publish(version=stale, by=office.second, at=later())
    assert InputChange.objects.count() == before


def test_neither_author_nor_who_handed_it_in_publishes(office: Office) -> None:
    draft = office.draft(author=None)
    make_example(draft)
    hand_in(version=draft, by=office.author, at=later())
    with pytest.raises(DomainError, match="was handed in by author, so somebody else"):
        publish(version=draft, by=office.author, at=later())


def test_nobody_publishes_what_they_will_be_paid_by(office: Office) -> None:
    ann, draft = office.as_person("ann"), make_ready(office.draft())
    with pytest.raises(DomainError, match="decides their pay from 2026-03-01 on: nobody approves"):
        publish(version=draft, by=ann, at=later())
    assert PlanVersion.objects.get(pk=draft.pk).status == "review"


def test_who_is_not_on_the_plan_may_publish_it(office: Office) -> None:
    draft = office.draft()
    other = JobType.objects.create(code="other", name="Other")
    Eligibility.objects.create(version=draft, job_type=other)
    publish(version=make_ready(draft), by=office.as_person("ann"), at=later())
    assert draft.status == "published"


def test_who_is_paid_out_of_what_the_plan_earns_does_not_publish_it(office: Office) -> None:
    draft = office.draft()
    person = Eligibility.objects.create(version=draft, person=office.desk.people["bo"])
    assert person.pk
    calendar = office.desk.plan.calendar
    from tests.factories import make_plan  # a plan of another family, on the same calendar

    boss = PlanVersion.objects.create(
        plan=make_plan(calendar, "boss"),
        number=1,
        in_force=date(2026, 1, 1),
        status="published",
        created_at=later(),
    )
    boss.components.create(name="override", formula="EARNED(desk.pay) * 10%")
    Eligibility.objects.create(version=boss, person=office.desk.people["ann"])
    with pytest.raises(DomainError, match="nor as somebody's deputy"):
        publish(version=make_ready(draft), by=office.as_person("ann"), at=later())


def test_the_system_publishes_a_file_without_examples_but_none_that_fails(office: Office) -> None:
    draft = office.draft(author=None)
    draft.examples.create(name="Two", inputs={"sales": "1"}, expected={"pay": "3"})
    with pytest.raises(DomainError, match="3 is expected, but 2 came out"):
        publish(version=draft, by=None, at=later())
    draft.examples.all().delete()
    assert publish(version=draft, by=None, at=later()).status == "published"


def test_withdrawing_needs_a_reason_and_somebody_else(office: Office) -> None:
    draft = make_ready(office.draft())
    publish(version=draft, by=office.second, at=later())
    with pytest.raises(DomainError, match="Say why it is withdrawn"):
        retire(version=draft, by=office.second, at=later(), reason="")
    with pytest.raises(DomainError, match="was written by author, so somebody else"):
        retire(version=draft, by=office.author, at=later(), reason="Wrong")
    with pytest.raises(DomainError, match="nobody approves what moves their own pay"):
        retire(version=draft, by=office.as_person("bo"), at=later(), reason="Wrong")
    retire(version=draft, by=office.second, at=later(), reason="Wrong")
    assert draft.status == "retired"
    change = InputChange.objects.filter(kind="version").first()
    assert change is not None
    assert change.sentence == "desk version 2 was withdrawn: Wrong"
    with pytest.raises(DomainError, match="is withdrawn, not in force"):
        retire(version=draft, by=office.second, at=later(), reason="Again")
    with pytest.raises(DomainError, match="was withdrawn and is not published again"):
        publish(version=draft, by=office.second, at=later())


def test_what_a_period_is_final_with_is_not_withdrawn(office: Office) -> None:
    office.desk.finalise("2026-01")
    with pytest.raises(DomainError, match="2026-01 is final with it"):
        retire(version=office.first, by=office.second, at=later(), reason="Wrong")
    assert "cannot be withdrawn: 2026-01 is final with it" in kept_by(office.first)
    assert first_open_day(office.first) == date(2026, 2, 1)
    copy = copy_as_draft(
        version=office.first, by=office.author, at=later(), begins=date(2026, 2, 1)
    )
    assert copy.in_force == date(2026, 2, 1)


def test_a_copy_knows_where_it_came_from(office: Office) -> None:
    make_example(office.first, "Usual")
    copy = copy_as_draft(version=office.first, by=office.author, at=later())
    assert copy.copied_from == office.first
    assert [one.name for one in copy.examples.all()] == ["Usual"]
    assert origin(copy) == ""


def test_a_copy_of_a_withdrawn_version_says_so(office: Office) -> None:
    draft = make_ready(office.draft())
    publish(version=draft, by=office.second, at=later())
    copy = copy_as_draft(version=draft, by=office.author, at=later())
    retire(version=draft, by=office.second, at=later(), reason="Wrong")
    copy.refresh_from_db()
    assert "was copied from version 2, which was withdrawn on 2026-07-05" in origin(copy)


def test_a_copy_says_what_was_published_since(office: Office) -> None:
    copy = copy_as_draft(version=office.first, by=office.author, at=later())
    publish(version=make_ready(office.draft(number=3)), by=office.second, at=later())
    assert "Since this draft was copied from version 1, version 3 was published" in origin(copy)


def test_a_late_version_that_rules_what_is_final_is_not_withdrawn(office: Office) -> None:
    """Its forerunner was withdrawn by it, and nothing else would rule January any more."""
    office.desk.finalise("2026-01")
    about = {"reason": "Agreed late", "author": office.author}
    late = office.desk.version(number=2, status="draft", formula="sales * 2", **about)
    publish(version=late, by=None, at=later())
    with pytest.raises(DomainError, match="2026-01 is final with it"):
        retire(version=late, by=office.second, at=later(), reason="Wrong")
