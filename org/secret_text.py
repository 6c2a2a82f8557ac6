"""Secrets that have to be read again: encrypted at rest, under a key made from ``SECRET_KEY``.

A dump of the database alone gives none of them away. With another ``SECRET_KEY`` they cannot be
read any more, unless the old one stands among the ``SECRET_KEY_FALLBACKS``.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from org.errors import DomainError


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"pmsite secret text" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def encrypt(text: str) -> str:
    """The text as it may stand in a table."""
    return _box().encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """What :func:`encrypt` was given."""
    try:
        return _box().decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise DomainError(
            "A secret of sign-in cannot be read: it was encrypted under another SECRET_KEY. "
            "Put the old key into SECRET_KEY_FALLBACKS, or set the secret anew."
        ) from error
