"""The forms of disputes; what they may not say is refused by the verbs in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from incentives.dispute_files import KINDS, LARGEST, MB, MOST
from incentives.dispute_reasons import reasons
from incentives.disputed import Line
from incentives.models import Plan
from org.models import Membership, User
from org.permissions import Permission, Role, roles_with

WHOLE = "|"
LONGEST = 5000
FILE_HELP = f"{KINDS}, up to {LARGEST // MB} MB each, {MOST} in all."


class SeveralFiles(forms.ClearableFileInput):
    """A field into which several files go."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; each is looked at by the verb that keeps it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=SeveralFiles(), required=False, allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """The files; none is an empty list."""
        several = data if isinstance(data, list | tuple) else [data]
        return [one for one in several if one]


def files_field() -> FilesField:
    """The field of a thread's files."""
    return FilesField(label="Files", help_text=FILE_HELP)


class AskForm(forms.Form):
    """What is wrong with a line, or what is missing in a period."""

    plan = forms.ModelChoiceField(
        Plan.objects.none(), to_field_name="code", empty_label="Choose a plan", label="Which plan"
    )
    line = forms.ChoiceField(label="Which line")
    code = forms.ChoiceField(label="What kind of thing")
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=LONGEST,
        error_messages={"required": "Say what it is about, for whoever answers it."},
    )
    attached = files_field()

    def __init__(
        self, *args: Any, claim: bool, plans: Sequence[Plan], lines: Sequence[Line], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(reason.code, reason.name) for reason in reasons(claim=claim)]
        self.fields["code"].choices = choices  # type: ignore[attr-defined]
        self.fields["reason"].label = "What is missing" if claim else "What is wrong"
        self.fields["reason"].help_text = (
            "Which sale, customer or day, and how you know."
            if claim
            else "What it should be, and how you know."
        )
        if claim and len(plans) != 1:
            found = Plan.objects.filter(pk__in=[plan.pk for plan in plans])
            self.fields["plan"].queryset = found  # type: ignore[attr-defined]
        else:
            del self.fields["plan"]
        several = [(f"{one.job}|{one.grain}", _name(one)) for one in lines]
        if claim or len(several) < 2:
            del self.fields["line"]
        else:
            whole = [(WHOLE, "All of it")]
            self.fields["line"].choices = whole + several  # type: ignore[attr-defined]


def _name(line: Line) -> str:
    """A single line in words."""
    parts = [line.grain, line.job if line.job not in ("", "primary") else ""]
    named = ", ".join(part for part in parts if part) or line.component
    return named if line.amount is None else f"{named}: {line.amount.normalize():f}"


class MessageForm(forms.Form):
    """Something to say, with files or without."""

    text = forms.CharField(
        label="Message",
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=LONGEST,
    )
    attached = files_field()

    def clean(self) -> dict[str, Any]:
        """A message without words and files says nothing."""
        said = super().clean() or {}
        if not (said.get("text") or said.get("attached")):
            self.add_error("text", "There is nothing to send: write a message or choose a file.")
        return said


class AnswerForm(forms.Form):
    """The answer, and where an amount is adjusted by hand, how much."""

    answer = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST,
        help_text="What was found. Whoever disputes it reads this.",
        error_messages={"required": "An answer needs words, for whoever disputes it."},
    )
    amount = forms.DecimalField(
        required=False,
        max_digits=18,
        decimal_places=6,
        help_text="Only to adjust by hand; below zero takes back. A second person approves it.",
    )


class DecideForm(forms.Form):
    """Whether an adjustment is booked; a refusal needs a reason."""

    answer = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        max_length=2000,
        help_text="A refusal needs one.",
        label="Why",
    )


class HandForm(forms.Form):
    """Who should answer it: a member, or the queue of a role."""

    to = forms.ChoiceField(label="Give it to")

    def __init__(self, *args: Any, tenant: int, today: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        answering = roles_with(Permission.ANSWER_DISPUTES)
        members = Membership.objects.filter(
            tenant=tenant,
            grants__role__in=[str(role) for role in answering],
            grants__valid_from__lte=today,
            grants__valid_to__gt=today,
        )
        users = User.objects.filter(pk__in=members.values("user")).order_by("username")[:200]
        queues = [(f"role:{role}", f"All {role.label.lower()}s") for role in sorted(answering)]
        self.users = {f"user:{user.pk}": user for user in users}
        named = [(key, user.get_full_name() or str(user)) for key, user in self.users.items()]
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            ("A queue", queues),
            ("Somebody", named),
        ]

    @property
    def chosen(self) -> dict[str, Any]:
        """The owner or role that the verb gets."""
        to = self.cleaned_data["to"]
        if to in self.users:
            return {"owner": self.users[to]}
        return {"role": str(Role(to.removeprefix("role:")))}
