"""Taking a file in: parse, stage, map, check, compare with what is there, and commit, or roll back.

A preview is the same work, rolled back. Days and values are decided by the file, its source's
column map and the people known now; what was there before is superseded, never changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import PurePath
from zoneinfo import ZoneInfo

from django.db import transaction

from metrics import column_map as maps
from metrics import complete, deal_stage, stage
from metrics.compare import Outcome, compare, mark_stale, marks_of, same_key, write
from metrics.credit import credit
from metrics.deals import ARRIVED, DealMapper
from metrics.locks import hold_values
from metrics.map_parts import FileMap, LongValues
from metrics.mapping import Metrics, RowMapper, find_header
from metrics.models import Delivery, Metric, MetricDefinition, Source
from metrics.queries import find_kind
from metrics.reading import Readable, open_file
from metrics.row_conditions import RowReader
from metrics.staged import Header
from metrics.transaction_map import TransactionMap
from org import audit
from org.base import CURRENT
from org.changes import record_change
from org.errors import DomainError
from org.models import InputChange, Tenant, User
from org.progress import Tell, quiet
from org.sql import execute, fetch, keep_bytes
from org.tenancy import current_tenant_id

SHOWN = 1000
FIGURES = [
    "values_accepted",
    "values_superseded",
    "values_unchanged",
    "values_kept_corrected",
    "rows_rejected",
    "rows_unknown",
    "rows_repeated",
    "first_day",
    "last_day",
]
UNKNOWN = ("unknown_person", "ambiguous_person", "unknown_metric")
"""Reasons that mapping a name mends, without another file."""
Kind = MetricDefinition.Kind


@dataclass(frozen=True)
class RejectedRow:
    """A row that could not be used, and the sentence that says why."""

    line: int
    column: str
    value: str
    reason: str
    sentence: str


@dataclass(frozen=True)
class IngestReport:
    """What a delivery did, or, previewed, would do. Values are counted per person, day and metric.

    ``accepted`` values are new or changed; ``superseded`` ones were replaced by them; ``unchanged``
    ones were there already; ``kept_by_correction`` ones wait behind a manual correction.
    ``rejections`` holds the first thousand. ``already`` says that these very bytes came before.
    """

    source: str
    file_name: str
    committed: bool
    delivery: int | None = None
    rows_read: int = 0
    skipped: int = 0
    accepted: int = 0
    superseded: int = 0
    unchanged: int = 0
    kept_by_correction: int = 0
    rejected: int = 0
    unknown: int = 0
    duplicates: int = 0
    not_covered: int = 0
    not_covered_examples: tuple[str, ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    rejections: tuple[RejectedRow, ...] = ()
    already: str = ""
    completeness: str = ""
    what: str = "Values"
    credits: str = ""

    def sentences(self) -> list[str]:
        """The report in words, figures first."""
        if self.already:
            return [self.already, *([self.completeness] if self.completeness else [])]
        lines = [
            f"{self.file_name} from {self.source}: {self.rows_read:,} rows read, "
            f"{self.skipped:,} skipped (banner, total, blank), {self.rejected:,} rejected."
            + ("" if self.committed else " A preview: nothing was kept."),
            f"{self.what}: {self.accepted:,} accepted, {self.superseded:,} superseded, "
            f"{self.unchanged:,} unchanged, {self.kept_by_correction:,} kept by a correction.",
        ]
        if self.first_day and self.last_day:
            lines.append(f"Days: {self.first_day} to {self.last_day}.")
        if self.duplicates:
            only = "row only repeats" if self.duplicates == 1 else "rows only repeat"
            lines.append(f"{self.duplicates:,} {only} another row of the file.")
        if self.not_covered:
            named = "; ".join(self.not_covered_examples)
            lines.append(f"{self.not_covered:,} values lie on days without an assignment: {named}.")
        return [*lines, *(line for line in (self.credits, self.completeness) if line)]


class _RolledBack(Exception):
    """Ends a preview: everything it wrote goes."""


def ingest(
    *,
    source: Source,
    file_name: str,
    content: bytes,
    by: User | None,
    at: datetime,
    complete_through: date | None = None,
    commit: bool = True,
    leave_out: Collection[int] = (),
    instead_of: Delivery | None = None,
    tell: Tell = quiet,
) -> IngestReport:
    """Take a file of a source in; ``complete_through`` also declares the source complete to a day.

    ``leave_out``: lines of the file to pass over, those that another taking-in had rejected.
    ``instead_of``: an undone delivery in whose place the file comes: what deliveries after that one
    have said stands.

    Raises DomainError, with nothing written, for a file that cannot be read or lacks a column.
    """
    report: IngestReport | None = None
    try:
        with transaction.atomic():
            name = PurePath(file_name).name[:255]
            order = _Order(source, name, content, by, at, leave_out, instead_of, tell)
            report = _take_in(order)
            if complete_through is not None:
                said = complete.complete(source=source, through=complete_through, by=by, at=at)
                report = replace(report, completeness=said)
            if not commit:
                raise _RolledBack
    except _RolledBack:
        assert report is not None
        return replace(report, committed=False, delivery=None)
    return report


@dataclass(frozen=True)
class _Order:
    """What is to be taken in."""

    source: Source
    file_name: str
    content: bytes
    by: User | None
    at: datetime
    leave_out: Collection[int]
    instead_of: Delivery | None
    tell: Tell


def _take_in(order: _Order) -> IngestReport:
    source, file_name, content, at = order.source, order.file_name, order.content, order.at
    hold_values()
    digest = hashlib.sha256(content).hexdigest()
    if earlier := Delivery.objects.filter(source=source, sha256=digest, undone_at=None).first():
        return _already(earlier, file_name)
    kind = kind_of(source)
    order.tell("Opening the file", 0, 0)
    readable = opened(kind.map, content, file_name).without(order.leave_out)
    header = find_header(readable, kind.map, file_name)
    mapper = kind.mapper(header, at)
    counted = kind.stage(readable, mapper, header, order.tell)
    if not counted.read:
        raise DomainError(
            f"{file_name} has a header in row {header.line} and no row of data below it. Export it "
            "again, and look at it before you send it."
        )
    order.tell("Looking up people, and comparing with what is there", 0, 0)
    duplicates = kind.check()
    if order.instead_of is not None:
        kind.yield_to_later(order.instead_of)
    outcome = kind.compare(at)
    delivery = Delivery.objects.create(
        source=source,
        file_name=file_name,
        sha256=digest,
        content=b"",
        received_at=outcome.moment,
        by=order.by,
        rows_read=counted.read,
        rows_skipped=counted.skipped,
    )
    keep_bytes(delivery, "content", content)
    stage.keep_rejections(delivery.pk, readable, mapper, header, order.tell)
    report = _report(delivery, outcome, duplicates, kind.what)
    order.tell("Writing", 0, 0)
    said = kind.write(delivery, outcome, order.by)
    _finish(delivery, report, outcome, order.by)
    return replace(report, credits=said)


def opened(column_map: FileMap, content: bytes, file_name: str) -> Readable:
    """A file as a map says that it is to be read."""
    return open_file(
        content=content,
        file_name=file_name,
        sheet=column_map.sheet,
        delimiter=column_map.delimiter,
        encoding=column_map.encoding,
        columns=column_map.columns,
    )


def kind_of(source: Source) -> ValueFile | DealFile:
    """What the source's rows become: values, or transactions of a kind."""
    column_map = _map_of(source)
    if isinstance(column_map, TransactionMap):
        return DealFile(source, column_map, _zone(source))
    return ValueFile(source, column_map, _zone(source))


