"""Absences: recorded for one person by hand, and who of the team is away when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import django_tables2 as tables
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from org.absences import Span, record_absence, spans, take_back_absence
from org.access import member_required, needs
from org.errors import DomainError
from org.models import Person
from org.permissions import Permission as P
from org.queries import person_named
from org.tables import NUMBER, PageTable, configured, download
from org.team_days import month_before, month_end
from scorecards import formats
from scorecards.team.acting import Acting, acting, done, month_or_404
from scorecards.team.forms import AbsenceForm, TakeBackForm
from scorecards.team.work import work_page

SUGGESTED = 300
LONGEST = 200


def lowers(span: Span) -> str:
    """What a day of this kind lowers, in words."""
    if span.type is None:
        return "nothing: no kind was given"
    both = [
        word
        for word, does in (
            ("the goal", span.type.reduces_goal),
            ("the pay", span.type.reduces_payout),
        )
        if does
    ]
    return " and ".join(both) or "nothing"


class AbsenceTable(PageTable):
    """Who is away when."""

    first_line = ("person", "days")
    person = tables.Column(order_by="person__name")
    first = tables.DateColumn(verbose_name="From", format="j M Y")
    last = tables.DateColumn(verbose_name="To", format="j M Y")
    days = tables.Column(attrs=NUMBER)
    type = tables.Column(verbose_name="What", orderable=False)
    lowers = tables.Column(empty_values=(), orderable=False, verbose_name="Lowers")

    class Meta(PageTable.Meta):
        empty_text = "Nobody is recorded as away in this month."

    def render_person(self, record: Span) -> str:
        """The name leads to the person's work."""
        address = reverse("person-work", args=[record.person.code])
        return format_html('<a href="{}">{}</a>', address, record.person.name)

    def value_person(self, record: Span) -> str:
        """In a file, the plain name."""
        return record.person.name

    def render_type(self, record: Span) -> str:
        """The kind, with hours where it is not the whole day."""
        hours = f", {formats.number(record.hours, places=2, locale='en')} h" if record.hours else ""
        return f"{record.type or 'absent'}{hours}"

    def render_lowers(self, record: Span) -> str:
        """What the plan takes off for it."""
        return lowers(record)


@require_safe
@needs(P.RECORD_ABSENCE)
def absences(request: HttpRequest) -> HttpResponse:
    """This month."""
    return redirect("absences", f"{acting(request).today:%Y-%m}")


@require_safe
@needs(P.RECORD_ABSENCE)
def absences_of(request: HttpRequest, month: str) -> HttpResponse:
    """Everybody of the team who is away in a month; ``who``, a number or name, leads to one."""
    who, first = acting(request), month_or_404(month)
    people = who.people()
    unknown = ""
    if wanted := request.GET.get("who", "").strip()[:LONGEST]:
        try:
            found = _meant(who, wanted)
        except DomainError as refusal:
            unknown = refusal.sentence
        else:
            return redirect(f"{reverse('person-work', args=[found.code])}#absence")
    end = month_end(first)
    table = AbsenceTable(spans(people.values_list("pk", flat=True), first=first, end=end))
    if answer := download(request, table, name=f"absences-{month}"):
        return answer
    others = people.exclude(pk=who.own).order_by("name")
    context = {
        "table": configured(request, table),
        "month": first,
        "before": month_before(first),
        "after": end,
        "people": others[:SUGGESTED],
        "unknown": unknown,
        "wanted": wanted,
    }
    return render(request, "team/absences.html", context)


def _meant(who: Acting, text: str) -> Person:
    """Whom a suggestion (number and name), a number or a name means; DomainError for several."""
    suggested = who.people().filter(code=text.partition(" ")[0]).first()
    return suggested or person_named(who.membership, on=who.today, text=text)


@require_POST
@member_required
def add_absence(request: HttpRequest, code: str) -> HttpResponse:
    """Record days on which somebody is away."""
    who = acting(request)
    person = who.person(code, P.RECORD_ABSENCE)
    form = AbsenceForm(request.POST)
    if form.is_valid() and done(request, form, lambda: _record(person, form.cleaned_data, who)):
        return redirect(f"{reverse('person-work', args=[person.code])}#absence")
    return work_page(request, who, person, absence_form=form)


def _record(person: Person, said: dict[str, Any], who: Acting) -> str:
    changed = record_absence(person=person, by=who.user, at=who.at, **said)
    if not changed:
        return f"{person} was recorded so already: nothing changed."
    days = f"{changed} day{'' if changed == 1 else 's'}"
    return f"{said['type']} of {person} recorded for {days}. Scorecards follow in a moment."


@require_POST
@member_required
def take_back(request: HttpRequest, code: str) -> HttpResponse:
    """Somebody was there after all."""
    who = acting(request)
    person = who.person(code, P.RECORD_ABSENCE)
    form = TakeBackForm(request.POST)
    if form.is_valid() and done(request, form, lambda: _take_back(person, form.cleaned_data, who)):
        return redirect(f"{reverse('person-work', args=[person.code])}#absence")
    return work_page(request, who, person, back_form=form)


def _take_back(person: Person, said: dict[str, Any], who: Acting) -> str:
    changed = take_back_absence(person=person, by=who.user, at=who.at, **said)
    if not changed:
        return f"{person} is not recorded as away on these days: nothing changed."
    return f"{changed} day{'' if changed == 1 else 's'} taken back. {person} counts as there."


def recent(person: Person, today: date) -> list[Span]:
    """A person's absences of the last year and of what is to come."""
    return spans([person.pk], first=today - timedelta(days=365), end=date(today.year + 2, 1, 1))
