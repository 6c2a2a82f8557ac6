"""Pages of disputes: asking, the queue, one dispute, and the report."""
