"""The forms of a version as a whole: its days and options, whom it is for, schedules, new plans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory

from formula.numbers import read_number
from incentives.editor.forms import FormulaField, Group, PartForm, code_of
from incentives.models import Eligibility, Family, Plan, PlanVersion
from incentives.rules.names import name_trouble
from org import config_tools as tools
from org.admin_base import SentenceList
from org.models import Calendar, JobType, Person, Unit

REDUCED_BY = [
    ("days", "The days in the plan"),
    ("share", "The contract share"),
    ("absence", "Days of absence that count"),
]


def day_field(**said: Any) -> forms.DateField:
    """A day, chosen from the browser's own calendar."""
    return forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **said
    )


class VersionForm(PartForm):
    """What a version says as a whole."""

    groups = (
        Group(
            "From when to when",
            "A version rules from its first day until the next version takes over.",
            ("in_force", "ends", "reason"),
        ),
        Group(
            "Parts of a period",
            "Of people who come, go or change their job within a period.",
            ("segments", "prorate_goal", "prorate_amount", "prorate_days", "first_day"),
        ),
        Group(
            "The plan as a whole",
            "Conditions and limits over the sum of its components, called total.",
            ("gate", "modifier", "cap", "zero_goal", "on_change"),
            aside=True,
        ),
        Group(
            "A limit for the year",
            "What one person can be paid by this plan in a year.",
            ("limit", "excess", "lapses"),
            aside=True,
        ),
        Group(
            "People who leave",
            "Who must still be employed, and what still counts afterwards.",
            ("employed_on", "trailing_days", "held", "tenure_gap"),
            aside=True,
        ),
    )

    in_force = day_field(
        label="First day", help_text="The first day of a period of the plan's calendar."
    )
    ends = day_field(
        required=False,
        label="Ends before",
        help_text="The first day on which the plan no longer pays. Empty: no end.",
    )
    reason = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Why it changes. Needed where it reaches periods that are final.",
    )
    segments = forms.ChoiceField(
        choices=[
            ("blend", "Blended: one result for the period"),
            ("separate", "Kept apart: a result for each team and job type"),
        ],
        label="Two jobs in a period",
        help_text="Blended, two goals become one by days.",
    )
    prorate_goal = forms.MultipleChoiceField(
        choices=REDUCED_BY,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Goals are reduced by",
    )
    prorate_amount = forms.MultipleChoiceField(
        choices=REDUCED_BY,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Amounts are reduced by",
    )
    prorate_days = forms.ChoiceField(
        choices=PlanVersion.Days.choices,
        label="Days are counted as",
        help_text="Which days make up a part of a period.",
    )
    first_day = forms.ChoiceField(
        choices=PlanVersion.FirstDay.choices,
        label="The day somebody starts",
        help_text="Whether it counts for who starts within the period.",
    )
    gate = FormulaField(help_text="A condition for the whole plan, such as quality >= 80%.")
    modifier = FormulaField(help_text="A factor on the sum, such as 1.1.")
    cap = FormulaField(help_text="The plan pays at most this much a period, such as 3000.")
    zero_goal = forms.ChoiceField(
        choices=[
            ("wait", "Waits until somebody decides"),
            ("0%", "Counts as 0 %"),
            ("100%", "Counts as 100 %"),
            ("leave_out", "Leaves the person out"),
        ],
        initial="wait",
        label="A goal of zero",
        help_text="There is no attainment of a goal of zero.",
    )
    on_change = forms.ChoiceField(
        choices=[
            ("true_up", "The new rules hold for the whole year"),
            ("from_here", "The new rules hold from here on"),
        ],
        initial="true_up",
        label="Taking over within a year",
        help_text="Only of components to date.",
    )
    limit = forms.CharField(
        required=False,
        label="At most in a year",
        help_text="An amount, such as 24000. Empty: no limit.",
    )
    excess = forms.ChoiceField(
        choices=[("defer", "Waits for room"), ("lose", "Is lost")],
        required=False,
        initial="defer",
        label="What goes beyond",
        help_text="Only with a limit.",
    )
    lapses = forms.ChoiceField(
        choices=[("never", "Never lapses"), ("year_end", "Lapses at the end of the year")],
        required=False,
        initial="never",
        label="What waits",
        help_text="Only with a limit.",
    )
    employed_on = forms.ChoiceField(
        choices=[
            ("none", "On no particular day"),
            ("period_end", "On the period's last day"),
            ("pay_date", "On the pay date"),
        ],
        initial="none",
        label="Must be employed",
        help_text="Who is not earns nothing.",
    )
    trailing_days = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=3660,
        label="Credits still count for",
        help_text="Days after the job's last one, such as 30. Empty: none.",
    )
    held = forms.ChoiceField(
        choices=[("keep", "Is kept"), ("forfeit", "Is forfeited")],
        initial="keep",
        label="What is held",
        help_text="Parts that are not payable yet.",
    )
    tenure_gap = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=3660,
        label="Tenure goes on after",
        help_text="Days away at most, such as 90. Empty: each employment begins its own.",
    )

    class Meta:
        model = PlanVersion
        fields = (
            *("in_force", "ends", "reason", "segments", "prorate_goal", "prorate_amount"),
            *("prorate_days", "first_day"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = self.instance.options
        limit, leavers = options.get("limit") or {}, options.get("leavers") or {}
        self.initial.update(
            {
                **{key: options.get(key, "") for key in ("gate", "modifier", "cap")},
                "zero_goal": options.get("zero_goal", "wait"),
                "on_change": options.get("on_change", "true_up"),
                "limit": limit.get("amount", ""),
                "excess": limit.get("excess", "defer"),
                "lapses": limit.get("lapses", "never"),
                "employed_on": leavers.get("employed_on", "none"),
                "trailing_days": leavers.get("trailing_days"),
                "held": leavers.get("held", "keep"),
                "tenure_gap": leavers.get("tenure_gap"),
            }
        )

    def clean_limit(self) -> str:
        """An exact amount."""
        text = str(self.cleaned_data["limit"]).strip()
        try:
            return tools.plain(read_number(text)[0]) if text else ""
        except ValueError as error:
            raise forms.ValidationError(f"{error}. Write an amount such as 24000.") from None

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self.instance.options = _options(self.instance.options, self.cleaned_data)


def _options(before: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a version: what goes without saying is left out."""
    own = ("gate", "modifier", "cap", "zero_goal", "on_change", "limit", "leavers")
    options = {key: value for key, value in before.items() if key not in own}
    for key in ("gate", "modifier", "cap"):
        if text := (data.get(key) or "").strip():
            options[key] = text
    for key, usual in (("zero_goal", "wait"), ("on_change", "true_up")):
        if data.get(key, usual) != usual:
            options[key] = data[key]
    if data.get("limit"):
        amount = data["limit"]
        whole = re.fullmatch(r"-?[0-9]{1,15}", amount) is not None
        options["limit"] = {"amount": int(amount) if whole else amount}
        for key, usual in (("excess", "defer"), ("lapses", "never")):
            if data.get(key) and data[key] != usual:
                options["limit"][key] = data[key]
    leavers = {
        key: data[key]
        for key, usual in (
            *(("employed_on", "none"), ("held", "keep")),
            *(("trailing_days", None), ("tenure_gap", None)),
        )
        if data.get(key) not in (None, "", usual)
    }
    if leavers:
        options["leavers"] = leavers
    return options


class BeginForm(forms.Form):
    """A new plan and the first day of its first version."""

    name = forms.CharField(
        max_length=200, help_text="As people read it on their statement, such as Sales commission."
    )
    code = forms.SlugField(
        max_length=60,
        required=False,
        help_text="A short name for files and addresses, such as sales_2027. Empty: made of the"
        " name.",
    )
    calendar = forms.ModelChoiceField(
        queryset=Calendar.objects.none(),
        help_text="The periods that it pays. Choose monthly also where a tier goes by the year.",
    )
    in_force = day_field(
        label="First day", help_text="The first day of a period, such as 1 January."
    )
    family = forms.ChoiceField(
        required=False,
        help_text="Plans of one family replace each other: the one that names a person most closely"
        " pays. Plans of different families add up.",
    )
    new_family = forms.SlugField(
        max_length=60,
        required=False,
        label="Or a new family",
        help_text="A code, such as campaigns.",
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        required=False,
        error_messages={"invalid": "A currency has three capital letters, such as EUR."},
        help_text="Empty: your organisation's.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "error_class": SentenceList})
        calendar, family = self.fields["calendar"], self.fields["family"]
        assert isinstance(calendar, forms.ModelChoiceField)
        assert isinstance(family, forms.ChoiceField)
        calendar.queryset = Calendar.objects.order_by("code")
        families = list(Family.objects.order_by("code"))
        family.choices = [
            ("", "A family of its own: it adds up with every other plan"),
            *((one.code, str(one)) for one in families),
        ]

    def clean(self) -> dict[str, Any]:
        """The code, made of the name where none is given; a family that is there or a new one."""
        data: dict[str, Any] = super().clean() or {}
        if not data.get("code") and data.get("name"):
            data["code"] = _free(code_of(data["name"]))
        if data.get("code") and Plan.objects.filter(code__iexact=data["code"]).exists():
            self.add_error(
                "code", f"There is a plan “{data['code']}” already. Choose another code."
            )
        data["family"] = data.get("new_family") or data.get("family") or data.get("code")
        return data


def _free(code: str) -> str:
    """A code that no plan has: the next number after those that are taken."""
    number, free = 1, code
    while Plan.objects.filter(code__iexact=free).exists():
        number += 1
        free = f"{code[:56]}_{number}"
    return free


class WhoForm(forms.Form):
    """One line of whom a version is for; all that it names must fit."""

    job_type = forms.ModelChoiceField(queryset=JobType.objects.none(), required=False)
    unit = forms.ModelChoiceField(
        queryset=Unit.objects.none(), required=False, label="Unit, and all below it"
    )
    person = forms.CharField(required=False, max_length=60, label="Personnel number")
    slot = forms.CharField(required=False, max_length=40, label="Job slot")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("job_type", JobType.objects.order_by("name")),
            ("unit", Unit.objects.order_by("name")),
        ):
            choice = self.fields[name]
            assert isinstance(choice, forms.ModelChoiceField)
            choice.queryset = rows

    def clean_person(self) -> Person | None:
        """Somebody with this personnel number."""
        code = str(self.cleaned_data["person"]).strip()
        if not code:
            return None
        person = Person.objects.filter(code=code).first()
        if person is None:
            raise forms.ValidationError(f"Nobody has the personnel number “{code}”.")
        return person

    @property
    def row(self) -> Eligibility | None:
        """The line as a row; None where it names nobody."""
        data = getattr(self, "cleaned_data", {})
        if not any(data.get(key) for key in ("person", "unit", "job_type", "slot")):
            return None
        return Eligibility(
            person=data.get("person"),
            unit=data.get("unit"),
            job_type=data.get("job_type"),
            slot=data.get("slot", ""),
        )


class ReleaseForm(forms.Form):
    """One part of a schedule."""

    share = forms.CharField(required=False, max_length=20, label="Share")
    release = forms.CharField(required=False, max_length=2000, label="Payable")
    expires = forms.CharField(required=False, max_length=2000, label="Lost after")

    def clean_share(self) -> str:
        """A share such as 70%."""
        text = str(self.cleaned_data["share"]).replace(" ", "")
        if not text:
            return ""
        try:
            read_number(text)
        except ValueError as error:
            raise forms.ValidationError(f"{error}. Write a share such as 70%.") from None
        return text

    def clean(self) -> dict[str, Any]:
        """A part has a share and says when it is payable."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("share") and not data.get("release"):
            self.add_error("release", "Say when it is payable: final, a day, or “3 months later”.")
        said = data.get("release") or data.get("expires")
        if said and not data.get("share") and "share" not in self.errors:
            self.add_error("share", "Say how much of the amount this is, such as 30%.")
        return data


WhoFormSet: type[BaseFormSet[WhoForm]] = formset_factory(WhoForm, extra=2)
ReleaseFormSet: type[BaseFormSet[ReleaseForm]] = formset_factory(ReleaseForm, extra=3)


class ScheduleNameForm(forms.Form):
    """What components call a schedule."""

    name = forms.CharField(
        max_length=60, help_text="As components name it, such as when_collected."
    )

    def clean_name(self) -> str:
        """A name as formulas have."""
        name = str(self.cleaned_data["name"]).strip()
        if trouble := name_trouble(name):
            raise forms.ValidationError(trouble)
        return name


def first_days(calendar: Calendar, on: date) -> date:
    """The first day of the period after the one that holds a day: where a new version may begin."""
    following = calendar.periods.filter(valid_from__gt=on).order_by("valid_from").first()
    return following.valid_from if following else on.replace(day=1)
