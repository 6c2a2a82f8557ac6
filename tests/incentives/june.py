"""A June of 400 people that comes to 84,310.55, with what a month brings along.

A delivery that was wrong and undone, a row of somebody unknown, a correction that a later file did
not overwrite.
"""

from __future__ import annotations

from metrics.models import Delivery
from org.models import Tenant
from org.tenancy import enter
from tests.scenarios.site import Site

TOTAL = "84310.55"


def load() -> Site:
    """The tenant with everything delivered; nothing is calculated yet."""
    site = Site("s30")
    site.run("facts", site.folder / "facts.csv")
    site.ingest("crm", "wrong.csv")
    site.ingest("checks", "checks.csv")
    site.run("correct", "p030", "2026-06-15", "sales", "1234.50", "--reason", "Not in the export")
    site.ingest("crm", "sales.csv", "--complete-to", "2026-06-30")
    with enter(Tenant.objects.get(code=site.code).pk):
        wrong = Delivery.objects.get(file_name="wrong.csv")
    site.run("undo", wrong.pk)
    return site
