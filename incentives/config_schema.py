"""What ``plans:`` of the tenant file may say: the schema of plans, versions and their parts."""

from __future__ import annotations

from typing import Any

from incentives.config_examples import EXAMPLES
from incentives.models import Component, Measure, PlanVersion
from org import config_tools as tools

REDUCED_BY = tools.choice(
    "days (the eligible part of the period), share (the contract share) or absence (days of an "
    "absence type that reduces goals, or payouts).",
    ["days", "share", "absence"],
)

PRORATE = tools.mapping(
    "What is reduced for people who are there for a part of the period, and by which days.",
    {
        "goal": tools.listing(
            "What reduces the goal. Left out: nothing.", REDUCED_BY, uniqueItems=True
        ),
        "amount": tools.listing(
            "What reduces the amounts of components. Left out: nothing.",
            REDUCED_BY,
            uniqueItems=True,
        ),
        "days": tools.choice(
            "Which days count: calendar (the default), working, or scheduled (hours).",
            PlanVersion.Days.values,
        ),
        "first_day": tools.choice(
            "Whether the first day counts: in (the default) or out.", PlanVersion.FirstDay.values
        ),
    },
)

ELIGIBILITY = tools.listing(
    "Whom it is for; one entry must fit. Left out: everybody. Of several plans of one family the "
    "most specific wins: person, unit and job type, nearest unit, job type, everybody.",
    tools.mapping(
        "Everything named in one entry must fit.",
        {
            "person": tools.text("Personnel number."),
            "unit": tools.text("Unit, and all below it."),
            "job_type": tools.text("Job type."),
            "slot": tools.text("Job slot, such as primary. Left out: any.", maxLength=40),
        },
    ),
    minItems=1,
)

TABLE = tools.mapping(
    "A rate table.",
    {
        "kind": tools.choice(
            "step, tier (only TIER), rate (only RATE), curve, matrix or lookup. Left out: seen "
            "from its rows.",
            ["step", "tier", "rate", "curve", "matrix", "lookup"],
        ),
        "rows": {
            "type": ["array", "object"],
            "description": "[from, rate] or [from, to, rate]; of a matrix [bound, value, value …]; "
            "of a look-up key: value, or [key, value].",
        },
        "points": {"type": "array", "description": "[x, y] of a curve."},
        "columns": {"type": "array", "description": "Bounds or names of a matrix's columns."},
        "on_bound": tools.choice(
            "To which row a value exactly on a bound belongs. Left out: upper_row.",
            ["upper_row", "lower_row"],
        ),
        "below": tools.choice(
            "Below the first bound: first_row (its rate goes on, the default) or nothing.",
            ["first_row", "nothing"],
        ),
        "outside": tools.choice(
            "Outside a curve: flat (the ends hold, the default) or error.", ["flat", "error"]
        ),
    },
)

WINDOW = {
    "anyOf": [
        tools.choice(
            "A known window.", ["period", "quarter_to_date", "year_to_date", "since_hire"]
        ),
        tools.mapping(
            "Of its own.",
            {
                "rolling": tools.whole(
                    "This period and those before it, so many in all.", minimum=1, maximum=600
                ),
                "from": tools.day("First day of the window."),
                "to": tools.day("First day after the window."),
            },
        ),
    ],
    "description": "Which days it adds up: period (the default), quarter_to_date, year_to_date, "
    "since_hire, {rolling: 3}, or {from: …, to: …}.",
}

MEASURE = tools.mapping(
    "A named input of the formulas.",
    {
        "metric": tools.text("Code of the metric. Left out: the measure's own name."),
        "earnings_of": tools.text(
            "Instead of a metric: what a component earned, plan.component.", maxLength=130
        ),
        "scope": tools.choice(
            "Whose: own (the default), direct (reports), team (the unit), subtree (and below).",
            Measure.Scope.values,
        ),
        "window": WINDOW,
        "filter": tools.formula("A condition over the attributes of credits."),
        "no_data": tools.choice(
            "Without data: undecided (blank, and what needs it waits; the default) or zero.",
            Measure.NoData.values,
        ),
        "undone_as": tools.choice(
            "What was taken back: restate (the default), reverse or net.", Measure.UndoneAs.values
        ),
        "goal": tools.mapping(
            "Which goal it is held against, where it is not the one of its metric and scope.",
            {
                "metric": tools.text("Code of the metric whose goal it is."),
                "of": tools.choice("person or team.", ["person", "team"]),
                "calendar": tools.text("The goal for periods of this calendar."),
            },
        ),
        "segments": tools.choice(
            "blend or separate, where it differs from the version's.", PlanVersion.Segments.values
        ),
        "with_manager": tools.truth("Whether the manager's own values are in a team's figure."),
    },
)

