"""What waits for somebody to look at it, asked in one question before any of it is read."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.db.models import Exists

from incentives.acknowledge import waiting_for
from incentives.dispute_queries import news_of
from incentives.models import ChangeNotice
from org.models import Person, User


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
    parts = {
        "unread": Exists(waiting_for(person, on).order_by()),
        "told": Exists(ChangeNotice.objects.filter(person=person, seen_at=None)),
        "answered": Exists(news_of(person, user).order_by()),
    }
    asked = Person.objects.filter(pk=person.pk).annotate(**parts)
    return Newest(*asked.values_list(*parts).get())
