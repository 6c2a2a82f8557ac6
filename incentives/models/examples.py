"""Worked examples of a plan version: they run on every engine before it is published."""

from __future__ import annotations

from django.db import models

from incentives.models.plans import PlanVersion
from org.base import TenantForeignKey, TenantModel
from org.history import tracked


@tracked(key="version__plan__code")
class Example(TenantModel):
    """What goes into the formulas of a version, and what each component must come to.

    All values are exact text. ``inputs``: by the names that :mod:`incentives.example_names` gives
    them (``sales``, ``GOAL(sales)``, ``FACT(grade)``). ``lines``: what components of a finer grain
    read: ``credits`` (measure to a list of credits in order), ``days`` (a list of days with their
    figures), ``others`` (the inputs of the colleagues who share a pool). ``expected``: component to
    amount, or "undecided"; ``total`` is what the plan pays in all where it has rules of its own.
    """

    version = TenantForeignKey(PlanVersion, models.CASCADE, related_name="examples")
    order = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=120)
    note = models.TextField(blank=True, help_text="What it shows; printed in the plan document.")
    inputs = models.JSONField(default=dict, blank=True)
    lines = models.JSONField(default=dict, blank=True)
    expected = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["version", "order", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version", "name"], name="incentives_example_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExampleCheck(TenantModel):
    """What a spreadsheet made of the examples of a version, and of which rules and examples.

    ``found``: example to component to (amount as exact text, code of the error). Nothing is read on
    from it but whether the engines agree.
    """

    class State(models.TextChoices):
        WORKING = "working", "Being worked out"
        READY = "ready", "Worked out"
        NO_ANSWER = "no_answer", "No answer"

    version = TenantForeignKey(PlanVersion, models.CASCADE, related_name="example_checks")
    stamp = models.CharField(max_length=64, help_text="SHA-256 of the rules and examples.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WORKING)
    found = models.JSONField(default=dict)
    sentence = models.TextField(blank=True, help_text="Why there is no answer.")
    at = models.DateTimeField()

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version"], name="incentives_examplecheck_once"
            ),
        ]

    def __str__(self) -> str:
        return f"examples of {self.version} in a spreadsheet: {self.get_state_display().lower()}"
