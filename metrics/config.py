"""The metrics' part of the tenant file: definitions, sources, goals, transactions, credit rules."""

from __future__ import annotations

from metrics.config_credits import CREDITS, TRANSACTIONS
from metrics.config_goals import GOALS
from metrics.config_metrics import METRICS
from metrics.config_sources import SOURCES
from org.config_section import Section

SECTIONS: tuple[Section, ...] = (METRICS, TRANSACTIONS, SOURCES, CREDITS, GOALS)
