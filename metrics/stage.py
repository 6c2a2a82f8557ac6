"""Staging: rows go by COPY into a temporary table, are checked there by SQL, and become *incoming*.

``COPY`` is refused on tables with policies, so it fills a temporary one, as the application's own
role. The tables live as long as the transaction: ``staged`` (what the mapper made of each row),
``rejected`` (one line of the file each, with its sentence) and ``incoming`` (one value per key).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.db import connection

from metrics.mapping import ONE_VALUE
from metrics.models import Source
from metrics.reading import Readable
from metrics.row_conditions import RowReader
from metrics.staged import Header, field
from org.models import Person
from org.progress import Tell, quiet
from org.sql import NEVER, execute, fetch

SUMMED = ("count", "sum", "average", "constant")
PIECE = 1 << 18
HINTS = 100
TELL_EVERY = 1_000
PEOPLE_FOR_HINTS = 5_000

STAGED = (
    "line integer, metric_id bigint, verb text, person text, day date, reference text, slot text,"
    " numerator numeric, denominator numeric, reason text, col text, value text, sentence text"
)


@dataclass(frozen=True)
class Counted:
    """How many rows of a file are data, and how many are not (banner, total, blank)."""

    read: int
    skipped: int


def temporary(name: str, body: str, parameters: Sequence[Any] | None = None) -> None:
    """Make a temporary table anew, by its columns ``(…)`` or by a query, and analyse it."""
    execute(f"DROP TABLE IF EXISTS {name}")
    execute(
        f"CREATE TEMP TABLE {name} {'ON COMMIT DROP AS ' if _is_query(body) else ''}{body}"
        f"{'' if _is_query(body) else ' ON COMMIT DROP'}",
        parameters,
    )
    execute(f"ANALYZE {name}")


def _is_query(body: str) -> bool:
    return body.lstrip().upper().startswith(("SELECT", "WITH"))


# --- COPY


def stage(
    readable: Readable,
    mapper: RowReader,
    header: Header,
    *,
    table: str = "staged",
    columns: str = STAGED,
    tell: Tell = quiet,
) -> Counted:
    """Copy the whole file into a temporary table; problems come along as rows with a reason."""
    temporary(table, f"({columns})")
    read = skipped = 0

    def lines() -> Iterator[str]:
        nonlocal read, skipped
        for line, row in readable.rows():
            if line % TELL_EVERY == 0:
                tell("Reading the rows", line, readable.about)
            found = mapper.copied(line, row) if line > header.line else None
            if found is None:
                skipped += line != header.line and (any(c != "" for c in row) or line > header.line)
                continue
            read += 1
            yield from found

    _copy(f"COPY {table} FROM STDIN", lines())
    execute(f"ANALYZE {table}")
    return Counted(read, skipped)


def _copy(statement: str, lines: Iterable[str]) -> None:
    """Send lines in larger pieces: one call for each would cost more than the line."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        piece: list[str] = []
        size = 0
        for line in lines:
            piece.append(line)
            size += len(line)
            if size > PIECE:
                copy.write("".join(piece))
                piece, size = [], 0
        copy.write("".join(piece))


# --- People


def resolve(source: Source, by: str, column: str) -> None:
    """``resolved``: the staged rows with their person; the others go to ``rejected``."""
    temporary("rejected", "(line integer, col text, value text, reason text, sentence text)")
    execute(
        "INSERT INTO rejected SELECT line, col, value, reason, sentence FROM staged"
        " WHERE reason IS NOT NULL"
    )
    temporary("named", "SELECT DISTINCT person FROM staged WHERE reason IS NULL")
    temporary("by_alias", _ALIASES if by != "code" else f"{_ALIASES} AND false", [source.pk])
    temporary("by_itself", _BY_NAME if by == "name" else _BY_CODE)
    temporary(
        "resolved",
        "SELECT s.line, s.col, s.metric_id, s.verb, s.person, s.day, s.reference, s.slot,"
        " s.numerator,"
        " s.denominator, coalesce(a.person_id, CASE WHEN f.people = 1 THEN f.person_id END)"
        " AS person_id, coalesce(f.people, 0) AS people FROM staged AS s"
        " LEFT JOIN by_alias AS a ON a.person = s.person AND a.valid_from <= s.day"
        " AND a.valid_to > s.day LEFT JOIN by_itself AS f ON f.person = s.person"
        " WHERE s.reason IS NULL",
    )
    _reject_unknown_people(column)


