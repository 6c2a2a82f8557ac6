"""Statements whose text is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db.models import Exists, OuterRef, QuerySet

from org.models import Employment, Person, Tenant
from org.prepared import Question, prepared
from org.tenancy import enter
from tests.factories import make_employment, make_person, make_tenant

JUNE = date(2026, 6, 1)


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant()


def working(*, person: int, on: date) -> QuerySet[Person, Any]:
    begun = Employment.objects.filter(person=OuterRef("pk"), valid_from__lte=on)
    ended = Employment.objects.filter(person=OuterRef("pk"), valid_to__lte=on)
    there = Person.objects.filter(Exists(begun), ~Exists(ended), pk=person)
    return there.values_list("code", "pk")


def test_a_kept_statement_answers_as_its_queryset_does(tenant: Tenant) -> None:
    question, found = Question(working), list[bool]()
    with enter(tenant.pk):
        people = [make_person(name) for name in ("Ann", "Bob", "Cleo")]
        make_employment(people[0], None, valid_from=JUNE)
        make_employment(people[1], None, valid_from=date(2026, 7, 1))
        for person in people:
            for day in (JUNE, date(2026, 8, 1)):
                with prepared():
                    said = question.ask(person=person.pk, on=day)
                found.append(bool(said))
                assert said == list(working(person=person.pk, on=day))
    assert found == [True, True, False, True, False, False]


def test_a_parameter_that_the_statement_does_not_ask_for_is_refused(tenant: Tenant) -> None:
    """It would be looked at when the text is written, and never again."""
    question = Question(lambda person, on: Person.objects.filter(pk=person).values_list("pk"))
    with enter(tenant.pk), pytest.raises(RuntimeError, match=r"does not ask for \['on'\]"):
        question.ask(person=1, on=JUNE)
