"""The commands as a person types them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from org.models import Tenant
from tests.config.files import SMALL, Folder, example, export, user


def run(*arguments: object) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_apply_says_what_it_did(folder: Folder) -> None:
    file = folder.write(SMALL)
    assert run("apply", file, "--dry-run").endswith("Dry run: nothing was written.\n")
    assert not Tenant.objects.exists()
    said = run("apply", file)
    assert said.startswith("+ tenant bank\n")
    assert "goals:\n  + goal calls 100\n" in said
    assert run("apply", file) == "Nothing changes.\n"


def test_apply_refuses_in_one_sentence(folder: Folder) -> None:
    with pytest.raises(CommandError, match=r"nowhere.yaml cannot be read: No such file"):
        run("apply", folder.path / "nowhere.yaml")
    with pytest.raises(CommandError, match="is a folder"):
        run("apply", folder.path)
    with pytest.raises(CommandError, match="No user is called “ann”"):
        run("apply", folder.write(SMALL), "--by", "ann")


def test_apply_names_who(folder: Folder) -> None:
    user("ann")
    user("bob")
    run("apply", folder.write(SMALL), "--by", "ann")
    file = folder.write(SMALL.replace("6%", "7%"))
    with pytest.raises(CommandError, match="--approved-by USER"):
        run("apply", file, "--by", "ann")
    assert "tables.step" in run("apply", file, "--by", "ann", "--approved-by", "bob")


def test_export_prints_or_writes(folder: Folder, tmp_path: Path) -> None:
    for name, text in example().items():
        folder.write(text, name)
    run("apply", folder.write(example()["tenant.yaml"]))
    assert run("export", "example-bank") == export("example-bank")
    target = tmp_path / "out" / "bank.yaml"
    target.parent.mkdir()
    said = run("export", "example-bank", "--to", target)
    assert said.count("Written: ") == 3
    assert "people: people.csv" in target.read_text(encoding="utf-8")
    assert run("apply", target) == "Nothing changes.\n"
    copied = run("apply", target, "--tenant", "copy")
    assert copied.startswith("+ tenant copy\n")
    assert run("apply", target, "--tenant", "copy") == "Nothing changes.\n"