class ValueFile:
    """A file whose rows become daily figures of people."""

    what = "Values"

    def __init__(self, source: Source, column_map: maps.ColumnMap, zone: str) -> None:
        self.source, self.map, self.zone = source, column_map, zone

    def mapper(self, header: Header, at: datetime) -> RowReader:
        """What turns rows into staged rows."""
        metrics = _metrics(self.map)
        return RowMapper(column_map=self.map, header=header, metrics=metrics, zone=self.zone)

    def stage(
        self, readable: Readable, mapper: RowReader, header: Header, tell: Tell = quiet
    ) -> stage.Counted:
        """Copy the rows into the database."""
        return stage.stage(readable, mapper, header, tell=tell)

    def yield_to_later(self, delivery: Delivery) -> None:
        """Leave out what a delivery after this one has said of the same key."""
        execute(
            "DELETE FROM incoming USING metrics_value AS later"
            " JOIN metrics_delivery AS said ON said.id = later.delivery_id"
            f" AND said.undone_at IS NULL WHERE {same_key('later', 'incoming')}"
            " AND later.delivery_id > %s",
            [delivery.pk],
        )

    def check(self) -> int:
        """From staged rows to one value per key; how many rows only repeat another."""
        person = self.map.person
        stage.resolve(self.source, person.by, person.column)
        stage.check_definitions(self.map.day.column)
        duplicates = stage.check_duplicates(person.column)
        stage.gather()
        stage.reject_zero_denominators()
        return duplicates

    def compare(self, at: datetime) -> Outcome:
        """What becomes of each value."""
        return compare(at)

    def write(self, delivery: Delivery, outcome: Outcome, by: User | None) -> str:
        """Write what is new and changed, and record the cause."""
        write(delivery.pk, outcome)
        if outcome.new + outcome.changed:
            mark_stale(_cause(delivery, outcome, "values"), delivery=delivery.pk, by=by,
                       at=outcome.moment)  # fmt: skip
        return ""


