"""Whatever the order and however the rows are split: for each key the latest wins, once."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.models import Delivery, Value
from org.base import CURRENT
from tests.metrics.cast import AT, Cast, figures
from tests.seeds import examples

HEAD = "Agent,Date,Calls\n"
PEOPLE, DAYS = ("ann", "ben", "cy"), (1, 2)
Deliveries = list[dict[tuple[str, int], int]]
KEYS = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(DAYS))
BROUGHT = st.lists(
    st.dictionaries(KEYS, st.integers(0, 5), min_size=1, max_size=6), min_size=1, max_size=5
)


def clear() -> None:
    """Begin with no value: each example is a story of its own."""
    Value.objects.all().delete()
    Delivery.objects.all().delete()


def load(cast: Cast, rows: dict[tuple[str, int], int], number: int) -> None:
    """One delivery; its number makes its bytes its own."""
    lines = "".join(f"{who},2026-06-{day:02},{calls}\n" for (who, day), calls in rows.items())
    cast.ingest(f"Delivery {number}\n{HEAD}{lines}", at=AT + timedelta(minutes=number))


@settings(
    max_examples=examples(6, of=15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(brought=BROUGHT)
def test_the_latest_of_each_key_wins(cast: Cast, brought: Deliveries) -> None:
    clear()
    expected: dict[tuple[str, int], str] = {}
    for number, rows in enumerate(brought):
        load(cast, rows, number)
        expected |= {key: str(calls) for key, calls in rows.items()}
    assert figures("calls") == expected
    # Nothing is lost on the way: each change left one superseded row behind, and no more.
    changes = sum(
        brought[n][key] != next((b[key] for b in reversed(brought[:n]) if key in b), None)
        for n in range(len(brought))
        for key in brought[n]
    )
    assert Value.objects.count() == changes


@settings(
    max_examples=examples(6, of=15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.dictionaries(KEYS, st.integers(0, 5), min_size=1),
    split=st.lists(st.integers(0, 3), min_size=6, max_size=6),
    order=st.permutations(range(4)),
)
def test_any_split_in_any_order_gives_the_same(
    cast: Cast, rows: dict[tuple[str, int], int], split: list[int], order: list[int]
) -> None:
    clear()
    parts: dict[int, dict[tuple[str, int], int]] = {}
    for part, (key, calls) in zip(split, rows.items(), strict=False):
        parts.setdefault(part, {})[key] = calls
    for number, part in enumerate(part for part in order if part in parts):
        load(cast, parts[part], number)
    assert figures("calls") == {key: str(calls) for key, calls in rows.items()}
    before = Value.objects.count()
    load(cast, rows, 99)
    assert Value.objects.count() == before == Value.objects.filter(CURRENT).count()
