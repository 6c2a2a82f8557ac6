"""Tenants and who works in them: units, people, employments, assignments, facts, calendars."""

from org.models.access import Membership, RoleGrant
from org.models.calendars import Calendar, Holiday, HolidayCalendar, Period
from org.models.history import AuditEntry, ByHand, InputChange, StaleMark
from org.models.people import (
    AbsenceType,
    Assignment,
    Availability,
    Employment,
    Fact,
    FactType,
    JobType,
    PayGroup,
    Person,
)
from org.models.rule_changes import RuleChange
from org.models.sign_in import ProviderSecret, SignInRules
from org.models.team import TeamConfirmation, TeamObjection
from org.models.tenants import Tenant, User
from org.models.units import Unit, UnitClosure, UnitPlacement

__all__ = [
    "AbsenceType",
    "Assignment",
    "AuditEntry",
    "Availability",
    "ByHand",
    "Calendar",
    "Employment",
    "Fact",
    "FactType",
    "Holiday",
    "HolidayCalendar",
    "InputChange",
    "JobType",
    "Membership",
    "PayGroup",
    "Period",
    "Person",
    "ProviderSecret",
    "RoleGrant",
    "RuleChange",
    "SignInRules",
    "StaleMark",
    "TeamConfirmation",
    "TeamObjection",
    "Tenant",
    "Unit",
    "UnitClosure",
    "UnitPlacement",
    "User",
]
