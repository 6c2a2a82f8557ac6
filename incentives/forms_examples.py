"""The form of a worked example: a box for each thing that the version's formulas read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from formula import key_of
from incentives.examples import Input, Needs, Said
from incentives.models import Example
from incentives.rules import TOTAL, VersionRules
from org.pages import number_in

# Empty rows at the end of each table of lines, to be filled in.
SPARE = 3
MOST_ROWS = 200
LINES = {
    "days": ("Days", "A row for each day on which anything happened."),
    "others": ("Colleagues", "A row for each who shares the pool; empty: as the person's own."),
}


@dataclass(frozen=True)
class Grid:
    """A table of lines: credits of a measure, days or colleagues."""

    key: str
    title: str
    help: str
    columns: Sequence[Input]
    rows: Sequence[Sequence[BoundField]]


class ExampleForm(forms.Form):
    """Name, note, inputs, lines and what each component must come to."""

    name = forms.CharField(
        max_length=120, help_text="What it shows, such as: reaches tier 2 in the last days."
    )
    note = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="More about it. The plan document prints it.",
    )

    def __init__(
        self, *args: Any, rules: VersionRules, needs: Needs, example: Example | None, **kwargs: Any
    ) -> None:
        self.needs = needs
        self.components = {one.name: one.title for one in rules.components.values()}
        if rules.whole:
            self.components[TOTAL] = "The plan in all"
        said = Said(example.inputs, example.lines, example.expected) if example else Said({})
        names = {"name": example.name, "note": example.note} if example else {}
        kwargs["initial"] = {**names, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self._add_inputs(said.inputs)
        self.lines = list(self._lines(rules))
        for key, _, _, columns in self.lines:
            self._add_rows(key, columns, _rows_of(said.lines, key))
        for name, title in self.components.items():
            self._add(f"pays-{name}", title, _alike(said.expected, name), _pays_help(name))

    # --- the fields

    def _add(self, name: str, label: str, initial: str, help_text: str = "") -> None:
        self.fields[name] = forms.CharField(
            required=False, max_length=200, label=label, initial=initial, help_text=help_text
        )

    def _add_inputs(self, values: Mapping[str, str]) -> None:
        for number, one in enumerate(self.needs.inputs):
            self._add(f"in-{number}", _label(one), _alike(values, one.name), _help(one))

    def _lines(self, rules: VersionRules) -> Iterator[tuple[str, str, str, Sequence[Input]]]:
        for of, columns in self.needs.credits.items():
            title = f"Credits of {rules.measures[of].title}"
            yield f"credits.{of}", title, "A row for each, in order.", columns
        if self.needs.days:
            yield "days", *LINES["days"], self.needs.days
        if self.needs.others:
            yield "others", *LINES["others"], self.needs.inputs

    def _add_rows(
        self, key: str, columns: Sequence[Input], rows: Sequence[Mapping[str, str]]
    ) -> None:
        wanted = len(rows) + SPARE
        if self.is_bound:
            posted = number_in(str(self.data.get(f"{key}-rows", "")))
            wanted = SPARE if posted is None else min(posted, MOST_ROWS)
        for number in range(wanted):
            row = rows[number] if number < len(rows) else {}
            for place, one in enumerate(columns):
                label = f"{one.name}, row {number + 1}"
                self._add(f"{key}-{number}-{place}", label, _alike(row, one.name))
        self.fields[f"{key}-rows"] = forms.IntegerField(
            required=False, initial=wanted, widget=forms.HiddenInput
        )

    # --- for the page

    @property
    def inputs(self) -> list[BoundField]:
        """The boxes of the person's inputs, but for those that are seldom filled in."""
        return [box for box, rare in self._input_boxes() if not rare]

    @property
    def decided(self) -> list[BoundField]:
        """The boxes of attainments that somebody decided."""
        return [box for box, rare in self._input_boxes() if rare]

    def _input_boxes(self) -> Iterator[tuple[BoundField, bool]]:
        for number, one in enumerate(self.needs.inputs):
            yield self[f"in-{number}"], one.name.startswith("ATTAINMENT(")

    @property
    def expected(self) -> list[BoundField]:
        """The boxes of what each component comes to."""
        return [self[f"pays-{name}"] for name in self.components]

    @property
    def counts(self) -> list[BoundField]:
        """How many rows each table has, hidden."""
        return [self[f"{key}-rows"] for key, _, _, _ in self.lines]

    @property
    def grids(self) -> list[Grid]:
        """The tables of lines."""
        return [
            Grid(key, title, help_text, columns, self._boxes(key, columns))
            for key, title, help_text, columns in self.lines
        ]

    def _boxes(self, key: str, columns: Sequence[Input]) -> list[list[BoundField]]:
        found: list[list[BoundField]] = []
        while f"{key}-{len(found)}-0" in self.fields:
            found.append([self[f"{key}-{len(found)}-{place}"] for place in range(len(columns))])
        return found

    # --- what was typed

    @property
    def said(self) -> Said:
        """The example as it was typed; empty boxes say nothing."""
        typed = self.cleaned_data
        inputs = {
            one.name: text
            for number, one in enumerate(self.needs.inputs)
            if (text := typed[f"in-{number}"].strip())
        }
        expected = {
            name: text for name in self.components if (text := typed[f"pays-{name}"].strip())
        }
        return Said(inputs, self._typed_lines(), expected)

    def _typed_lines(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, _, _, columns in self.lines:
            rows = [row for row in self._typed_rows(key, columns) if row]
            if not rows:
                continue
            if key.startswith("credits."):
                found.setdefault("credits", {})[key.removeprefix("credits.")] = rows
            else:
                found[key] = rows
        return found

    def _typed_rows(self, key: str, columns: Sequence[Input]) -> Iterator[dict[str, str]]:
        number = 0
        while f"{key}-{number}-0" in self.fields:
            texts = [self.cleaned_data[f"{key}-{number}-{n}"].strip() for n in range(len(columns))]
            yield {one.name: text for one, text in zip(columns, texts, strict=True) if text}
            number += 1


def _rows_of(lines: Mapping[str, Any], key: str) -> list[Mapping[str, str]]:
    if key.startswith("credits."):
        lines = {f"credits.{key_of(of)}": rows for of, rows in lines.get("credits", {}).items()}
    rows: list[Mapping[str, str]] = lines.get(key, [])
    return rows


def _alike(values: Mapping[str, str], name: str) -> str:
    """What is said under a name, however it is spaced and capitalised."""
    wanted = key_of("".join(name.split()))
    return next((t for n, t in values.items() if key_of("".join(n.split())) == wanted), "")


def _label(one: Input) -> str:
    """What people call it, where that says more than its name in formulas."""
    return one.title[:1].upper() + one.title[1:] or one.name


def _help(one: Input) -> str:
    kinds = {"yes/no": "Yes or no.", "date": "A day, as 2026-01-31.", "text": "A text."}
    empty = f"Empty: {one.default}." if one.default else "Empty: not known."
    said = (f"In formulas {one.name}.", kinds.get(one.type.value, ""), empty)
    return " ".join(filter(None, said))


def _pays_help(name: str) -> str:
    return "" if name == TOTAL else "An amount, or: undecided."