class DealFile:
    """A file whose rows become transactions of a kind, and those credits."""

    def __init__(self, source: Source, deal_map: TransactionMap, zone: str) -> None:
        self.source, self.zone = source, zone
        self.kind = find_kind(deal_map.kind)
        self.about = find_kind(deal_map.about_kind) if deal_map.about_kind else None
        self.map = deal_map.completed(self.kind)
        self.what = f"Transactions of {self.kind.code}"

    def mapper(self, header: Header, at: datetime) -> RowReader:
        """What turns rows into staged transactions."""
        received = at.astimezone(ZoneInfo(self.zone)).date().isoformat()
        return DealMapper(
            deal_map=self.map, kind=self.kind, header=header, zone=self.zone, received=received
        )

    def stage(
        self, readable: Readable, mapper: RowReader, header: Header, tell: Tell = quiet
    ) -> stage.Counted:
        """Copy the rows into the database."""
        return stage.stage(readable, mapper, header, table="arrived", columns=ARRIVED, tell=tell)

    def yield_to_later(self, delivery: Delivery) -> None:
        """Leave out what a delivery after this one has said of the same transaction."""
        execute(
            "DELETE FROM deal_in USING metrics_transaction AS later"
            " JOIN metrics_delivery AS said ON said.id = later.delivery_id"
            " AND said.undone_at IS NULL WHERE later.kind_id = %s AND later.key = deal_in.key"
            " AND later.delivery_id > %s",
            [self.kind.pk, delivery.pk],
        )

    def check(self) -> int:
        """From arrived rows to one transaction per key; a key that repeats is refused."""
        deal_stage.check(self.source, self.kind, self.map)
        return 0

    def compare(self, at: datetime) -> Outcome:
        """What becomes of each transaction."""
        return deal_stage.compare(self.kind, at, about=self.about)

    def write(self, delivery: Delivery, outcome: Outcome, by: User | None) -> str:
        """Write new versions and their credits, and record the cause."""
        if not outcome.new + outcome.changed:
            return ""
        deal_stage.write(delivery.pk, self.kind, outcome, about=self.about)
        done = credit(at=outcome.moment)
        sentence = _cause(delivery, outcome, f"of {self.kind.code}")
        if keys := deal_stage.changed_keys():
            sentence = f"{sentence.rstrip('.')}: {keys}."
        record_change(
            kind=InputChange.Kind.VALUES,
            sentence=sentence,
            marks=marks_of(done.marks),
            by=by,
            at=outcome.moment,
            reference=f"delivery {delivery.pk}",
        )
        return done.sentence()


def _cause(delivery: Delivery, outcome: Outcome, what: str) -> str:
    counts = ((outcome.new, "new"), (outcome.changed, "changed"))
    first, *rest = [f"{number:,} {word}" for number, word in counts if number]
    said = ", ".join([f"{first} {what}", *rest])
    return f"{delivery.file_name} from {delivery.source.code}: {said}."


def _already(earlier: Delivery, file_name: str) -> IngestReport:
    sentence = (
        f"{file_name} has the same content as {earlier.file_name}, which came in as delivery "
        f"{earlier.pk} on {earlier.received_at:%Y-%m-%d}: nothing changes."
    )
    if earlier.rows_rejected:
        sentence += (
            f" {earlier.rows_rejected} of its rows were rejected then; to have them judged anew, "
            f"undo delivery {earlier.pk} first."
        )
    elif Delivery.objects.filter(source=earlier.source, pk__gt=earlier.pk, undone_at=None).exists():
        # A folder that is read every night would else bring old and new back in turns.
        sentence += (
            " Later deliveries stand over it; if it is to stand over them again, undo delivery "
            f"{earlier.pk} first."
        )
    return IngestReport(
        source=earlier.source.code,
        file_name=file_name,
        committed=True,
        delivery=earlier.pk,
        already=sentence,
    )


