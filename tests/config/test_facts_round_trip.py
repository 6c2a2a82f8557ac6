"""Dated facts and availability go into an export and come back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from org.facts_csv import write_availability, write_facts
from org.models import Tenant
from org.tenancy import enter
from pmsite import tenant_file
from tests.config.files import Folder

pytestmark = pytest.mark.django_db

TENANT = """\
tenant: {code: bank, name: Bank}
absence_types: {sick: {}}
facts:
  base: {}
  grade: {kind: text}
  licence: {kind: date}
  trained: {kind: yes_no}
people: people.csv
fact_values: facts.csv
availability: days.csv
"""
PEOPLE = "code,name\nann,Ann\nbob,Bob\n"
FACTS = """\
person,fact,value,slot,from,to
ann,base,4000.5,,2026-01-01,2026-06-01
ann,base,4200,,2026-06-01,
ann,grade,"B, senior",,2026-01-01,
ann,licence,2027-03-31,second,2026-01-01,
bob,trained,no,,2026-01-01,2026-02-01
bob,trained,yes,,2026-02-01,
"""
DAYS = """\
person,day,kind,hours,absence_type,slot
ann,2026-06-01,absent,4,sick,primary
ann,2026-06-01,scheduled,8.5,,primary
ann,2026-06-02,worked,,,primary
bob,2026-06-01,worked,7.25,,second
"""


def test_what_is_written_is_what_was_read(folder: Folder, tmp_path: Path) -> None:
    for name, text in (("people.csv", PEOPLE), ("facts.csv", FACTS), ("days.csv", DAYS)):
        (tmp_path / name).write_text(text)
    folder.apply(TENANT)
    with enter(Tenant.objects.get().pk):
        assert write_facts() == FACTS
        assert write_availability() == DAYS
    written = tenant_file.export(tenant=Tenant.objects.get(), with_people=True)
    assert "fact_values: fact_values.csv" in written.text
    assert "availability: availability.csv" in written.text
    assert written.files["fact_values.csv"] == FACTS
    assert written.files["availability.csv"] == DAYS
    for name, text in written.files.items():
        folder.write(text, name)
    assert folder.changes(written.text) == {}, "applying an export changes nothing"
