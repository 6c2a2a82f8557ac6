"""The plans of the demo have an example of each component, and both engines agree with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from incentives import examples
from incentives.models import PlanVersion
from incentives.rules import load
from org.models import Tenant
from org.tenancy import enter
from pmsite import demo, tenant_file
from tests.factories import AT

pytestmark = pytest.mark.django_db
FOLDER = Path(demo.__file__).parent


@pytest.mark.parametrize("code", ["brackwater", "quillpond"])
def test_every_component_of_the_demo_has_an_example_that_comes_out(code: str) -> None:
    tenant_file.apply(path=FOLDER / f"{code}.yaml", by=None, approved_by=None, at=AT)
    with enter(Tenant.objects.get(code=code).pk):
        for version in PlanVersion.objects.select_related("plan"):
            assert [one.sentence for one in examples.run(version) if not one.ok] == []
            assert examples.without_example(version, load(version)) == []
