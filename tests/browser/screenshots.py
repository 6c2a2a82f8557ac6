"""Pictures of every page, for docs/screens: phone and desk, light and dark.

python -m tests.browser.screenshots [FOLDER]
"""

from __future__ import annotations

import io
import sys
import tempfile
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
COLOURS = 128


def main() -> None:
    """Take all of them into the folder of the command line."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
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
                take(page, site, shown, folder)
            context.close()
            for complaint in complaints:
                print(f"  {complaint}", file=sys.stderr)


def take(page: chromium.Page, site: Site, shown: Shown, folder: Path) -> None:
    """One page in each size; dark only at the desk's."""
    page.goto(f"{site.address}{shown.address}")
    for size, width in SIZES.items():
        for mode in MODES:
            if mode == "dark" and size == "phone":
                continue
            page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": HEIGHT})
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(tall, TALLEST)})
            small(page.screenshot(), folder / f"{shown.name}-{size}-{mode}.png")
    print(f"  {shown.name}", flush=True)


def small(picture: bytes, path: Path) -> None:
    """Keep a picture with few colours: pages have few, and a repository remembers every byte."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main()