_ALIASES = (
    "SELECT named.person, alias.person_id, alias.valid_from, alias.valid_to FROM named"
    " JOIN metrics_personalias AS alias ON alias.external_id = named.person"
    f" WHERE alias.superseded_at = {NEVER} AND alias.source_id = %s"
)
_BY_CODE = (
    "SELECT named.person, person.id AS person_id, 1::bigint AS people FROM named"
    " JOIN org_person AS person ON person.code = named.person"
)
_KEY = r"lower(regexp_replace(btrim({}), '\s+', ' ', 'g'))"
_BY_NAME = (
    "SELECT named.person, min(person.id) AS person_id, count(*) AS people FROM named"
    f" JOIN org_person AS person ON {_KEY.format('person.name')} = {_KEY.format('named.person')}"
    " GROUP BY named.person"
)


def _reject_unknown_people(column: str) -> None:
    unknown = fetch(
        "SELECT person, max(people) FROM resolved WHERE person_id IS NULL"
        " GROUP BY person ORDER BY min(line)"
    )
    if not unknown:
        return
    temporary("hint", "(person text, reason text, tail text)")
    suggest = _suggestions() if unknown else None
    lines = []
    for index, (person, people) in enumerate(unknown):
        reason, tail = "unknown_person", ", whom nobody knows here."
        if people > 1:
            reason, tail = "ambiguous_person", f", but {people} people are called so."
        elif suggest and index < HINTS and (near := suggest(person)):
            tail += f" The nearest is “{near}”."
        lines.append("\t".join(map(field, (person, reason, tail))) + "\n")
    _copy("COPY hint FROM STDIN", lines)
    execute(
        "INSERT INTO rejected SELECT DISTINCT ON (r.line) r.line, coalesce(r.col, %s), r.person,"
        " hint.reason, left(format('Line %%s names %%s “%%s”%%s Map the name or mend the file.',"
        " r.line, coalesce(r.col, %s::text), r.person, hint.tail), 500)"
        " FROM resolved AS r JOIN hint USING (person) WHERE r.person_id IS NULL ORDER BY r.line",
        [column, column],
    )


def _suggestions() -> Callable[[str], str] | None:
    """The nearest known code, name or alias to a text; none where the tenant is too large."""
    people = list(Person.objects.values_list("code", "name")[: PEOPLE_FOR_HINTS + 1])
    if len(people) > PEOPLE_FOR_HINTS:
        return None
    words = [
        row[0]
        for row in fetch(
            f"SELECT DISTINCT external_id FROM metrics_personalias WHERE superseded_at = {NEVER}"
            " LIMIT 5000"
        )
    ]
    known = {word.casefold(): word for pair in people for word in pair}
    known |= {word.casefold(): word for word in words}

    def nearest(text: str) -> str:
        found = get_close_matches(text.casefold(), known, n=1, cutoff=0.6)
        return known[found[0]] if found else ""

    return nearest


# --- Checks over rows, and one value per key


def check_definitions(day_column: str) -> None:
    """Reject rows whose metric is not defined on their day, or cannot have values there."""
    execute(
        "INSERT INTO rejected SELECT DISTINCT ON (r.line) r.line, %s, r.day::text,"
        " 'no_definition', left(CASE WHEN bad.kind = 'derived'"
        " THEN format('Line %%s: %%s is worked out by a formula on %%s and takes no values.',"
        "   r.line, bad.code, r.day)"
        " ELSE format('Line %%s: %%s is not defined on %%s. Date its definition earlier, or mend"
        " the day.', r.line, bad.code, r.day) END, 500)"
        " FROM resolved AS r JOIN ("
        "  SELECT d.metric_id, d.day, metric.code, definition.kind"
        "  FROM (SELECT DISTINCT metric_id, day FROM resolved) AS d"
        "  JOIN metrics_metric AS metric ON metric.id = d.metric_id"
        "  LEFT JOIN metrics_metricdefinition AS definition"
        "   ON definition.metric_id = d.metric_id AND definition.valid_from <= d.day"
        f"  AND definition.valid_to > d.day AND definition.superseded_at = {NEVER}"
        "  WHERE definition.id IS NULL OR definition.kind = 'derived'"
        " ) AS bad USING (metric_id, day)"
        " WHERE r.line NOT IN (SELECT line FROM rejected) ORDER BY r.line",
        [day_column],
    )