def _zone(source: Source) -> str:
    return source.time_zone or Tenant.objects.get(pk=current_tenant_id()).time_zone


def _map_of(source: Source) -> maps.ColumnMap | TransactionMap:
    if not source.column_map:
        raise DomainError(
            f"The source {source.code} has no column map. Write one in the tenant file, under "
            f"sources: {source.code}: map."
        )
    try:
        return maps.parse(source.column_map)
    except DomainError as error:
        raise DomainError(
            f"The column map of the source {source.code} cannot be used.", error.problems
        ) from error


def _metrics(column_map: maps.ColumnMap) -> Metrics:
    """The tenant's metrics; refuses a map that names an unknown one or forgets a denominator."""
    ids = dict(Metric.objects.values_list("code", "id"))
    for code in column_map.metrics:
        if code not in ids:
            near = get_close_matches(code, ids, n=1)
            hint = f" Did you mean “{near[0]}”?" if near else ""
            raise DomainError(f"The column map names the metric “{code}”, unknown here.{hint}")
    kinds: dict[str, set[int]] = {}
    for metric, kind in MetricDefinition.objects.filter(CURRENT).values_list("metric_id", "kind"):
        kinds.setdefault(kind, set()).add(metric)
    ratios = frozenset(kinds.get(Kind.RATIO, ()))
    if not isinstance(column_map.values, LongValues):
        for item in column_map.values:
            if ids[item.metric] in ratios and item.denominator is None:
                raise DomainError(
                    f"{item.metric} is a ratio: name what divides it in the column map, for "
                    "example denominator: {count: rows}."
                )
    return Metrics(
        ids=ids,
        sums=frozenset(kinds.get(Kind.SUM, ())),
        ratios=ratios,
        means=frozenset(kinds.get(Kind.WEIGHTED_MEAN, ())),
    )


def _report(delivery: Delivery, outcome: Outcome, duplicates: int, what: str) -> IngestReport:
    rejections = fetch(
        "SELECT line, coalesce(col, ''), coalesce(value, ''), reason, sentence FROM rejected"
        " ORDER BY line LIMIT %s",
        [SHOWN],
    )
    return IngestReport(
        source=delivery.source.code,
        file_name=delivery.file_name,
        committed=True,
        delivery=delivery.pk,
        rows_read=delivery.rows_read,
        skipped=delivery.rows_skipped,
        accepted=outcome.new + outcome.changed,
        superseded=outcome.changed,
        unchanged=outcome.unchanged,
        kept_by_correction=outcome.kept,
        rejected=fetch("SELECT count(DISTINCT line) FROM rejected")[0][0],
        unknown=fetch(
            "SELECT count(DISTINCT line) FROM rejected WHERE reason = ANY(%s)", [list(UNKNOWN)]
        )[0][0],
        duplicates=duplicates,
        not_covered=outcome.not_covered,
        not_covered_examples=outcome.not_covered_examples,
        first_day=outcome.first_day,
        last_day=outcome.last_day,
        rejections=tuple(RejectedRow(*row) for row in rejections),
        what=what,
    )


def _finish(delivery: Delivery, report: IngestReport, outcome: Outcome, by: User | None) -> None:
    """Keep the figures with the delivery, and record the cause and the audit row."""
    delivery.values_accepted = report.accepted
    delivery.values_superseded = report.superseded
    delivery.values_unchanged = report.unchanged
    delivery.values_kept_corrected = report.kept_by_correction
    delivery.rows_rejected = report.rejected
    delivery.rows_unknown, delivery.rows_repeated = report.unknown, report.duplicates
    delivery.first_day, delivery.last_day = report.first_day, report.last_day
    # Not the content again: it may have a hundred megabytes.
    delivery.save(update_fields=FIGURES)
    audit.record(
        action="ingest",
        subject=f"delivery {delivery.pk}: {delivery.file_name} from {delivery.source.code}",
        by=by,
        at=outcome.moment,
        detail={
            "accepted": report.accepted,
            "rejected": report.rejected,
            "sha256": delivery.sha256,
        },
    )