COMPONENT = tools.mapping(
    "A rule that yields an amount.",
    {
        "title": tools.text("As the statement prints it. Left out: its name."),
        "per": tools.choice(
            "What it is worked out for: person (the default), day, credit or team.",
            Component.Per.values,
        ),
        "of": tools.text("With per: credit, the measure whose credits are paid.", maxLength=60),
        "formula": tools.formula("The amount."),
        "gate": tools.formula("A condition: where it is not met, the component pays nothing."),
        "modifier": tools.formula("A factor."),
        "cap": tools.formula("At most."),
        "floor": tools.formula("At least: a guarantee."),
        "prorate": tools.truth(
            "Whether prorate.amount of the version reduces it; what a team shares never is."
            " Left out: true."
        ),
        "cumulate": tools.choice(
            "restart in each period (the default) or to_date.", ["restart", "to_date"]
        ),
        "rounding": tools.mapping(
            "How the amount is rounded, once.",
            {
                "decimals": tools.whole(
                    "Left out: those of the plan's currency, and never more.", minimum=-6, maximum=6
                ),
                "mode": tools.choice("half_up: half away from zero.", ["half_up"]),
                "each": tools.choice(
                    "With per: credit. credit (each alone), running (along the running result, so"
                    " that the parts sum to the whole) or transaction (over its parties, by"
                    " largest remainder). Left out: running where the formula reads RUNNING, else"
                    " transaction.",
                    ["credit", "running", "transaction"],
                ),
            },
        ),
        "earning_type": tools.text("What payroll books it as. Left out: incentive.", maxLength=60),
        "schedule": tools.text("Name of the schedule by which it is paid. Left out: when final."),
        "exchange_rate": tools.choice(
            "Which rate turns it into the plan's currency: plan, month, or day (that of a credit,"
            " or of a day that is paid).",
            ["plan", "day", "month"],
        ),
        "after_final": tools.choice(
            "restate (the default) or freeze: whether later changes move it.", ["restate", "freeze"]
        ),
        "paid_as": tools.choice("earned (the default) or advance.", ["earned", "advance"]),
        "advance_until": tools.formula("With paid_as: advance, the condition that earns it."),
        "distribute": {
            "anyOf": [
                tools.formula("The weight by which the people of the unit share it."),
                tools.mapping(
                    "Who shares it, and how.",
                    {
                        "by": tools.formula("Each person's weight."),
                        "within": tools.choice(
                            "unit, plan (all its people) or job_type.", ["unit", "plan", "job_type"]
                        ),
                    },
                    "by",
                    "within",
                ),
            ],
            "description": "With per: team, the weight by which people share it, cent by cent: the"
            " largest remainders get the last cents.",
        },
        "currency": tools.text(
            "The currency in which its formula reckons, where it is not the plan's; needs"
            " exchange_rate.",
            pattern="^[A-Z]{3}$",
        ),
    },
    "formula",
)

SCHEDULE = tools.listing(
    "The parts in which an amount is paid; the shares sum to 100 %.",
    tools.mapping(
        "A part.",
        {
            "share": tools.number("Its share, such as 70%."),
            "release": tools.text(
                "When it is payable: final, a day, “3 months later”, or a condition over the "
                "transaction.",
                maxLength=2000,
            ),
            "expires": tools.text("When it is forfeited if never released, such as 12 months."),
        },
        "share",
        "release",
    ),
    minItems=1,
)

LEAVERS = tools.mapping(
    "What becomes of those who leave.",
    {
        "employed_on": tools.choice(
            "The day on which they must be employed to be paid.", ["none", "period_end", "pay_date"]
        ),
        "trailing_days": tools.whole(
            "Days after the last in which credits still count.", minimum=0, maximum=3660
        ),
        "held": tools.choice("What is held: keep or forfeit.", ["keep", "forfeit"]),
        "tenure_gap": tools.whole(
            "Who is back after at most so many days goes on with the tenure of before. Left out:"
            " each employment begins its own.",
            minimum=0,
            maximum=3660,
        ),
    },
)

LIMIT = tools.mapping(
    "What is payable of the plan in a year; what is earned beyond it waits, or is lost.",
    {
        "amount": tools.number("The most that becomes payable to one person."),
        "per": tools.choice("year.", ["year"]),
        "excess": tools.choice("defer (waits for room, the default) or lose.", ["defer", "lose"]),
        "lapses": tools.choice(
            "What waits: never lapses (the default), or is forfeited at the year_end.",
            ["never", "year_end"],
        ),
    },
    "amount",
)

