"""What calculation tells those above it, who cannot be called from here, in the same transaction.

``calculated``: a period has new runs. ``finalised``: plans became final in a period. Both come with
``period``, ``at`` and ``on``, the latter with ``plans`` too. A trial that is rolled back tells it
as well: what listeners write goes with it.

``dispute_moved``: a dispute was opened, answered, handed on or settled. It comes with ``dispute``,
``action`` as the audit trail calls it, ``by`` and ``at``.

``handed_in``: a version was handed in for review. It comes with ``version`` and ``at``.
"""

from __future__ import annotations

from django.dispatch import Signal

calculated = Signal()
finalised = Signal()
dispute_moved = Signal()
handed_in = Signal()
