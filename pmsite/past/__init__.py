"""Periods as they were known at a past moment."""