VERSION = tools.mapping(
    "The rules from a day on.",
    {
        "number": tools.whole("Its number. Left out: the next one.", minimum=1),
        "in_force": tools.day("First day of the first period that it rules."),
        "ends": tools.day("First day on which the plan no longer pays."),
        "status": tools.choice("published (the default) or draft.", ["published", "draft"]),
        "reason": tools.text(
            "Why it is published; needed where it reaches final periods.", maxLength=2000
        ),
        "segments": tools.choice(
            "blend (one result a period, the default) or separate (one per unit and job type).",
            PlanVersion.Segments.values,
        ),
        "prorate": PRORATE,
        "eligibility": ELIGIBILITY,
        "tables": tools.by_code("Rate tables by the name that formulas use.", TABLE, name=True),
        "measures": tools.by_code(
            "Measures by the name that formulas use.",
            {"anyOf": [MEASURE, {"type": "null"}]},
            name=True,
        ),
        "components": tools.by_code(
            "What it pays, in the order of the statement.", COMPONENT, name=True
        ),
        "schedules": tools.by_code("Schedules by name.", SCHEDULE, name=True),
        "gate": tools.formula("A condition for the whole plan."),
        "modifier": tools.formula("A factor on the whole plan."),
        "cap": tools.formula("The whole plan pays at most."),
        "limit": LIMIT,
        "on_change": tools.choice(
            "For components to date, when this version takes over within a year: true_up (the new"
            " rules on the whole year, the default) or from_here.",
            ["true_up", "from_here"],
        ),
        "zero_goal": tools.choice(
            "A goal of zero: wait for a decision, 0%, 100% or leave_out.",
            ["wait", "0%", "100%", "leave_out"],
        ),
        "leavers": LEAVERS,
        "examples": EXAMPLES,
    },
    "in_force",
    "components",
)

PLANS: dict[str, Any] = tools.by_code(
    "Incentive plans by code.",
    tools.mapping(
        "A plan.",
        {
            "name": tools.text("As people read it. Left out: the code."),
            "family": tools.text(
                "Plans of one family replace each other, families add up. Left out: main.",
                minLength=1,
                maxLength=60,
            ),
            "calendar": tools.text("Code of the calendar whose periods it pays."),
            "currency": tools.text("Three letters. Left out: the tenant's.", pattern="^[A-Z]{3}$"),
            "versions": tools.listing("Its versions, each from a day on.", VERSION, minItems=1),
        },
        "calendar",
        "versions",
    ),
)

FAMILIES: dict[str, Any] = tools.by_code(
    "Names of plan families.",
    tools.mapping("A family.", {"name": tools.text("As people read it.")}, "name"),
)

EXCHANGE_RATES: dict[str, Any] = tools.listing(
    "What one unit of a currency is worth in another.",
    tools.mapping(
        "A rate.",
        {
            "name": tools.choice("Which rate: plan, month or day.", ["plan", "month", "day"]),
            "base": tools.text("The currency of one unit.", pattern="^[A-Z]{3}$"),
            "quote": tools.text("The currency that it is worth.", pattern="^[A-Z]{3}$"),
            "rate": tools.number("How much of the quote currency."),
            "from": tools.FROM,
            "to": tools.TO,
        },
        "name",
        "base",
        "quote",
        "rate",
    ),
)

PERSON_CAPS: dict[str, Any] = tools.listing(
    "The most that one person can earn in a period by several plans together.",
    tools.mapping(
        "A cap.",
        {
            "name": tools.text("As people call it.", minLength=1, maxLength=60),
            "calendar": tools.text("Code of the calendar whose periods it caps."),
            "amount": tools.number("The most."),
            "currency": tools.text(
                "Three letters: what the amount is in. Left out: the tenant's.",
                pattern="^[A-Z]{3}$",
            ),
            "exchange_rate": tools.choice(
                "Which rate turns what a plan pays in another currency into the cap's: plan (on the"
                " period's first day, the default) or month (on its last).",
                ["plan", "month"],
            ),
            "plans": tools.listing(
                "Codes of plans on that calendar, in order: what the first pays is kept, the last"
                " is cut first.",
                tools.text("Code of a plan."),
                minItems=1,
                uniqueItems=True,
            ),
            "from": tools.FROM,
            "to": tools.TO,
        },
        "name",
        "calendar",
        "amount",
        "plans",
    ),
)

BUDGETS: dict[str, Any] = tools.listing(
    "What plans may cost. A preview of a change says how far it is within them.",
    tools.mapping(
        "A budget.",
        {
            "plan": tools.text("Code of the plan."),
            "amount": tools.number("What each period may cost, in the plan's currency."),
            "from": tools.FROM,
            "to": tools.TO,
        },
        "plan",
        "amount",
    ),
)
