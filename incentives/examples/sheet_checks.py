"""Whether the examples of a version come out in a spreadsheet, too: asked for, worked out by a job.

LibreOffice takes seconds and may be missing, so the answer is kept with the hash of what was tried.
It holds for exactly these rules and examples; of anything else nothing is known (docs/adr/0225).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from django.db import transaction

from incentives.examples import by_sheet
from incentives.examples.by_decimal import Amount
from incentives.examples.inputs import Read, Said, Unreadable, needs_of, read
from incentives.examples.libreoffice import NoAnswer
from incentives.fingerprint import version_hash
from incentives.models import ExampleCheck, PlanVersion
from incentives.rules import load

State = ExampleCheck.State
Sheet = Mapping[str, Mapping[str, Amount]]
"""By example and component."""


def stamp(version: PlanVersion) -> str:
    """A hash of the rules and the examples of a version."""
    said = [
        (one.name, one.inputs, one.lines, sorted(one.expected)) for one in version.examples.all()
    ]
    text = json.dumps([version_hash(version), said], sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


@transaction.atomic
def begin(*, version: PlanVersion, at: datetime) -> tuple[ExampleCheck, bool]:
    """Have the examples tried in a spreadsheet; False beside it where they are being, or were."""
    PlanVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    now = stamp(version)
    there = ExampleCheck.objects.filter(version=version).first()
    if there is not None and there.stamp == now and there.state in (State.WORKING, State.READY):
        return there, False
    made, _ = ExampleCheck.objects.update_or_create(
        version=version,
        defaults={"stamp": now, "state": State.WORKING, "found": {}, "sentence": "", "at": at},
    )
    return made, True


def check_of(version: PlanVersion) -> ExampleCheck | None:
    """The check of the version as it is now; None where there is none, or something changed."""
    there = ExampleCheck.objects.filter(version=version).first()
    return there if there is not None and there.stamp == stamp(version) else None


def sheet_of(version: PlanVersion) -> Sheet:
    """What the spreadsheet came to, of the version as it is now; nothing where it was not asked."""
    there = check_of(version)
    if there is None or there.state != State.READY:
        return {}
    return {
        example: {name: (_number(value), error) for name, (value, error) in said.items()}
        for example, said in there.found.items()
    }


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def work_out(check: ExampleCheck) -> str:
    """Try the examples, and keep what came out; in a sentence what became of it."""
    if check.stamp != stamp(check.version):
        check.delete()
        return "The version was changed since; nothing was tried."
    rules = load(check.version)
    readable: dict[str, Read] = {}
    for one in check.version.examples.all():
        try:
            readable[one.name] = read(needs_of(rules), Said(one.inputs, one.lines, one.expected))
        except Unreadable:
            continue  # its own line says so, on every engine
    try:
        found = by_sheet.amounts(rules, list(readable.values()))
    except NoAnswer as trouble:
        check.state, check.sentence = State.NO_ANSWER, str(trouble)
    else:
        check.state = State.READY
        check.found = {
            name: {part: _kept(amount) for part, amount in amounts.items()}
            for name, amounts in zip(readable, found, strict=True)
        }
    check.save(update_fields=["state", "found", "sentence"])
    return check.sentence or f"{len(readable)} examples worked out in a spreadsheet."


def _kept(amount: Amount) -> tuple[str | None, str]:
    value, error = amount
    return (None if value is None else f"{value:f}"), error
