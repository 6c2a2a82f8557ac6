"""A plan as a picture: metrics feed measures, measures and tables feed components, those the plan.

Laid out here, in four columns, so that it needs no other program: a page draws it as SVG, and the
same edges are said in sentences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse

from formula import key_of
from incentives.editor.rename import formulas_of, names_it
from incentives.models import PlanVersion

WIDTH, HEIGHT, GAP, COLUMN, EDGE = 188, 40, 14, 256, 12
LONGEST = 24
Key = tuple[str, str]


@dataclass(frozen=True)
class Node:
    """A box: what it is, what it is called, where it leads and where it stands."""

    kind: str
    name: str
    label: str
    address: str
    x: int
    y: int

    @property
    def short(self) -> str:
        """The label as far as there is room."""
        return self.label if len(self.label) <= LONGEST else f"{self.label[: LONGEST - 1]}…"

    @property
    def middle(self) -> int:
        return self.y + HEIGHT // 2

    @property
    def text_y(self) -> int:
        return self.y + HEIGHT // 2 + 5

    @property
    def text_x(self) -> int:
        return self.x + 12


@dataclass(frozen=True)
class Edge:
    """What one box feeds into another, as the path of a line."""

    source: Node
    target: Node

    @property
    def path(self) -> str:
        """A line from the right side of one box to the left side of the other."""
        x0, y0 = self.source.x + WIDTH, self.source.middle
        x1, y1 = self.target.x, self.target.middle
        if x1 <= x0:  # within a column: round the right side
            x1 = self.target.x + WIDTH
            out = x0 + 34
            return f"M{x0} {y0} C{out} {y0} {out} {y1} {x1} {y1}"
        bend = (x1 - x0) // 2
        return f"M{x0} {y0} C{x0 + bend} {y0} {x1 - bend} {y1} {x1} {y1}"


@dataclass(frozen=True)
class Picture:
    """Boxes, lines, the size of the whole, and the same in sentences."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int
    sentences: tuple[str, ...]


def picture(version: PlanVersion) -> Picture:
    """What feeds what in a version; also in one that has mistakes."""
    parts, feeds = _parts(version), list(_feeds(version))
    feeds = [(a, b) for a, b in feeds if a in parts and b in parts]
    columns = _columns(parts, feeds)
    tallest = max(len(column) for column in columns)
    height = max(1, tallest) * (HEIGHT + GAP) - GAP + 2 * EDGE
    nodes: dict[Key, Node] = {}
    for number, column in enumerate(columns):
        used = len(column) * (HEIGHT + GAP) - GAP
        top = (height - used) // 2
        for place, key in enumerate(column):
            label, address = parts[key]
            y = top + place * (HEIGHT + GAP)
            nodes[key] = Node(key[0], key[1], label, address, EDGE + number * COLUMN, y)
    edges = tuple(Edge(nodes[a], nodes[b]) for a, b in feeds)
    width = 3 * COLUMN + WIDTH + 2 * EDGE
    return Picture(tuple(nodes.values()), edges, width, height, tuple(_sentences(nodes, feeds)))


def _parts(version: PlanVersion) -> dict[Key, tuple[str, str]]:
    """Every box by kind and name, with its label and address."""
    parts: dict[Key, tuple[str, str]] = {}
    for measure in version.measures.select_related("metric").order_by("name"):
        if measure.metric:
            address = reverse("admin:metrics_metric_change", args=[measure.metric_id])
            parts["metric", measure.metric.code] = measure.metric.name, address
        elif measure.earnings_of:
            parts["earnings", measure.earnings_of] = measure.earnings_of, ""
        parts["measure", measure.name] = measure.name, _at(version, "measures", measure.name)
    for table in version.tables.order_by("name"):
        parts["table", table.name] = table.name, _at(version, "tables", table.name)
    for component in version.components.order_by("order", "name"):
        address = _at(version, "components", component.name)
        parts["component", component.name] = str(component), address
    parts["plan", version.plan.code] = version.plan.name, reverse("edit-version", args=[version.pk])
    return parts


def _at(version: PlanVersion, section: str, name: str) -> str:
    return reverse("edit-part", args=[version.pk, section, name])


def _feeds(version: PlanVersion) -> Iterator[tuple[Key, Key]]:
    """What feeds what, by kind and name."""
    for measure in version.measures.select_related("metric").order_by("name"):
        if measure.metric:
            yield ("metric", measure.metric.code), ("measure", measure.name)
        elif measure.earnings_of:
            yield ("earnings", measure.earnings_of), ("measure", measure.name)
    texts: dict[str, list[str]] = defaultdict(list)
    for section, part, _, text in formulas_of(version):
        if section == "components":
            texts[part].append(text)
    components = list(version.components.order_by("order", "name"))
    readable = [("measure", row.name) for row in version.measures.order_by("name")]
    readable += [("table", row.name) for row in version.tables.order_by("name")]
    for component in components:
        here = "component", component.name
        own = texts[component.name]
        for kind, name in readable:
            paid = kind == "measure" and key_of(component.of) == key_of(name)
            if paid or _read(own, name):
                yield (kind, name), here
        others = [row.name for row in components if row.pk != component.pk and _asks(own)]
        for name in others:
            if _read(own, name):
                yield ("component", name), here
        yield here, ("plan", version.plan.code)


def _read(texts: Iterable[str], name: str) -> bool:
    return any(names_it(text, name) for text in texts if text)


def _asks(texts: Iterable[str]) -> bool:
    """Whether formulas ask for what components pay."""
    words = ("EARNED", "RANK", "TIES", "SHARE")
    return any(word in text.upper() for text in texts for word in words)


def _columns(parts: dict[Key, tuple[str, str]], feeds: list[tuple[Key, Key]]) -> list[list[Key]]:
    """The boxes of the four columns, each ordered by what it feeds, so that few lines cross."""
    kinds = (("metric", "earnings"), ("measure", "table"), ("component",), ("plan",))
    columns = [[key for key in parts if key[0] in kind] for kind in kinds]
    for number in (1, 0):
        places = {key: place for place, key in enumerate(columns[number + 1])}
        targets: dict[Key, list[int]] = defaultdict(list)
        for source, target in feeds:
            if target in places:
                targets[source].append(places[target])
        columns[number].sort(
            key=lambda key: (
                sum(targets[key]) / len(targets[key]) if targets[key] else len(places),
                key,
            )
        )
    return columns


def _sentences(nodes: dict[Key, Node], feeds: list[tuple[Key, Key]]) -> Iterator[str]:
    """The picture in words, a sentence for each box that reads something."""
    reads: dict[Key, list[str]] = defaultdict(list)
    for source, target in feeds:
        said = f"the {source[0]} {nodes[source].label}"
        reads[target].append(said)
    for key, node in nodes.items():
        if reads[key] and key[0] != "plan":
            *first, last = reads[key]
            listed = f"{', '.join(first)} and {last}" if first else last
            yield f"The {key[0]} {node.label} reads {listed}."
    unused = [
        node.label
        for key, node in nodes.items()
        if key[0] in ("measure", "table") and not any(source == key for source, _ in feeds)
    ]
    if unused:
        yield f"Nothing reads {', '.join(unused)}."
