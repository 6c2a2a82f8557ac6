"""The functional-area tree: units, where each hangs on which days, and the closure for roll-ups."""

from __future__ import annotations

from django.db import models

from org.base import CURRENT, Dated, Recorded, TenantForeignKey, TenantModel
from org.constraints import no_overlap
from org.dates import FOREVER
from org.history import tracked


@tracked(key="code")
class Unit(TenantModel):
    """A node of the hierarchy: division, department, branch, team."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=60, blank=True, help_text="Division, branch, team …")
    time_zone = models.CharField(max_length=64, blank=True)
    holiday_calendar = TenantForeignKey("org.HolidayCalendar", null=True, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="org_unit_code"),
        ]

    def __str__(self) -> str:
        return self.name


class UnitPlacement(Recorded, TenantModel):
    """Under which unit a unit hangs on the days ``[valid_from, valid_to)``; none: a root."""

    unit = TenantForeignKey(Unit, related_name="placements")
    parent = TenantForeignKey(Unit, null=True, blank=True, related_name="child_placements")
    valid_from = models.DateField()
    valid_to = models.DateField(default=FOREVER)

    class Meta:
        ordering = ["unit", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_from__lt=models.F("valid_to")),
                name="org_unitplacement_days",
            ),
            models.CheckConstraint(
                condition=~models.Q(unit=models.F("parent")) | models.Q(parent=None),
                name="org_unitplacement_not_itself",
            ),
            no_overlap(name="org_unitplacement_once", over=("unit",), where=CURRENT),
        ]

    def __str__(self) -> str:
        return f"{self.unit} under {self.parent or 'nothing'} from {self.valid_from}"


class UnitClosure(Dated, TenantModel):
    """Derived from the placements: which unit lies below which on which days, itself included."""

    ancestor = TenantForeignKey(Unit, related_name="+")
    descendant = TenantForeignKey(Unit, related_name="+")
    depth = models.PositiveSmallIntegerField(help_text="0: the unit itself.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ancestor", "descendant", "valid_from"],
                name="org_unitclosure_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "descendant", "valid_from"], name="org_unitclosure_up")
        ]

    def __str__(self) -> str:
        return f"{self.descendant} below {self.ancestor} ({self.depth})"
