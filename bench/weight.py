"""What a first visit of a page loads: the page, its styles, scripts, icon and fonts, compressed."""

from __future__ import annotations

import gzip
import re
import urllib.request
from collections.abc import Iterator
from urllib.parse import urljoin

LEVEL = 6
PARTS = re.compile(r'<(?:link|script)\b[^>]*?\b(?:href|src)="([^"]+)"')
FACES = re.compile(r"@font-face\s*{(.*?)}", re.DOTALL)
SOURCE = re.compile(r"url\(['\"]?([^'\")]+)")
RANGE = re.compile(r"U\+([0-9a-fA-F]+)(?:-([0-9a-fA-F]+))?")


def first_visit(address: str, cookie: str) -> dict[str, int]:
    """Compressed bytes of the page and of each file that a browser loads with it, by path."""
    page = _get(address, cookie)
    text = page.decode()
    found = {address: _text(page)}
    for path in dict.fromkeys(PARTS.findall(text)):
        part = urljoin(address, path)
        content = _get(part, cookie)
        found[part] = _text(content)
        if part.endswith(".css"):
            for font in _fonts(content.decode(), text):
                where = urljoin(part, font)
                found[where] = len(_get(where, cookie))  # fonts are compressed already
    return found


def _get(address: str, cookie: str) -> bytes:
    asked = urllib.request.Request(address, headers={"Cookie": cookie})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return bytes(answer.read())


def _text(content: bytes) -> int:
    return len(gzip.compress(content, LEVEL))


def _fonts(css: str, text: str) -> Iterator[str]:
    """The files of the faces that have a character of the page."""
    wanted = {ord(character) for character in text}
    for face in FACES.findall(css):
        ranges = [(int(a, 16), int(b or a, 16)) for a, b in RANGE.findall(face)]
        needed = not ranges or any(a <= sign <= b for sign in wanted for a, b in ranges)
        source = SOURCE.search(face)
        if needed and source:
            yield source.group(1)
