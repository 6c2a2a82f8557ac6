"""Pictures of every page from the demo, for docs/screens.md, or to look through all of them.

python -m tests.browser.screenshots          # docs/screens: the desk light, the phone dark
python -m tests.browser.screenshots FOLDER   # every size, light and dark, at full resolution
"""

from __future__ import annotations

import io
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from PIL import Image

from pmsite.services import ROOT
from tests.browser import chromium
from tests.browser.pages import PAGES, Shown
from tests.browser.site import Site, demo_site

SIZES = {"phone": 390, "desk": 1440}
MODES = ("light", "dark")
HEIGHT = 900
TALLEST = 2400
DOCS = ROOT / "docs" / "screens"
# A repository remembers every byte: two of the four, and the desk's at two thirds.
IN_DOCS = {("desk", "light"): 960, ("phone", "dark"): 390}
QUALITY = 60
WHOSE = {
    "": "Before signing in",
    "agent": "Agent",
    "supervisor": "Supervisor",
    "planner": "Plan manager",
    "payroll": "Payroll",
    "auditor": "Auditor",
    "administrator": "Administrator",
}


def main() -> None:
    """Take all of them, and for the documents write the page that shows them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    (folder or DOCS).mkdir(parents=True, exist_ok=True)
    titles: dict[str, str] = {}
    with (
        tempfile.TemporaryDirectory() as var,
        demo_site(Path(var)) as site,
        chromium.browser() as running,
    ):
        for user in dict.fromkeys(shown.user for shown in PAGES):
            context, complaints = chromium.context_of(running)
            page = context.new_page()
            if user:
                chromium.sign_in(page, site, user)
            for shown in (one for one in PAGES if one.user == user):
                titles[shown.name] = take(page, site, shown, folder)
            context.close()
            for complaint in complaints:
                print(f"  {complaint}", file=sys.stderr)
    if folder is None:
        DOCS.with_suffix(".md").write_text(album(titles))


def take(page: chromium.Page, site: Site, shown: Shown, folder: Path | None) -> str:
    """One page in each size and mode that is wanted; its title."""
    page.goto(f"{site.address}{shown.address}")
    for size, width in SIZES.items():
        for mode in MODES:
            if folder is None and (size, mode) not in IN_DOCS:
                continue
            page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": HEIGHT})
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(tall, TALLEST)})
            picture = page.screenshot()
            if folder is None:
                keep(picture, DOCS / f"{shown.name}-{size}.webp", IN_DOCS[size, mode])
            else:
                (folder / f"{shown.name}-{size}-{mode}.png").write_bytes(picture)
    print(f"  {shown.name}", flush=True)
    return page.title().partition(" · ")[0]


def keep(picture: bytes, path: Path, width: int) -> None:
    """Write a picture small."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    height = round(image.height * width / image.width)
    image.resize((width, height), Image.Resampling.LANCZOS).save(path, quality=QUALITY, method=6)


def album(titles: dict[str, str]) -> str:
    """The page of the documents that shows them all, by whose they are."""
    lines = [
        "# Every page",
        "",
        "The demo's pages, each on a desk's screen and on a phone in the dark. `bin/screenshots`"
        " takes them",
        "anew; `bin/screenshots FOLDER` takes every size, light and dark, at full resolution.",
    ]
    for user, pages in groupby(sorted(PAGES, key=whose), key=whose):
        lines += ["", f"## {list(WHOSE.values())[user]}"]
        for shown in pages:
            title = titles[shown.name]
            lines += [
                "",
                f"### {title}",
                "",
                f'<img src="screens/{shown.name}-desk.webp" width="640" alt="{title}, desk">'
                f' <img src="screens/{shown.name}-phone.webp" width="180" alt="{title}, phone">',
            ]
    return "\n".join(lines) + "\n"


def whose(shown: Shown) -> int:
    """The place of a page's person among :data:`WHOSE`."""
    return list(WHOSE).index(shown.user)


if __name__ == "__main__":
    main()
