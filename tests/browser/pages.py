"""Every kind of page, with the person of the demo who opens it: for axe and for screenshots."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """A page: its name, whose it is, and where."""

    name: str
    user: str
    address: str


PAGES = (
    Shown("sign-in", "", "/login/"),
    Shown("sign-in-organisation", "", "/sign-in/"),
    Shown("reset", "", "/account/password/reset/"),
    Shown("scorecard", "agent", "/me/"),
    Shown("part", "agent", "/people/10301/monthly/2026-10/parts/service/resolution_bonus/"),
    Shown("plan-of-person", "agent", "/people/10301/monthly/2026-10/plans/service/"),
    Shown("figures", "agent", "/people/10301/monthly/2026-10/figures/csat/"),
    Shown("statement", "agent", "/people/10301/monthly/2026-09/statement/"),
    Shown("what-if", "agent", "/people/10301/monthly/2026-11/what-if/"),
    Shown("my-plans", "agent", "/my-plans/"),
    Shown("my-plan", "agent", "/my-plans/service/2/"),
    Shown("disputes-own", "agent", "/disputes/"),
    Shown("dispute-new", "agent", "/people/10301/monthly/2026-10/dispute/"),
    Shown("history", "agent", "/people/10301/history/"),
    Shown("home-supervisor", "supervisor", "/"),
    Shown("team", "supervisor", "/team/monthly/2026-10/"),
    Shown("leaderboards", "agent", "/leaderboards/"),
    Shown("leaderboard", "agent", "/leaderboards/first_contact/monthly/2026-10/"),
    Shown("leaderboard-teams", "supervisor", "/leaderboards/service_teams/monthly/2026-10/"),
    Shown("team-today", "supervisor", "/team/today/"),
    Shown("absences", "supervisor", "/absences/2026-10/"),
    Shown("corrections", "supervisor", "/corrections/"),
    Shown("scores", "supervisor", "/scores/"),
    Shown("disputes", "planner", "/disputes/?show=open"),
    Shown("dispute", "planner", "/disputes/2/"),
    Shown("dispute-report", "auditor", "/disputes/report/"),
    Shown("team-days", "supervisor", "/team-days/2026-10/"),
    Shown("work", "supervisor", "/people/10301/work/"),
    Shown("wallboards", "administrator", "/wallboards/"),
    Shown("wallboard", "administrator", "/wallboards/contact_centre/"),
    Shown("home-planner", "planner", "/"),
    Shown("rules", "planner", "/rules/"),
    Shown("impacts", "planner", "/rules/impact/"),
    Shown("impact", "planner", "/rules/impact/1/"),
    Shown("impact-people", "planner", "/rules/impact/1/people/"),
    Shown("version", "planner", "/rules/versions/2/life/"),
    Shown("examples", "planner", "/rules/versions/2/examples/"),
    Shown("example", "planner", "/rules/versions/2/examples/add/"),
    Shown("compliance", "planner", "/rules/compliance/"),
    Shown("runs", "planner", "/rules/runs/"),
    Shown("acknowledgements", "planner", "/rules/acknowledgements/"),
    Shown("waiting", "planner", "/rules/waiting/monthly/2026-11/"),
    Shown("without-plan", "planner", "/rules/without-plan/monthly/2026-11/"),
    Shown("write-plan", "planner", "/rules/plans/new/"),
    Shown("year-forward", "planner", "/rules/forward/?year=2027&goals=on&plans=1&plans=2"),
    Shown("plan-version", "planner", "/rules/versions/1/"),
    Shown("plan-whole", "planner", "/rules/versions/1/whole/"),
    Shown("plan-whom", "planner", "/rules/versions/1/whom/"),
    Shown("used", "planner", "/rules/used/metric/qa/"),
    Shown("outside-plans", "planner", "/rules/outside/"),
    Shown("kind-of-deal", "planner", "/rules/kinds/new/"),
    Shown("pay-rule", "planner", "/rules/pay-rules/monthly/"),
    Shown("home-payroll", "payroll", "/"),
    Shown("closings", "payroll", "/closing/"),
    Shown("closing", "payroll", "/closing/monthly/2026-10/"),
    Shown("closing-plan", "payroll", "/closing/monthly/2026-10/sales/"),
    Shown("pay", "payroll", "/pay/"),
    Shown("trail", "auditor", "/audit/"),
    Shown("trail-by-hand", "auditor", "/audit/by-hand/"),
    Shown("rows", "auditor", "/audit/rows/"),
    Shown("as-known", "auditor", "/audit/as-known/"),
    Shown("home-administrator", "administrator", "/"),
    Shown("deliveries", "administrator", "/data/"),
    Shown("upload", "administrator", "/data/upload/"),
    Shown("unknown", "administrator", "/data/unknown/"),
    Shown("jobs", "administrator", "/jobs/"),
    Shown("unconfirmed", "administrator", "/team-days/open/"),
    Shown("account", "administrator", "/account/"),
    Shown("second-factor", "administrator", "/account/second-factor/"),
    Shown("organisation", "administrator", "/organisation/"),
    Shown("search", "planner", "/search/?q=sales"),
    Shown("gallery", "administrator", "/gallery/"),
    Shown("not-found", "agent", "/nowhere/"),
    Shown("refused", "agent", "/audit/"),
)
