"""Import a file of payments: judged whole first, then posted in shards by the one queue. Nothing is posted twice."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import StringConstraints

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Code, Name
from weatherhead.actions.payments.file_work import queue_shards
from weatherhead.areas.payments.file_queries import content_of, payment_file_of
from weatherhead.areas.payments.files.items import ControlTotal, Item, PaymentFileRead, require_size
from weatherhead.areas.payments.files.reading import read_payment_file
from weatherhead.areas.payments.files.sources import Source, payment_source
from weatherhead.areas.payments.operations.files import (
    FilePlan,
    PaymentFileUnfinished,
    ShardContent,
    record_file,
    refuse_imported,
)
from weatherhead.areas.records.canonical import to_json
from weatherhead.areas.records.secrets import fingerprinter
from weatherhead.areas.workforce.queries import jobs_of
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry

SHARD_ITEMS = 4_000
PROBLEMS_KEPT_MAX = 10_000
_LISTED_MAX = 3


class ContentNotBase64(Refusal):
    """The content did not arrive whole."""

    template = gettext_noop("The file did not arrive whole. Send it again.")


class ContentNotAsNamed(Refusal):
    """The content is not that of the hash."""

    template = gettext_noop("The file changed on its way: its SHA-256 is %(found)s, not %(named)s. Send it again.")


class SourceOfOthers(Refusal):
    """The source's files are imported by other jobs."""

    template = gettext_noop("Files of %(source)s are imported by: %(jobs)s. Ask one of them.")


