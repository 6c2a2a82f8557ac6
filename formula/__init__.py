"""The language in which managers write pay rules: parse, check, explain, compile to SQL and Excel.

``check`` turns text into a Formula; ``evaluate`` works it out for one person, with a trace;
``layers`` works many formulas out for a whole population in one SQL statement. Both engines give
the same result to the last digit; formula/spec.py says what that is. ``formula.excel`` writes the
same for a spreadsheet, as exact as its digits allow. No Django in here.
"""

from formula.checker import Formula, check
from formula.engine import Outcome, Step, evaluate
from formula.errors import FormulaError
from formula.order import dependency_order
from formula.scope import (
    DEFAULT_USES,
    EVERY_USE,
    Name,
    Ref,
    Scope,
    error_column,
    key_of,
    name_problem,
)
from formula.sql import layers
from formula.tables import Table, TableError
from formula.values import (
    BOOLEAN,
    DATE,
    ERROR_SENTENCES,
    NUMBER,
    TEXT,
    ErrorValue,
    Type,
    Value,
)
from formula.words import words

__all__ = [
    "BOOLEAN",
    "DATE",
    "DEFAULT_USES",
    "ERROR_SENTENCES",
    "EVERY_USE",
    "NUMBER",
    "TEXT",
    "ErrorValue",
    "Formula",
    "FormulaError",
    "Name",
    "Outcome",
    "Ref",
    "Scope",
    "Step",
    "Table",
    "TableError",
    "Type",
    "Value",
    "check",
    "dependency_order",
    "error_column",
    "evaluate",
    "key_of",
    "layers",
    "name_problem",
    "words",
]
