"""The form of who takes part in a deal: a row each with role, person and share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory

from metrics.deal_parties import MOST, SaidParty, parties_of, said_share
from metrics.models import Transaction, TransactionKind
from metrics.transaction_map import EQUAL
from org.errors import DomainError
from org.models import Membership, Person
from org.queries import person_named
from scorecards.team.acting import Acting


class AnswerForm(forms.Form):
    """What was found, for whoever disputes it and whoever approves."""

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        label="Answer",
        help_text="What was found, and how you know. Whoever disputes it reads this, and whoever"
        " approves.",
    )


class PartyForm(forms.Form):
    """Somebody who takes part; a row without a person and a share is none."""

    role = forms.ChoiceField(label="Role")
    person = forms.CharField(required=False, max_length=200, label="Person: number or name")
    share = forms.CharField(required=False, max_length=40, label="Share")

    def __init__(
        self, *args: Any, kind: TransactionKind, membership: Membership, on: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.membership, self.on = kind, membership, on
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role, role) for role in kind.roles]

    def clean(self) -> dict[str, Any]:
        """Who is meant; a share without a person is refused."""
        said: dict[str, Any] = super().clean() or {}
        text, share = said.get("person", "").strip(), said.get("share", "").strip()
        if text:
            said["found"] = self._person(text)
        elif share:
            self.add_error("person", "A share needs a person beside it.")
        return said

    def _person(self, text: str) -> Person | None:
        """By name among those whom the member sees; by number, anybody."""
        try:
            return person_named(self.membership, on=self.on, text=text)
        except DomainError as refusal:
            if found := Person.objects.filter(code=text).first():
                return found
            self.add_error("person", str(refusal))
        return None

    @property
    def said(self) -> SaidParty | None:
        """The party of a row; None for an empty one."""
        found = self.cleaned_data.get("found")
        if found is None:
            return None
        return SaidParty(self.cleaned_data["role"], found, self.cleaned_data["share"])


PartyFormSet: type[BaseFormSet[PartyForm]] = formset_factory(
    PartyForm, extra=2, max_num=MOST, absolute_max=MOST
)


def party_forms(deal: Transaction, who: Acting, sent: Mapping[str, Any] | None) -> Any:
    """A row for everybody who takes part now, and two empty ones."""
    known = {"kind": deal.kind, "membership": who.membership, "on": who.today}
    return PartyFormSet(
        sent,
        initial=_initial(deal),
        prefix="party",
        form_kwargs=known,
        error_messages={"missing_management_form": "The form came incomplete. Open it anew."},
    )


def _initial(deal: Transaction) -> list[dict[str, str]]:
    kept = parties_of(deal)
    people = Person.objects.in_bulk([one["person"] for one in kept])
    return [
        {
            "role": one["role"],
            "person": people[one["person"]].code,
            "known": people[one["person"]].name,
            "share": _share(deal.kind, one),
        }
        for one in kept
    ]


def _share(kind: TransactionKind, one: Mapping[str, Any]) -> str:
    """As somebody writes it; of roles with equal parts nothing, since they are worked out."""
    equal = kind.roles.get(one["role"], {}).get("share") == EQUAL
    return "" if one["share"] is None or equal else said_share(one["share"])


def said_by(formset: Any) -> list[SaidParty]:
    """Everybody whom a form that is right names."""
    return [one for form in formset.forms if (one := form.said) is not None]
