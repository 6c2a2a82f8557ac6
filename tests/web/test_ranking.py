"""Ranks, ties and order of any figures are those of a few lines of plain Python."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.models import MetricDefinition, Total
from org.tenancy import enter
from scorecards.models import Leaderboard, Place
from scorecards.naming import in_initials, ordinal, shown_name
from tests.seeds import examples
from tests.web.board_cast import add_agent, calls, make_board, rank_june
from tests.web.cast import Cast

PEOPLE = [f"p{number}" for number in range(7)]
Figures = dict[str, tuple[Decimal, int]]


def plain(figures: Figures, minimum: int, *, lower: bool) -> dict[str, int | None]:
    """One more than the number of those who did better; none below the minimum sample."""
    counts = {c: round(v) for c, (v, rows) in figures.items() if rows >= minimum}
    better = {c: [o for o in counts.values() if (o < v if lower else o > v)]
              for c, v in counts.items()}  # fmt: skip
    return {code: len(better[code]) + 1 if code in counts else None for code in figures}


some = st.fixed_dictionaries(
    {
        code: st.tuples(
            st.sampled_from([Decimal(v) for v in ("0", "1", "1.2", "2", "-3", "40")]),
            st.integers(1, 4),
        )
        for code in PEOPLE
    }
)


@settings(
    max_examples=examples(10, of=25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(figures=some, minimum=st.integers(0, 5), lower=st.booleans())
def test_ranks_are_those_of_plain_python(
    bank: Cast, figures: Figures, minimum: int, lower: bool
) -> None:
    with enter(bank.tenant.pk):
        if "p0" not in bank.people:
            for code in PEOPLE:
                add_agent(bank, code, f"Person {code}")
            calls(bank, dict.fromkeys(PEOPLE, 1))
            make_board(bank)
        for code, (value, rows) in figures.items():
            Total.objects.filter(person_id=bank.people[code].pk).update(numerator=value, rows=rows)
        MetricDefinition.objects.update(direction="lower" if lower else "higher")
        Leaderboard.objects.update(minimum_sample=minimum)
        standing = rank_june(bank, Leaderboard.objects.get())
        places = {p.subject_id: p for p in Place.objects.filter(standing_id=standing.pk)}
        found = {code: places[bank.people[code].pk] for code in PEOPLE}
    idle = 0 if minimum else 2  # Ann and Cleo did nothing: two more zeros where that may count
    mine = plain(figures | {f"idle{n}": (Decimal(0), 0) for n in range(idle)}, minimum, lower=lower)
    assert {code: place.rank for code, place in found.items()} == {c: mine[c] for c in PEOPLE}
    ranks = [rank for rank in mine.values() if rank is not None]
    assert {c: p.tied for c, p in found.items()} == {
        c: p.rank is not None and ranks.count(p.rank) > 1 for c, p in found.items()
    }
    order = sorted(places.values(), key=lambda place: place.position)
    assert [p.position for p in order] == list(range(1, len(order) + 1))
    said = [p.rank or 10**6 for p in order]
    assert said == sorted(said)


def test_names_are_reduced() -> None:
    assert shown_name("Ann Abel", how="names") == "Ann Abel"
    assert shown_name("Ann Abel", how="initials") == "A. A."
    assert shown_name("Ann Abel", how="initials", known=True) == "Ann Abel"
    assert shown_name("Ann Abel", how="names", opted_out=True) == "–"
    assert [in_initials(name) for name in ("élodie de la Tour", "Ann", "42")] == [
        "É. T.",
        "A.",
        "–",
    ]


def test_places_are_said() -> None:
    said = [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 112)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]
