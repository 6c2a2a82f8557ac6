"""Who was on my team on which days: a page a month, confirmed or doubted by its supervisor."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_tables2 as tables
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from org.access import needs
from org.models import Person, TeamConfirmation, TeamObjection
from org.permissions import Permission as P
from org.tables import NUMBER, PageTable, configured, download
from org.team_days import (
    answer_objection,
    confirm_team,
    heads,
    month_before,
    month_end,
    object_to_team,
    outstanding,
    team_month,
)
from scorecards.team.acting import Acting, acting, done, month_or_404, tried
from scorecards.team.forms import AnswerForm, ObjectionForm

MONTHS_LISTED = 3


@require_safe
@needs(P.CONFIRM_TEAM)
def my_days(request: HttpRequest) -> HttpResponse:
    """The last month that is over."""
    who = acting(request)
    month = month_before(who.today.replace(day=1))
    return redirect("team-days", f"{month:%Y-%m}")


@require_safe
@needs(P.CONFIRM_TEAM)
def team_days(request: HttpRequest, month: str) -> HttpResponse:
    """A month's team; ``?of=`` names a supervisor stood in for."""
    return _page(request, month_or_404(month), ObjectionForm())


@require_POST
@needs(P.CONFIRM_TEAM)
def confirm_days(request: HttpRequest, month: str) -> HttpResponse:
    """Confirm the team that was shown."""
    who, first = acting(request), month_or_404(month)
    manager, _ = _head(request, who)

    def confirm() -> str:
        confirm_team(
            manager=manager,
            month=first,
            sha256=request.POST.get("sha256", ""),
            by=who.user,
            at=who.at,
            today=who.today,
        )
        return f"Confirmed: this was the team of {manager} in {first:%B %Y}."

    tried(request, confirm)
    return redirect(_address(first, manager, who))


@require_POST
@needs(P.CONFIRM_TEAM)
def object_days(request: HttpRequest, month: str) -> HttpResponse:
    """Say what is wrong with the team that was shown."""
    who, first = acting(request), month_or_404(month)
    manager, _ = _head(request, who)
    form = ObjectionForm(request.POST)

    def tell() -> str:
        said = form.cleaned_data
        object_to_team(manager=manager, month=first, by=who.user, at=who.at, **said)
        return "The administrators have it now. You see their answer here."

    if form.is_valid() and done(request, form, tell):
        return redirect(_address(first, manager, who))
    return _page(request, first, form)


def _head(request: HttpRequest, who: Acting) -> tuple[Person, list[Person]]:
    """Whose team is meant: one's own unless ``of`` names somebody stood in for."""
    answerable = heads(who.membership, on=who.today)
    code = request.GET.get("of", "")
    found = [p for p in answerable if p.code == code] if code else answerable[:1]
    if not found:
        raise Http404("You lead no such team, nor stand in for anybody who does.")
    return found[0], answerable


def _address(month: date, manager: Person, who: Acting) -> str:
    address = reverse("team-days", args=[f"{month:%Y-%m}"])
    own = manager.pk == who.own
    return address if own else f"{address}?of={manager.code}"


def _page(request: HttpRequest, month: date, form: ObjectionForm) -> HttpResponse:
    who = acting(request)
    manager, answerable = _head(request, who)
    team, end = team_month(manager, month), month_end(month)
    confirmed = TeamConfirmation.objects.filter(manager=manager, month=month)
    rows = list(confirmed.select_related("by").order_by("-at"))
    objections = TeamObjection.objects.filter(manager=manager, month=month)
    context: dict[str, Any] = {
        "manager": manager,
        "answerable": answerable if len(answerable) > 1 else [],
        "of": f"?of={manager.code}" if manager.pk != who.own else "",
        "month": month,
        "end": end,
        "before": month_before(month),
        "after": end if end <= who.today else None,
        "days": (end - month).days,
        "over": end <= who.today,
        "form": form,
        "team": team,
        "strips": [(one, (one.first - month).days, one.days) for one in team.stretches],
        "confirmed": next((row for row in rows if row.sha256 == team.sha256), None),
        "earlier": rows[:1],
        "objections": objections.select_related("opened_by", "closed_by"),
    }
    return render(request, "team/days.html", context)


# --- for administrators


class OutstandingTable(PageTable):
    """Whose month waits to be confirmed."""

    first_line = ("manager", "people")
    manager = tables.Column(verbose_name="Team of")
    people = tables.Column(attrs=NUMBER)
    state = tables.Column(verbose_name="Why")

    class Meta(PageTable.Meta):
        empty_text = "Every team of this month is confirmed."


class ObjectionTable(PageTable):
    """What supervisors say is wrong."""

    first_line = ("who", "since")
    who = tables.Column(verbose_name="About", accessor="who")
    since = tables.DateColumn(format="j M Y")
    manager = tables.Column(verbose_name="Team of")
    what = tables.Column(verbose_name="What is wrong")
    opened_at = tables.DateColumn(format="j M Y", verbose_name="Said on")

    class Meta(PageTable.Meta):
        order_by_field = "objections"
        empty_text = "Nobody says that a team is wrong."

    def render_who(self, record: TeamObjection) -> str:
        """The name leads to the answer."""
        address = reverse("team-objection", args=[record.pk])
        return format_html('<a href="{}">{}</a>', address, record.who)


@require_safe
@needs(P.MANAGE_PEOPLE, P.SEE_AUDIT)
def unconfirmed(request: HttpRequest) -> HttpResponse:
    """The last month that is over, for administrators."""
    month = month_before(acting(request).today.replace(day=1))
    return redirect("team-days-open", f"{month:%Y-%m}")


@require_safe
@needs(P.MANAGE_PEOPLE, P.SEE_AUDIT)
def unconfirmed_of(request: HttpRequest, month: str) -> HttpResponse:
    """Which teams of a month nobody has confirmed, and what is said to be wrong in any month."""
    who, first = acting(request), month_or_404(month)
    rows = [
        {
            "manager": one.team.manager.name,
            "people": one.team.people,
            "state": "changed after it was confirmed" if one.confirmed_before else "not confirmed",
        }
        for one in outstanding(first)
    ]
    table = OutstandingTable(rows)
    if answer := download(request, table, name=f"unconfirmed-{month}"):
        return answer
    objections = TeamObjection.objects.filter(closed_at=None).select_related("manager")
    end = month_end(first)
    context = {
        "table": configured(request, table),
        "objections": configured(request, ObjectionTable(objections, prefix="o-")),
        "month": first,
        "before": month_before(first),
        "after": end if end <= who.today else None,
        "over": end <= who.today,
        "waiting": len(rows),
    }
    return render(request, "team/unconfirmed.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(P.MANAGE_PEOPLE, P.SEE_AUDIT)
def objection(request: HttpRequest, number: int) -> HttpResponse:
    """What is wrong with a team, and the answer to it."""
    who = acting(request)
    if request.method == "POST":
        who.demand(P.MANAGE_PEOPLE)
    related = TeamObjection.objects.select_related("manager", "opened_by", "closed_by")
    found = get_object_or_404(related, pk=number)
    form = AnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def answer() -> str:
            answer_objection(
                objection=found, answer=form.cleaned_data["answer"], by=who.user, at=who.at
            )
            return f"Answered. {found.opened_by} sees it on the page of the month."

        if done(request, form, answer):
            return redirect("team-days-open", f"{found.month:%Y-%m}")
    context = {"objection": found, "form": form, "answers": who.may(P.MANAGE_PEOPLE)}
    return render(request, "team/objection.html", context)
