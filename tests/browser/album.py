"""Pictures of a journey, step by step, for whoever wants to look at them.

Set PICTURES to a folder and run the test: each step is there at the desk's width in light, and at
the phone's in dark. Without it nothing is taken, and the test is as fast as it can be.
"""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from playwright.sync_api import Page

TALLEST = 3000
SHAPES = (("desk", 1440, "light"), ("phone", 390, "dark"))


class Album:
    """The pictures of one journey, in the order in which they were taken."""

    def __init__(self, journey: str) -> None:
        folder = os.environ.get("PICTURES")
        self.folder = Path(folder) / journey if folder else None
        self.numbers = count(1)

    def take(self, page: Page, step: str) -> None:
        """The page as it is now."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        number, before = next(self.numbers), page.viewport_size
        for shape, width, mode in SHAPES:
            page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 900})
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(max(tall, 900), TALLEST)})
            page.screenshot(path=self.folder / f"{number:02}-{step}-{shape}.png", caret="initial")
        page.emulate_media(color_scheme="light")
        if before is not None:
            page.set_viewport_size(before)