def check_duplicates(person_column: str) -> int:
    """Reject rows that contradict an earlier one of the file; how many only repeat one."""
    temporary(
        "repeated",
        "SELECT person_id, day, metric_id, reference FROM resolved WHERE verb = ANY(%s)"
        " AND person_id IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING count(*) > 1",
        [list(ONE_VALUE)],
    )
    temporary(
        "repeats",
        "SELECT r.line, r.person, r.day, first_value(r.line) OVER key AS first,"
        " (r.numerator, r.denominator) IS DISTINCT FROM"
        " (first_value(r.numerator) OVER key, first_value(r.denominator) OVER key) AS differs"
        " FROM resolved AS r JOIN repeated USING (person_id, day, metric_id, reference)"
        " WHERE r.line NOT IN (SELECT line FROM rejected)"
        " WINDOW key AS (PARTITION BY person_id, day, metric_id, reference ORDER BY r.line)",
    )
    execute(
        "INSERT INTO rejected SELECT DISTINCT ON (line) line, %s, person, 'duplicate',"
        " left(format('Line %%s says something else of “%%s” on %%s than line %%s, which counts."
        " Take one of the two out.', line, person, day, first), 500)"
        " FROM repeats WHERE differs ORDER BY line",
        [person_column],
    )
    return int(
        fetch(
            "SELECT count(DISTINCT line) FROM repeats WHERE line <> first"
            " AND line NOT IN (SELECT line FROM rejected)"
        )[0][0]
    )


def gather() -> None:
    """``incoming``: one value for each key, of the rows that nothing is wrong with."""
    good = "FROM resolved WHERE line NOT IN (SELECT line FROM rejected) AND verb"
    key = "person_id, day, metric_id, reference"
    order = f"{key}, line"
    queries = {
        SUMMED: f"SELECT {key}, min(slot) AS slot, round(sum(numerator), 12) AS numerator,"
        f" round(sum(denominator), 12) AS denominator, min(line) AS line {good} = ANY(%s)"
        f" GROUP BY {key}",
        ("minimum",): _extreme("numerator", good, key),
        ("maximum",): _extreme("numerator DESC", good, key),
        ("last",): f"(SELECT DISTINCT ON ({key}) {key}, slot, numerator, denominator, line {good}"
        f" = ANY(%s) ORDER BY {order} DESC)".replace(
            order + " DESC", ", ".join(f"{part} DESC" for part in order.split(", "))
        ),
        ONE_VALUE: _extreme("line", good, key),
    }
    present = {verb for (verb,) in fetch("SELECT DISTINCT verb FROM resolved")}
    chosen = {verbs: query for verbs, query in queries.items() if present.intersection(verbs)}
    chosen = chosen or {SUMMED: queries[SUMMED]}
    temporary(
        "incoming",
        "SELECT * FROM (" + " UNION ALL ".join(chosen.values()) + ") AS every",
        [list(verbs) for verbs in chosen],
    )


def _extreme(first: str, good: str, key: str) -> str:
    return (
        f"(SELECT DISTINCT ON ({key}) {key}, slot, round(numerator, 12) AS numerator,"
        f" round(denominator, 12) AS denominator, line {good} = ANY(%s) ORDER BY {key}, {first})"
    )


def reject_zero_denominators() -> None:
    """Take sums out that would be divided by nothing: 120 seconds in no call at all."""
    execute(
        "WITH bad AS (DELETE FROM incoming WHERE denominator = 0 AND numerator <> 0 RETURNING *),"
        " sentences AS (SELECT DISTINCT ON (bad.line) bad.line, metric.code,"
        "  trim_scale(bad.numerator)::text AS value, person.name, bad.day"
        "  FROM bad JOIN metrics_metric AS metric ON metric.id = bad.metric_id"
        "  JOIN org_person AS person ON person.id = bad.person_id ORDER BY bad.line)"
        " INSERT INTO rejected SELECT line, code, value, 'zero_denominator', left(format("
        " 'Line %%s: %%s has %%s of %%s on %%s, but nothing to divide it by. Mend the rows of that"
        " day.', line, name, value, code, day), 500) FROM sentences"
        " WHERE line NOT IN (SELECT line FROM rejected)",
        [],
    )


# --- The raw rows of what was rejected


def keep_rejections(
    delivery: int, readable: Readable, mapper: RowReader, header: Header, tell: Tell = quiet
) -> None:
    """Write the rejections with their rows as they came; the file is read once more for that."""
    wanted = {line for (line,) in fetch("SELECT line FROM rejected")}
    if not wanted:
        return
    temporary("raw", "(line integer, row jsonb)")

    def lines() -> Iterator[str]:
        for line, row in readable.rows():
            if line % TELL_EVERY == 0:
                tell("Keeping the rows that cannot be used", line, readable.about)
            if line in wanted:
                yield f"{line}\t{field(json.dumps(mapper.as_dict(row)))}\n"

    _copy("COPY raw FROM STDIN", lines())
    execute(
        'INSERT INTO metrics_rejection (delivery_id, line, "column", value, reason, sentence,'
        ' "row")'
        " SELECT %s, line, left(coalesce(col, ''), 200), coalesce(value, ''), reason, sentence,"
        " coalesce(raw.row, '{}') FROM rejected LEFT JOIN raw USING (line) ORDER BY line",
        [delivery],
    )
