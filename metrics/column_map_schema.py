"""The JSON Schema of a column map, part of the published schema of the tenant file."""

from __future__ import annotations

from typing import Any

_COLUMN = {"type": ["string", "integer"], "description": "Name of a column, as in the header."}
_CONDITION = {
    "description": "Which rows count: “Resolved = Y”, a list that must all hold, "
    "{Topic: [A, B]}, {column: Agent, begins: Total}, or {formula: …}.",
    "type": ["string", "array", "object"],
}
_READING: dict[str, Any] = {
    "as": {
        "description": "How the cells are read; durations become seconds, percents fractions.",
        "enum": [
            "number",
            "money",
            "percent",
            "duration",
            "hh:mm:ss",
            "mm:ss",
            "hh:mm",
            "seconds",
            "milliseconds",
            "minutes",
            "hours",
        ],
    },
    "decimal": {"description": "Decimal sign.", "enum": [".", ","]},
    "thousands": {
        "description": "What groups digits; empty: nothing does.",
        "enum": ["", ".", ",", " ", "'", "’"],
    },
}
_VERBS: dict[str, Any] = {
    "count": {"const": "rows", "description": "One for each row."},
    "sum": {**_COLUMN, "description": "Added up per person and day."},
    "column": {**_COLUMN, "description": "One value per person and day."},
    "last": {**_COLUMN, "description": "The last row of a person and day."},
    "minimum": {**_COLUMN, "description": "The smallest of a person and day."},
    "maximum": {**_COLUMN, "description": "The largest of a person and day."},
    "average": {**_COLUMN, "description": "Times the denominator, it is the sum again."},
    "constant": {"type": ["number", "string"], "description": "The same number for each row."},
}
_PART = {
    "description": "A column, a number, or how to work it out.",
    "type": ["string", "number", "object"],
    "properties": {**_VERBS, **_READING, "where": _CONDITION},
    "additionalProperties": False,
}
_METRIC = {
    "description": "How the metric comes out of the rows; a plain text is a column.",
    "type": ["string", "object"],
    "properties": {
        **_VERBS,
        **_READING,
        "where": _CONDITION,
        "denominator": _PART,
        "weight": _PART,
    },
    "additionalProperties": False,
}
_LONG = {
    "description": "A file with one value in each row, whose metric a column names.",
    "type": "object",
    "properties": {
        "from": {
            "description": "The columns that hold the metric, its value and what divides it.",
            "type": "object",
            "properties": dict.fromkeys(("metric", "value", "denominator", "weight"), _COLUMN),
            "required": ["metric", "value"],
            "additionalProperties": False,
        },
        **_READING,
        "verb": {
            "description": "What rows of the same person, day and metric become.",
            "enum": ["column", "sum", "last"],
        },
        "metrics": {
            "description": "The file's name of a metric, and our code.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
    },
    "required": ["from"],
    "additionalProperties": False,
}

SCHEMA: dict[str, Any] = {
    "description": "Which columns of the source's file hold what, and how cells are read.",
    "type": "object",
    "properties": {
        "sheet": {"type": "string", "description": "Sheet of a workbook; else the first filled."},
        "header_row": {
            "description": "Row of the header; auto: the first that holds the named columns.",
            "anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}],
        },
        "delimiter": {"type": "string", "description": "Of a CSV file; else found out."},
        "encoding": {"type": "string", "description": "Of a CSV file; else found out."},
        "decimal": _READING["decimal"],
        "thousands": _READING["thousands"],
        "names": {
            "description": "Short names of columns for formulas in conditions.",
            "type": "object",
            "additionalProperties": {
                "type": ["string", "object"],
                "properties": {"column": _COLUMN, **_READING},
            },
        },
        "person": {
            "description": "The column that names the person, and by what.",
            "type": ["string", "object"],
            "properties": {
                "column": _COLUMN,
                "by": {
                    "enum": ["alias", "code", "name"],
                    "description": "alias (the source's own name, the default), code or name.",
                },
            },
            "additionalProperties": False,
        },
        "day": {
            "description": "The column of the day, or of a moment that is turned into a day.",
            "type": ["string", "object"],
            "properties": {
                "column": _COLUMN,
                "time_stamp": _COLUMN,
                "format": {
                    "description": "DD.MM.YYYY or %d.%m.%Y; several are tried in turn.",
                    "type": ["string", "array"],
                },
                "zone": {
                    "type": "string",
                    "description": "Zone of moments that name none; the day is the source's.",
                },
            },
            "additionalProperties": False,
        },
        "reference": {
            "description": "Column or columns that name the single row, such as a call's id.",
            "type": ["string", "array", "object"],
        },
        "slot": {
            "description": "The job slot that the values belong to, or the column that names it.",
            "type": ["string", "object"],
        },
        "transaction": {
            "type": "string",
            "description": "Code of a kind of transaction: each row is one of these, and the map "
            "has no person, day and values.",
        },
        "key": {
            "description": "Of transactions: the columns that name one, in the order of the kind's "
            "key. Left out: the columns called like it.",
            "type": ["string", "integer", "array"],
        },
        "attributes": {
            "description": "Of transactions: attribute or date to its column, or how its cells are "
            "read. Left out: all that the kind has, in columns called like them.",
            "type": ["array", "object"],
            "additionalProperties": {
                "type": ["string", "integer", "object"],
                "properties": {
                    "column": _COLUMN,
                    **_READING,
                    "format": {"type": ["string", "array"], "description": "DD.MM.YYYY …"},
                    "zone": {"type": "string", "description": "Zone of moments that name none."},
                },
                "additionalProperties": False,
            },
        },
        "parties": {
            "description": "Of transactions: role to the column of its person, or {person, share}, "
            "or a list of these. Left out: all roles, in columns called like them.",
            "type": "object",
            "additionalProperties": {
                "type": ["string", "integer", "object", "array"],
                "properties": {
                    "person": _COLUMN,
                    "share": {**_COLUMN, "description": "Column of the share: 60 %, 0.6 or 1/3."},
                },
                "additionalProperties": False,
            },
        },
        "people_by": {
            "enum": ["alias", "code", "name"],
            "description": "Of transactions: what its columns of people hold, as by does.",
        },
        "about": {
            "description": "Of transactions: which transaction a row concerns.",
            "type": "object",
            "properties": {
                "kind": {"type": "string", "description": "Code of its kind."},
                "column": {**_COLUMN, "description": "The column of its key."},
                "columns": {"type": "array", "description": "The columns of its key."},
            },
            "required": ["kind"],
            "additionalProperties": False,
        },
        "skip_rows": {
            "description": "Rows that are no data, such as totals: conditions.",
            "type": ["string", "array", "object"],
        },
        "values": {
            "description": "The metrics, each with how it comes out of the rows; or from: …",
            "anyOf": [_LONG, {"type": "object", "additionalProperties": _METRIC}],
        },
    },
    "additionalProperties": False,
}
