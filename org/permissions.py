"""Every permission and every role, and which role has which: one enum each and one table.

Code asks :func:`roles_with` or ``Permission`` members; a misspelt one is an AttributeError.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache


class Permission(StrEnum):
    """One thing that somebody may do."""

    SEE_OWN = "see_own"
    SEE_TEAM = "see_team"
    SEE_EVERYONE = "see_everyone"
    SEE_RULES = "see_rules"
    EDIT_RULES = "edit_rules"
    PUBLISH_RULES = "publish_rules"
    APPROVE_REDUCTIONS = "approve_reductions"
    UPLOAD_DATA = "upload_data"
    CORRECT_DATA = "correct_data"
    APPROVE_CORRECTIONS = "approve_corrections"
    ENTER_SCORES = "enter_scores"
    RECORD_ABSENCE = "record_absence"
    CONFIRM_TEAM = "confirm_team"
    ANSWER_DISPUTES = "answer_disputes"
    CALCULATE = "calculate"
    FINALISE = "finalise"
    PREPARE_PAY = "prepare_pay"
    APPROVE_PAY = "approve_pay"
    SEE_AUDIT = "see_audit"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_USERS = "manage_users"
    CONFIGURE = "configure"


class Role(StrEnum):
    """What a member of a tenant is there for."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    PLAN_MANAGER = "plan_manager"
    PAYROLL = "payroll"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """The role's name as people read it."""
        return self.value.replace("_", " ").capitalize()


P = Permission
ROLES: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset({P.SEE_OWN}),
    Role.SUPERVISOR: frozenset(
        {
            P.SEE_OWN,
            P.SEE_TEAM,
            P.CORRECT_DATA,
            P.ENTER_SCORES,
            P.RECORD_ABSENCE,
            P.CONFIRM_TEAM,
            P.ANSWER_DISPUTES,
        }
    ),
    Role.PLAN_MANAGER: frozenset(
        {
            P.SEE_OWN,
            P.SEE_EVERYONE,
            P.SEE_RULES,
            P.EDIT_RULES,
            P.PUBLISH_RULES,
            P.UPLOAD_DATA,
            P.CORRECT_DATA,
            P.APPROVE_CORRECTIONS,
            P.CALCULATE,
            P.FINALISE,
            P.ANSWER_DISPUTES,
        }
    ),
    Role.PAYROLL: frozenset(
        {
            P.SEE_OWN,
            P.SEE_EVERYONE,
            P.SEE_RULES,
            P.FINALISE,
            P.PREPARE_PAY,
            P.APPROVE_PAY,
            P.APPROVE_REDUCTIONS,
            P.ANSWER_DISPUTES,
        }
    ),
    Role.AUDITOR: frozenset({P.SEE_EVERYONE, P.SEE_RULES, P.SEE_AUDIT}),
    Role.ADMINISTRATOR: frozenset(
        {
            P.SEE_OWN,
            P.SEE_EVERYONE,
            P.SEE_RULES,
            P.UPLOAD_DATA,
            P.MANAGE_PEOPLE,
            P.RECORD_ABSENCE,
            P.MANAGE_USERS,
            P.CONFIGURE,
            P.APPROVE_REDUCTIONS,
            P.SEE_AUDIT,
            P.ANSWER_DISPUTES,
        }
    ),
}


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles that carry a permission."""
    return frozenset(role for role, permissions in ROLES.items() if permission in permissions)


@cache
def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """All that several roles may do together."""
    return frozenset(permission for role in roles for permission in ROLES[role])
