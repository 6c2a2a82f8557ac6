"""The published schema and the page about the file are what the code accepts."""

from __future__ import annotations

from jsonschema import Draft202012Validator

from pmsite import tenant_file
from pmsite.management.commands.tenant_schema import texts
from pmsite.tenant_reference import keys
from tests.config.files import PAGE, Folder, example


def test_schema_and_reference_are_up_to_date() -> None:
    for path, text in texts().items():
        assert path.read_text(encoding="utf-8") == text, "run bin/manage tenant_schema"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(tenant_file.schema())


def test_every_key_is_explained() -> None:
    unexplained = [
        f"{section}.{path}"
        for section, part in tenant_file.schema()["properties"].items()
        for path, schema, _ in keys(part)
        if not schema.get("description")
    ]
    assert unexplained == []


def test_every_key_stands_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for section, part in tenant_file.schema()["properties"].items():
        assert f"### {section}\n" in page
        for path, _, _ in keys(part):
            assert f"`{path}`" in page


def test_every_section_has_its_place() -> None:
    assert list(tenant_file.schema()["properties"]) == list(tenant_file.ORDER)


def test_the_example_works(folder: Folder) -> None:
    for name, text in example().items():
        folder.write(text, name)
    report = folder.apply(example()["tenant.yaml"])
    assert "+ plan service version 1 from 2026-01-01" in report.changes["plans"]
