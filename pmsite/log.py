"""What the logs say: who asked for what in which tenant, never how much somebody earns."""

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

log = structlog.get_logger("pmsite.request")


def withhold_amounts(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what must not stand in a log; a processor of structlog."""
    for key in WITHHELD.intersection(event):
        event[key] = "withheld"
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
            path=request.path,
            status=response.status_code,
            ms=round((time.monotonic() - begin) * 1000),
        )
        return response
