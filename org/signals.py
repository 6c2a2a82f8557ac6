"""What the organisation tells those above it, who cannot be called from here.

``recorded``: a cause was written for which results may move, in the same transaction. It comes with
``change`` and ``at``. A trial that is rolled back tells it as well: what listeners write goes too.
"""

from __future__ import annotations

from django.dispatch import Signal

recorded = Signal()