class FileTotalsDiffer(Refusal):
    """The file is not what it claims, and its source's rule refuses such files."""

    template = gettext_noop(
        "The file does not reconcile, and files of %(source)s are refused then: %(listing)s. Nothing was posted; ask "
        "the source for a correct file."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A file: its name, its source, its content as Base64, and the content's SHA-256 in hexadecimal."""

    name: Name
    source: Code
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    content: str = field(metadata=SENSITIVE)


def inputs_for(*, name: str, source: str, content: bytes) -> Inputs:
    """The inputs of a file. Its size is checked here, before anything is copied.

    Raises:
        PaymentFileTooLarge, PaymentFileEmpty: refused early.
    """
    require_size(len(content))
    return Inputs(
        name=name[-120:],
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
        content=base64.b64encode(content).decode("ascii"),
    )


def import_key(inputs: Inputs, *, username: str) -> str:
    """The same file by the same person has one effect and one receipt."""
    return f"payments {inputs.source[:20]} {inputs.sha256[:48]} {username[:30]}"


def is_unfinished(refusal: Refusal) -> bool:
    """Whether a file was refused because it is here, and some of it is not posted yet."""
    return isinstance(refusal, PaymentFileUnfinished)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The file as read, and its source."""

    read: PaymentFileRead
    source: Source
    rule: Rule
    size_bytes: int
    marks: tuple[str, ...]  # of the payers' bank accounts, by item


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be recorded, and the file as read, which a dry run shows."""

    file: FilePlan
    read: PaymentFileRead

    @property
    def substance(self) -> str:
        """A hash of the file and of what comes of it."""
        said = repr((self.file.sha256, self.file.items, self.file.items_cents, self.file.bad, len(self.file.shards)))
        return hashlib.sha256(said.encode()).hexdigest()


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read the file.

    Raises:
        NoSuchSource, SourceOfOthers: as they say.
        ContentNotBase64, ContentNotAsNamed: it did not arrive as it was.
        PaymentFileAlreadyImported, PaymentFileUnfinished: the same bytes were.
        PaymentFileEmpty, NoSuchFormat and the others of `read_payment_file`: nothing of it can be read.
    """
    source, rule = payment_source(inputs.source)
    if not set(source.jobs) & set(jobs_of(actor.employee_id, as_of=moment.as_of)):
        raise SourceOfOthers(source=source.title, jobs=", ".join(source.jobs))
    if payment_file_of(sha256=inputs.sha256, source=inputs.source) is not None:
        refuse_imported(sha256=inputs.sha256, source=inputs.source)
    content = _content(inputs)
    read = read_payment_file(content, source=source, as_of=moment.as_of)
    mark = fingerprinter()
    marks = tuple(mark(item.bank_mark) if item.bank_mark.strip("0") else "" for item in read.items)
    return Facts(read=read, source=source, rule=rule, size_bytes=len(content), marks=marks)


def _content(inputs: Inputs) -> bytes:
    require_size(len(inputs.content) // 4 * 3 - 2)
    try:
        content = base64.b64decode(inputs.content, validate=True)
    except ValueError as error:
        raise ContentNotBase64 from error
    found = hashlib.sha256(content).hexdigest()
    if found != inputs.sha256:
        raise ContentNotAsNamed(found=found, named=inputs.sha256)
    return content


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Judge the file whole, and lay its good items out in shards.

    Raises:
        FileTotalsDiffer: it is not what it claims, and its source's rule refuses such files.
    """
    read, source = facts.read, facts.source
    if source.totals_differ == "refuse" and not read.reconciles:
        raise FileTotalsDiffer(source=source.title, listing=_listing(read))
    shards = tuple(_shards(read.items, marks=facts.marks))
    file = FilePlan(
        name=inputs.name,
        sha256=inputs.sha256,
        source=inputs.source,
        kind=source.kind,
        size_bytes=facts.size_bytes,
        items=len(read.items),
        items_cents=read.items_cents,
        bad=len(read.bad),
        bad_cents=read.bad_cents,
        passed_over=read.passed_over,
        totals=tuple(to_json(total) for total in read.totals),
        problems=tuple(to_json(problem) for problem in read.problems[:PROBLEMS_KEPT_MAX]),
        shards=shards,
    )
    said = {"name": inputs.name, "items": f"{file.items:,}", "amount": format_cents(file.items_cents), "bad": file.bad}
    one = file.items == 1
    template = gettext_noop("%(name)s: %(items)s payments of $%(amount)s to post")
    if file.bad:
        template = gettext_noop("%(name)s: %(items)s payments of $%(amount)s to post, %(bad)s that cannot be taken")
        if one:
            template = gettext_noop("%(name)s: one payment of $%(amount)s to post, %(bad)s that cannot be taken")
    elif one:
        template = gettext_noop("%(name)s: one payment of $%(amount)s to post")
    return Proposal(
        summary=Sentence(template, said),
        confirm=Sentence(gettext_noop("Import $%(amount)s"), said),
        plan=Plan(file=file, read=read),
        creates={"payments_paymentfile": 1} | ({"payments_paymentfileshard": len(shards)} if shards else {}),
        changes=_changes(file, read=read),
        rules=(
            facts.rule,
            house_rule("payment files", "Money that comes by file is posted to its account, or waits in suspense"),
        ),
    )


def _listing(read: PaymentFileRead) -> str:
    said = [_difference(total) for total in read.differing]
    said += [f"line {problem.line}: {problem.what}" for problem in read.problems if not problem.of_an_item]
    more = f"; +{len(said) - _LISTED_MAX}" if len(said) > _LISTED_MAX else ""
    return "; ".join(said[:_LISTED_MAX]) + more


def _difference(total: ControlTotal) -> str:
    if total.unit == "cents":
        return f"{total.level} says ${format_cents(total.said)}, and ${format_cents(total.found)} was found"
    return f"{total.level} says {total.said:,} {total.unit}, and {total.found:,} were found"


def _shards(items: Sequence[Item], *, marks: Sequence[str]) -> Iterator[ShardContent]:
    """The items in pieces, each with every part of its tenders."""
    start = 0
    while start < len(items):
        end = min(start + SHARD_ITEMS, len(items))
        while end < len(items) and items[end].part:
            end += 1
        piece = items[start:end]
        columns: dict[str, Sequence[int] | Sequence[str]] = {
            "lines": [item.line for item in piece],
            "cents": [item.cents for item in piece],
            "days": [item.day for item in piece],
            "parts": [item.part for item in piece],
            "references": [item.reference for item in piece],
            "accounts": [item.account for item in piece],
            "payers": [item.payer for item in piece],
            "bank_marks": marks[start:end],
            "check_numbers": [item.check_number for item in piece],
        }
        yield ShardContent(
            items=len(piece),
            cents=sum(item.cents for item in piece),
            content=content_of(columns),
        )
        start = end


def _changes(file: FilePlan, *, read: PaymentFileRead) -> tuple[Change, ...]:
    figures: list[tuple[str, str, Unit, int]] = [
        ("items", gettext_noop("Payments to post"), Unit.COUNT, file.items),
        ("items_cents", gettext_noop("To post in all"), Unit.CENTS, file.items_cents),
        ("bad", gettext_noop("Cannot be taken"), Unit.COUNT, file.bad),
        ("bad_cents", gettext_noop("Cannot be taken in all, as far as it can be read"), Unit.CENTS, file.bad_cents),
        ("totals_differing", gettext_noop("Totals that differ"), Unit.COUNT, len(read.differing)),
    ]
    return tuple(
        Change(code=code, label=Sentence(label), unit=unit, before=None, after=after)
        for code, label, unit, after in figures
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Keep what the file says, and queue its shards.

    Raises:
        PaymentFileAlreadyImported: somebody was faster.
    """
    actor, moment = recording.actor, recording.moment
    file_id, shard_ids = record_file(
        proposal.plan.file,
        on=moment.as_of,
        at=moment.at,
        by=actor.name,
        employee_id=actor.employee_id,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("payment_file", file_id)
    queue_shards(shard_ids, recording=recording)


ACTION = registry.add(
    Action(
        name="import_payment_file",
        title=gettext_noop("Import a file of payments"),
        duty=4,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Reads a lockbox, BAI2, CSV or agency file whole; workers post it, and nothing twice."),
    )
)
