"""What the logs say: who asked for what in which tenant, never how much somebody earns."""

import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Keys whose values could tell a person's pay or performance.
WITHHELD = frozenset(
    {"amount", "amounts", "balance", "due", "earning", "paid", "pay", "rate", "salary", "value"}
)

# The secret of a screen's address opens it, so no log has it.
SECRET = re.compile(r"^(/wall/)[^/]+")

# PostgreSQL's detail of an error quotes the row or the key that it is about.
DETAIL = re.compile(r"\n(DETAIL|CONTEXT):.*?(?=\n\n|\Z)", re.DOTALL)

log = structlog.get_logger("pmsite.request")


def withhold_amounts(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what must not stand in a log; a processor of structlog."""
    for key in WITHHELD.intersection(event):
        event[key] = "withheld"
    return event


def without_details(text: str) -> str:
    """Return a database's error without the values that it quotes."""
    return DETAIL.sub("\n\\1: withheld", text)


def withhold_details(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Take quoted rows out of messages and tracebacks; a processor of structlog."""
    for key, text in event.items():
        if isinstance(text, str):
            event[key] = without_details(text)
    return event


def without_trace_of_refusals(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Say a refusal of a request in its own words: nothing broke, so there is nothing to trace."""
    trace = event.get("exc_info")
    if event.get("logger") == "django.request" and event.get("level") == "warning" and trace:
        event["reason"] = str(event.pop("exc_info")[1])
    return event


class RequestLogMiddleware:
    """Write one line per request: method, path without its query, status, milliseconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        structlog.contextvars.clear_contextvars()
        begin = time.monotonic()
        response = self.get_response(request)
        log.info(
            "request",
            method=request.method,
            path=SECRET.sub(r"\1…", request.path),
            status=response.status_code,
            ms=round((time.monotonic() - begin) * 1000),
        )
        return response
