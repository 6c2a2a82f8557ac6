"""What a payroll profile may say: its JSON Schema, part of the tenant file's published one."""

from __future__ import annotations

from typing import Any

# Fields of one row; the second table is known for the whole batch, so names of files may use it.
ROW_FIELDS: dict[str, str] = {
    "payroll_id": "The person's id exactly as payroll knows it",
    "company": "The employment's company, else settings.company",
    "name": "The person's name",
    "first_name": "All of the name before its last word (or after a comma)",
    "last_name": "The last word of the name (or what stands before a comma)",
    "person": "The personnel number",
    "earning_type": "The earning type as plans call it",
    "code": "What `codes` makes of the earning type",
    "amount": "The amount of the row; of all codes, where a row is a person",
    "earned_period": "Code of the period in which it was earned",
    "earned_start": "First day of that period",
    "earned_end": "Last day of that period",
    "row": "Number of the row, from 1",
}
BATCH_FIELDS: dict[str, str] = {
    "batch_id": "What `batch_id` says",
    "batch": "Number of the batch in the period, from 1",
    "off_cycle": "Empty for the first batch of a period, B for the second, C, …",
    "pay_group": "Code of the pay group",
    "period": "Code of the pay period",
    "period_start": "First day of the pay period",
    "period_end": "Last day of the pay period",
    "pay_date": "Pay date; where the period has none, its last day",
    "frequency": "Kind of the pay calendar: monthly, semi_monthly, bi_weekly, weekly …",
    "currency": "Currency of the batch",
    "tenant": "Code of the tenant",
    "profile": "Code of the profile",
    "rows": "How many rows the file has (in `footer` only)",
    "total": "Their total (in `footer` only)",
}

TEXT = {"type": "string"}
FORMATS: dict[str, Any] = {
    "date_format": {**TEXT, "description": "YYYY, YY, MM and DD with anything between."},
    "decimals": {"type": "integer", "minimum": 0, "maximum": 6, "description": "Always written."},
    "upper_case": {"type": "boolean", "description": "Letters become capitals."},
}
COLUMN: dict[str, Any] = {
    "description": "A column: its header alone stays empty, else one of field, value, template "
    "or amount_of says what stands in it.",
    "oneOf": [
        TEXT,
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["header"],
            "properties": {
                "header": {**TEXT, "description": "As the payroll system expects it."},
                "field": {**TEXT, "description": "A field, or a key of settings."},
                "value": {**TEXT, "description": "The same in every row."},
                "template": {**TEXT, "description": "Text with fields: {company}-{payroll_id}."},
                "amount_of": {**TEXT, "description": "The person's total of this code."},
                "width": {"type": "integer", "minimum": 1, "description": "Filled up to it."},
                "fill": {**TEXT, "minLength": 1, "maxLength": 1, "description": "With what."},
                "align": {"enum": ["left", "right"], "description": "Left fills at the end."},
                "max": {"type": "integer", "minimum": 1, "description": "Longer is refused."},
                "map": {
                    "type": "object",
                    "additionalProperties": TEXT,
                    "description": "What is written for a value; others are refused.",
                },
                "required": {"type": "boolean", "description": "Empty is refused."},
                **FORMATS,
            },
        },
    ],
}
SCHEMA: dict[str, Any] = {
    "description": "The layout of one payroll system's file.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {**TEXT, "description": "As people read it."},
        "extends": {**TEXT, "description": "A ready profile to begin with."},
        "rows": {
            "enum": ["earning", "earning_period", "line", "person"],
            "description": "A row per person and code; and earned period; per ledger line; or a "
            "row per person with a column per code.",
        },
        "columns": {
            "type": "array",
            "minItems": 1,
            "items": COLUMN,
            "description": "The columns from left to right.",
        },
        "settings": {
            "type": "object",
            "additionalProperties": TEXT,
            "description": "Constants by name, such as company: columns and names use them.",
        },
        "codes": {
            "type": "object",
            "additionalProperties": TEXT,
            "description": "Earning type to payroll's code; * stands for every other type, "
            "and as a code for the type's own name.",
        },
        "batch_id": {**TEXT, "description": "Template of the batch id."},
        "file_name": {**TEXT, "description": "Template of the file's name."},
        "header": {"type": "boolean", "description": "Whether a row of headers comes first."},
        "preamble": {"type": "array", "items": TEXT, "description": "Lines before everything."},
        "footer": {"type": "array", "items": TEXT, "description": "Lines after everything."},
        "delimiter": {
            **TEXT,
            "maxLength": 1,
            "description": "Between columns; empty: fixed width.",
        },
        "line_end": {"enum": ["crlf", "lf"], "description": "How lines end."},
        "quoting": {
            "enum": ["minimal", "text", "all", "never"],
            "description": "Quotes where needed, round all texts, round everything, or never.",
        },
        "encoding": {
            "enum": ["ascii", "utf-8", "utf-8-sig", "latin-1", "cp1252"],
            "description": "How letters are written; utf-8-sig begins with a mark.",
        },
        "decimal_point": {"enum": [".", ",", ""], "description": "Empty: cents without a point."},
        "sort": {"type": "array", "items": TEXT, "description": "Fields that order the rows."},
        "negatives": {"type": "boolean", "description": "Whether amounts below zero may leave."},
        "formulas": {
            "enum": ["refuse", "apostrophe"],
            "description": "A text that a spreadsheet would run as a formula is refused, or gets "
            "an apostrophe in front.",
        },
        **FORMATS,
    },
}
