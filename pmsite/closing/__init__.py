"""Closing a period: the list, a period with its plans, and the checklist of each plan."""
