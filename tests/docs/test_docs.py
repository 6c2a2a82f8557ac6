"""The documentation names everything there is, and shows nothing that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, get_commands, load_command_class

from formula.functions import FUNCTIONS
from org.permissions import Role
from pmsite import runner
from tests.browser.pages import PAGES as SHOWN
from tests.docs.markdown import DOCS, ROOT, links, pages, typed

PAGES = {str(page.relative_to(ROOT)): page for page in pages()}
EVERYTHING = "\n".join(page.read_text(encoding="utf-8") for page in PAGES.values())
OURS = {config.name for config in apps.get_app_configs() if (ROOT / config.name).is_dir()}


def test_every_command_is_documented() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w-]+)`", index))
    assert {name for name, app in get_commands().items() if app in OURS} <= named


def test_every_setting_is_documented() -> None:
    page = (DOCS / "operators" / "running.md").read_text(encoding="utf-8")
    found = {name for path in (ROOT / "pmsite").glob("*.py") for name in settings_in(path)}
    assert {"DATABASE_URL", "DEBUG", "ALLOWED_HOSTS", "PORT"} <= found
    assert {name for name in found if f"`{name}`" not in page} == set()


def settings_in(path: Path) -> set[str]:
    """The names that a module reads from the environment, also through flag() and the like."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            if called in ("flag", "listing", "number", "os.environ.get"):
                found.add(str(node.args[0].value))
    return found


def test_every_function_is_documented() -> None:
    page = (DOCS / "formula-reference.md").read_text(encoding="utf-8")
    functions = {name for name in FUNCTIONS if name.isalpha()}
    assert {name for name in functions if f"### `{name}(" not in page} == set()


def test_every_role_is_documented() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert {role.value for role in Role if f"| `{role.value}` |" not in index} == set()


def test_every_page_has_its_pictures() -> None:
    """Taken anew by bin/screenshots."""
    album = (DOCS / "screens.md").read_text(encoding="utf-8")
    named = re.findall(r'<img src="(screens/[^"]+)"', album)
    assert set(named) == {
        f"screens/{shown.name}-{size}.webp" for shown in SHOWN for size in ("desk", "phone")
    }
    assert {f"screens/{path.name}" for path in (DOCS / "screens").iterdir()} == set(named)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = PAGES[name]
    text = page.read_text(encoding="utf-8")
    assert [target for target in links(text) if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_commands_exist_with_their_options(name: str) -> None:
    for program, *words in typed(PAGES[name].read_text(encoding="utf-8")):
        assert (ROOT / program).is_file(), program
        words = [word for word in words if word not in ("[…]", "…")]
        if program == "bin/run":
            runner.read_arguments(words)
        elif program == "bin/manage":
            parse(*words)


def parse(command: str, *words: str) -> None:
    """Have a command's own parser read what the page shows; capitals stand for what one types."""
    app = get_commands()[command]
    parser = load_command_class(str(app), command).create_parser("manage.py", command)
    given = [{"DAY": "2026-06-30", "DELIVERY": "1"}.get(word, word) for word in words]
    if "--help" in given:
        return
    try:
        parser.parse_args(given)
    except (CommandError, SystemExit) as refusal:
        raise AssertionError(f"bin/manage {command} {' '.join(words)}: {refusal}") from None


def test_every_page_is_reached_from_the_index() -> None:
    index = DOCS / "README.md"
    reached = {(DOCS / target).resolve() for target in links(index.read_text(encoding="utf-8"))}
    chosen = [page for page in pages() if "adr" not in page.parts and page != index]
    assert [str(page.relative_to(ROOT)) for page in chosen if page.resolve() not in reached] == []
