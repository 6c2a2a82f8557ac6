"""What the metrics tell those above them, who cannot be called from here, in the same transaction.

``request_decided``: a correction of a figure (``CorrectionRequest``) or of a transaction
(``DealRequest``) that was asked for is approved, refused or withdrawn. It comes with ``request``,
``by`` and ``at``.
"""

from __future__ import annotations

from django.dispatch import Signal

request_decided = Signal()
