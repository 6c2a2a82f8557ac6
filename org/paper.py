"""Pages as PDF: the same templates, printed by WeasyPrint, without a look at the network."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponse

PDF = "application/pdf"
STYLE = "css/paper.css"


def pdf(html: str, *, base: str, identifier: str = "") -> bytes:
    """A page as PDF; ``base`` completes the addresses of its links.

    ``identifier``: stands in the file, so that the same content makes the same bytes.
    """
    from weasyprint import CSS, HTML  # takes a second to load, and only papers need it

    style = finders.find(STYLE)
    assert isinstance(style, str), f"{STYLE} is part of the site"
    page = HTML(string=html, base_url=base, url_fetcher=_nothing)
    styles = [CSS(filename=style, url_fetcher=_nothing)]
    named = identifier.encode() if identifier else None
    return bytes(page.write_pdf(stylesheets=styles, pdf_identifier=named))


def attached(content: bytes, *, name: str, kind: str = PDF) -> HttpResponse:
    """A file as an answer that browsers save under a name."""
    answer = HttpResponse(content, content_type=kind)
    safe = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in name)
    answer["Content-Disposition"] = f'attachment; filename="{safe}"'
    return answer


def _nothing(url: str, *_: Any, **__: Any) -> dict[str, Any]:
    """Papers hold all that they show: nothing is fetched, from nowhere."""
    raise ValueError(f"A paper may not fetch {url}.")
