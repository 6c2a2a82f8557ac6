"""Pay rules in the tenant file: read, written back, and refused by a sentence each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from org.errors import DomainError
from org.models import PayGroup, Tenant
from org.tenancy import enter
from tests.config.files import SMALL, Folder, export

RULE = """pay_groups:
  staff: {calendar: monthly, draw: 1800, recover: 50%, protect: draw, minimum: 50,
          negative: net, leavers: write_off, debts: [differences, draws]}
  plain: {calendar: monthly, currency: JPY, protect: 1000, debts: oldest_first}
"""


def with_rule(text: str) -> str:
    """The small tenant with other pay groups."""
    kept = [line for line in SMALL.splitlines() if not line.startswith("pay_groups:")]
    return "\n".join([*kept, text])


def test_a_rule_is_read_and_written_back(folder: Folder) -> None:
    folder.apply(with_rule(RULE))
    tenant = Tenant.objects.get()
    with enter(tenant.pk):
        staff, plain = PayGroup.objects.get(code="staff"), PayGroup.objects.get(code="plain")
    assert (staff.draw, staff.recover, staff.protected) == (1800, Decimal("0.5"), 1800)
    assert (staff.minimum, staff.negative, staff.leavers) == (50, "net", "write_off")
    assert staff.debts == ["differences", "draws"]
    assert (plain.recover, plain.protected, plain.debts) == (1, 1000, [])
    written = export(tenant.code, with_people=False)
    assert "recover: 50%" in written
    assert "protect: 1000" in written
    assert list(folder.apply(written).lines()) == ["Nothing changes."]


@pytest.mark.parametrize(
    ("said", "place", "sentence"),
    [
        ("draw: -5", "draw", "-5 is below zero"),
        ("draw: 1800.005", "draw", "more decimals than CHF has (2)"),
        ("draw: 1000000000000000", "draw", "Is a decimal point missing?"),
        ("recover: 50", "recover", "5,000 % is more than all of it.*Did you mean 50%?"),
        ("recover: -1%", "recover", "is no share"),
        ("protect: draw", "protect", "protects the draw, and there is none"),
        ("protect: drow", "protect", ""),
        ("{draw: 40, minimum: 50}", "minimum", "would wait each time and never be paid"),
        ("debts: [draws, draws]", "debts", "names draws 2 times"),
        ("debts: [loans]", "debts", ""),
        ("negative: refuse", "negative", ""),
        ("leavers: forgive", "leavers", ""),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    folder: Folder, said: str, place: str, sentence: str
) -> None:
    rule = said.strip("{}")
    with pytest.raises(DomainError) as refusal:
        folder.apply(with_rule(f"pay_groups: {{staff: {{calendar: monthly, {rule}}}}}"))
    text = str(refusal.value)
    assert f"pay_groups.staff.{place}" in text
    for part in sentence.split(".*"):
        assert part in text
