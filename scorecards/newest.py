"""What waits for somebody to look at it, asked in one question before any of it is read."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.db.models import Exists, QuerySet

from incentives.acknowledge import waiting_for
from incentives.dispute_queries import news_of
from incentives.models import ChangeNotice
from org.models import Person, User
from org.prepared import Question


class Newest(NamedTuple):
    """``unread``: rules to acknowledge; ``told``: booked differences; ``answered``: disputes."""

    unread: bool = False
    told: bool = False
    answered: bool = False

    @property
    def news(self) -> bool:
        """Whether something happened since the person last looked."""
        return self.told or self.answered


def newest_of(person: Person, user: User, on: date) -> Newest:
    """What there is for a person on a day."""
    [found] = _NEWEST.ask(person=person.pk, user=user.pk, on=on)
    return Newest(*found)


def _newest(*, person: int, user: int, on: date) -> QuerySet[Person, Any]:
    whose, who = Person(pk=person), User(pk=user)
    parts = {
        "unread": Exists(waiting_for(whose, on).order_by()),
        "told": Exists(ChangeNotice.objects.filter(person=whose, seen_at=None)),
        "answered": Exists(news_of(whose, who).order_by()),
    }
    return Person.objects.filter(pk=person).annotate(**parts).values_list(*parts)


_NEWEST = Question(_newest)
