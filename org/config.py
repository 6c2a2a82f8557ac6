"""This app's part of the tenant file, in the order in which one section needs another.

``users`` comes late: it names people, who come in by CSV after everything else here.
"""

from __future__ import annotations

from org.config_codes import ABSENCE_TYPES, FACTS, JOB_TYPES, TENANT
from org.config_pay_groups import PAY_GROUPS
from org.config_section import Section
from org.config_sign_in import SIGN_IN
from org.config_time import CALENDARS, HOLIDAYS
from org.config_units import UNITS
from org.config_users import USERS

SECTIONS: tuple[Section, ...] = (
    TENANT,
    HOLIDAYS,
    CALENDARS,
    UNITS,
    JOB_TYPES.section(),
    ABSENCE_TYPES.section(),
    FACTS.section(),
    PAY_GROUPS.section(),
    USERS,
    SIGN_IN,
)
