"""The address of the outgoing mail, as Django's settings understand it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BACKENDS = "django.core.mail.backends"
PORTS = {"smtp": 587, "smtps": 465}


def mail_settings(url: str) -> dict[str, Any]:
    """Read smtp://user:password@host:587, smtps://…, file:///folder or console:.

    ``smtp`` begins plain and continues with TLS (STARTTLS); ``?tls=0`` leaves that out.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": f"{BACKENDS}.console.EmailBackend"}
    if parts.scheme == "file" and parts.path:
        return {
            "EMAIL_BACKEND": f"{BACKENDS}.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if parts.scheme not in PORTS or not parts.hostname:
        raise ImproperlyConfigured(
            f"EMAIL_URL must begin with smtp://, smtps://, file:/// or be console:, but begins "
            f"with {parts.scheme or 'nothing'}. Example: smtp://pmsite:secret@mail.bank:587"
        )
    plain = parse_qs(parts.query).get("tls") == ["0"]
    return {
        "EMAIL_BACKEND": f"{BACKENDS}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or PORTS[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and not plain,
        "EMAIL_TIMEOUT": 10,
    }
