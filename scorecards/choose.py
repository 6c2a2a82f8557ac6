"""A person's own choice to stand on a leaderboard without a name."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from org import audit
from org.errors import DomainError
from org.models import Person, User
from scorecards.models import Leaderboard, OptOut


@transaction.atomic
def choose_name(*, board: Leaderboard, person: Person, shown: bool, by: User, at: datetime) -> bool:
    """Show a person's name on a board, or not; whether that changed anything.

    The place keeps counting either way. Refuses (DomainError) where the board knows no such choice.
    """
    if not board.opt_out:
        raise DomainError(f"“{board}” names everybody alike: there is nothing to choose.")
    mine = OptOut.objects.filter(leaderboard=board, person=person)
    if shown:
        changed = mine.delete()[0] > 0
    else:
        _, changed = OptOut.objects.get_or_create(
            leaderboard=board, person=person, defaults={"at": at}
        )
    if changed:
        audit.record(
            action="leaderboard name shown" if shown else "leaderboard name hidden",
            subject=f"{person} on {board}",
            by=by,
            at=at,
        )
    return changed
