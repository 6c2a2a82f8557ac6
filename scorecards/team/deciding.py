"""What deciding a request has in common, whether it corrects a figure or a deal."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.http import HttpRequest

from metrics.models import CorrectionRequest, DealRequest
from org.permissions import Permission as P
from scorecards.team.acting import Acting, acting, approves, done, tried
from scorecards.team.forms import DecisionForm

EITHER = (P.CORRECT_DATA, P.APPROVE_CORRECTIONS, P.SEE_AUDIT)
STATES = {"open": "watch", "approved": "good", "refused": "poor", "withdrawn": "none"}
Asked = CorrectionRequest | DealRequest
Verb = Callable[..., Any]


def decision_on(
    found: Asked,
    form: DecisionForm,
    who: Acting,
    *,
    moved: Callable[[], Collection[int]],
    what: str,
) -> dict[str, Any]:
    """What the page of a request reads; ``moved``: whose pay it may move."""
    opened = found.state == CorrectionRequest.State.OPEN
    mine = found.asked_by_id == who.user.pk
    hindered = ""
    if opened and mine:
        hindered = "You asked for this, so somebody else decides."
    elif opened and who.own in moved():
        hindered = f"{what} may move your own pay, so somebody else decides."
    return {
        "found": found,
        "form": form,
        "tag": STATES[found.state],
        "opened": opened,
        "mine": mine,
        "decides": opened and who.may(P.APPROVE_CORRECTIONS),
        "hindered": hindered,
    }


def was_decided(
    request: HttpRequest, found: Asked, form: DecisionForm, *, approve: Verb, refuse: Verb
) -> bool:
    """Approve, or refuse with a reason; False where the form or the verb says why not."""
    who = acting(request)

    def verb() -> str:
        approving = approves(request)
        given = {"request": found, "by": who.user, "at": who.at}
        given["answer"] = form.cleaned_data["answer"]
        if approving:
            approve(**given)
            return f"Approved: {found} is corrected. Scorecards and pay follow in a moment."
        refuse(**given)
        return f"Refused: {found} stays as it is. {found.asked_by} reads your answer."

    return form.is_valid() and done(request, form, verb)


def withdrawn(request: HttpRequest, found: Asked, withdraw: Verb) -> None:
    """Take one's own request back, or say why not."""
    who = acting(request)

    def verb() -> str:
        withdraw(request=found, by=who.user, at=who.at)
        return f"Withdrawn: {found} stays as it is."

    tried(request, verb)
