"""Days and periods in sentences, as pages show them."""

from __future__ import annotations

import pytest

from org.models import Calendar, Period
from org.wording import period_name, said


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("monthly:2026-06 is final already.", "June 2026 is final already."),
        ("2026-06 of Sales is still open.", "June 2026 of Sales is still open."),
        ("bonus of Ann in monthly:2026-06.", "bonus of Ann in June 2026."),
        ("complete only to 2026-01-20; load it", "complete only to 20 January 2026; load it"),
        ("2026-06-01 to 2026-06-12", "1 June 2026 to 12 June 2026"),
        ("since 2026-06-22 09:30 UTC", "since 22 June 2026 09:30 UTC"),
        ("quarterly:2026-Q2 is open", "2026-Q2 is open"),
        ("half:2026-06-A is open", "2026-06-A is open"),
        ("weekly:2026-06-12 is open", "12 June 2026 is open"),
        ("“2026-06-31” is no day", "“2026-06-31” is no day"),
        ("sold is “2026-06-03”: look at it", "sold is “2026-06-03”: look at it"),
        ("Write a day like 2026-06-30.", "Write a day like 2026-06-30."),
        ("Write a day such as 2026-06-30.", "Write a day such as 2026-06-30."),
        ("2026-13-45 is none", "2026-13-45 is none"),
        ("2026-13 is none", "2026-13 is none"),
        ("deal A-2026-06-30 and 2026-06-30-7", "deal A-2026-06-30 and 2026-06-30-7"),
        ("file pay/2026-06.csv and x-2026-06", "file pay/2026-06.csv and x-2026-06"),
        ("2026-06.csv is there, and 2026-06.", "2026-06.csv is there, and June 2026."),
    ],
)  # fmt: skip
def test_what_a_page_says(sentence: str, shown: str) -> None:
    assert said(sentence) == shown


def test_a_period_has_a_name() -> None:
    calendar = Calendar(code="weeks", tenant_id=1)
    made = (Period(calendar=calendar, code=code, tenant_id=1) for code in ("2026-06", "spring"))
    assert [period_name(one) for one in made] == ["June 2026", "spring"]
