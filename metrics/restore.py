"""Bringing back what a delivery or correction had replaced: the last that was said and still holds.

The keys stand in the temporary table ``freed`` (person_id, day, metric_id, reference).
"""

from __future__ import annotations

from datetime import datetime

from metrics.compare import LAST_DELIVERED, same_key
from metrics.totals import JOB_OF_DAY
from org.sql import execute


def bring_back(at: datetime) -> int:
    """Write, as new rows, the latest value of each freed key whose delivery is not undone.

    What comes back is recorded at ``at``: history stays as it was known. The job is the one that
    covers the day now.
    """
    last = LAST_DELIVERED.format(same_key=same_key("history", "freed"))
    return execute(
        "INSERT INTO metrics_value (person_id, day, metric_id, reference, recorded_at, numerator,"
        " denominator, assignment_id, slot, delivery_id, transaction_id, rule_id, role, share,"
        " undone, undone_on)"
        " SELECT value.person_id, value.day, value.metric_id, value.reference, %s, value.numerator,"
        " value.denominator, job.id, value.slot, value.delivery_id, value.transaction_id,"
        " value.rule_id, value.role, value.share, value.undone, value.undone_on"
        f" FROM freed CROSS JOIN LATERAL ({last}) AS value"
        f" LEFT JOIN LATERAL ({JOB_OF_DAY}) AS job ON true",
        [at],
    )
