"""Verifying the audit log: the chain of each stream, its head, the signed roots, and the receipts it must tell of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from weatherhead.areas.records.audit_chain import AuditEvent, entry_hash
from weatherhead.areas.records.canonical import Json, canonical, digest
from weatherhead.areas.records.models import AuditEntry, AuditStream, Receipt
from weatherhead.areas.records.queries.audit_roots import Gap, gaps_of, in_gap, read_root, root_files
from weatherhead.areas.records.secrets import key_ring
from weatherhead.core.values import Sentence, gettext_noop

_CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One thing that is wrong, and where."""

    code: str  # edited, missing, reordered, truncated, head_wrong, root_wrong, unsigned, receipt_untold
    stream: str
    sequence: int | None
    sentence: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was verified, and every finding."""

    streams: int
    entries: int
    roots: int
    findings: tuple[AuditFinding, ...]


def verify_audit(*, roots: Path) -> AuditReport:
    """Verify the whole audit log. Reads entries stream by stream, in chunks.

    Finds an edited entry (its hash), a deleted or reordered one (sequence and chain), a truncated stream (its head, the
    signed roots, receipts that no entry tells of), a forged head, a forged or missing root, and an entry that the roots
    should tell of and do not.
    """
    findings: list[AuditFinding] = []
    files = root_files(roots)
    root_findings, signed = _check_roots(files)
    unsigned: dict[str, AuditEntry] = {}
    heads = {head.name: head for head in AuditStream.objects.iterator(chunk_size=_CHUNK)}
    entries = 0
    hashes: dict[str, tuple[int, str]] = {}
    for entry in _entries():
        entries += 1
        findings += _check_entry(entry, before=hashes.get(entry.stream_id))
        hashes[entry.stream_id] = (entry.sequence, entry.hash)
        if signed is not None and signed.lacks(entry):
            unsigned[entry.stream_id] = entry
    findings += [
        found for name in sorted({*heads, *hashes}) for found in _check_head(heads.get(name), hashes, name=name)
    ]
    findings += root_findings
    findings += [_unsigned(entry) for entry in unsigned.values()]
    findings += _untold_receipts()
    return AuditReport(streams=len(heads), entries=entries, roots=len(files), findings=tuple(findings))


def last_entry() -> int:
    """The number of the newest entry of any stream; 0 when there is none."""
    newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def performed_since(entry_id: int, *, but: Iterable[str]) -> bool:
    """Whether an action, other than some, was performed after an entry. Every write says so in its own commit."""
    since = AuditEntry.objects.filter(pk__gt=entry_id, kind="performed")
    return since.exclude(action__in=sorted(but)).exists()


def _entries() -> Iterator[AuditEntry]:
    return AuditEntry.objects.order_by("stream_id", "sequence").iterator(chunk_size=_CHUNK)


def _check_entry(entry: AuditEntry, *, before: tuple[int, str] | None) -> list[AuditFinding]:
    findings: list[AuditFinding] = []
    last, last_hash = before or (0, "")
    if entry.sequence != last + 1:
        template = gettext_noop("Entry %(sequence)s of %(stream)s follows %(last)s: entries between them are missing.")
        findings.append(_finding("missing", entry, template=template, last=last))
    if entry.previous_hash != last_hash and entry.sequence == last + 1:
        template = gettext_noop(
            "Entry %(sequence)s of %(stream)s does not continue the one before it: order or content changed."
        )
        findings.append(_finding("reordered", entry, template=template))
    if (
        entry_hash(
            stream=entry.stream_id, sequence=entry.sequence, event=_event(entry), previous_hash=entry.previous_hash
        )
        != entry.hash
    ):
        template = gettext_noop("Entry %(sequence)s of %(stream)s was edited: its hash does not fit what it says.")
        findings.append(_finding("edited", entry, template=template))
    return findings


def _event(entry: AuditEntry) -> AuditEvent:
    return AuditEvent(
        at=entry.at,
        actor=entry.actor,
        employee_id=entry.employee_id,
        kind=entry.kind,
        action=entry.action,
        subject=entry.subject,
        detail=entry.detail,
    )


def _finding(code: str, entry: AuditEntry, *, template: str, **params: object) -> AuditFinding:
    said = {"sequence": entry.sequence, "stream": entry.stream_id, **params}
    return AuditFinding(code=code, stream=entry.stream_id, sequence=entry.sequence, sentence=Sentence(template, said))


def _check_head(head: AuditStream | None, hashes: Mapping[str, tuple[int, str]], *, name: str) -> list[AuditFinding]:
    last, last_hash = hashes.get(name, (0, ""))
    if head is not None and (head.last_sequence, head.last_hash) == (last, last_hash):
        return []
    said = {"stream": name, "last": last, "head": head.last_sequence if head else 0}
    if head is not None and head.last_sequence > last:
        template = gettext_noop("%(stream)s ends at entry %(last)s, but its head says %(head)s: the end was cut off.")
        return [AuditFinding(code="truncated", stream=name, sequence=last, sentence=Sentence(template, said))]
    template = gettext_noop("The head of %(stream)s (entry %(head)s) does not fit its last entry, %(last)s.")
    return [AuditFinding(code="head_wrong", stream=name, sequence=last, sentence=Sentence(template, said))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """What all roots together tell: the last entry of each stream, and how far they looked."""

    heads: Mapping[str, int]
    last_entry: int
    open_gaps: tuple[Gap, ...]

    def lacks(self, entry: AuditEntry) -> bool:
        """Whether an entry stood when the last root was signed, and no root tells of it or of a later one."""
        if entry.sequence <= self.heads.get(entry.stream_id, 0):
            return False
        return entry.pk <= self.last_entry and not in_gap(entry.pk, gaps=self.open_gaps)


def _unsigned(entry: AuditEntry) -> AuditFinding:
    template = gettext_noop(
        "Entry %(sequence)s of %(stream)s is older than the last signed root, and no root tells of it: it was put in"
        " afterwards under an old number."
    )
    return _finding("unsigned", entry, template=template)


def _check_roots(files: list[Path]) -> tuple[list[AuditFinding], _Signed | None]:
    """What is wrong with the roots, and what they tell together if nothing is wrong with them themselves."""
    findings: list[AuditFinding] = []
    heads: dict[str, int] = {}
    last: dict[str, Any] | None = None
    whole = True
    previous = ""
    for number, path in enumerate(files, 1):
        root = read_root(path)
        problem = _root_problem(root, number=number, previous=previous)
        if problem is not None:
            whole = False
            template = gettext_noop("The signed root %(name)s %(problem)s.")
            said = {"name": path.name, "problem": problem}
            findings.append(
                AuditFinding(code="root_wrong", stream="", sequence=None, sentence=Sentence(template, said))
            )
        else:
            last = root["said"]
            findings += _unkept_heads(last["heads"], root=path.name)
            for name, (sequence, _) in last["heads"].items():
                heads[name] = max(sequence, heads.get(name, 0))
        previous = digest(root) if root is not None else ""
    if last is None or not whole:
        return findings, None
    return findings, _Signed(heads=heads, last_entry=last["last_entry"], open_gaps=gaps_of(last))


def _root_problem(root: Json, *, number: int, previous: str) -> str | None:
    if not isinstance(root, dict) or not isinstance(root.get("said"), dict):
        return "cannot be read"
    said = root["said"]
    keys = {key.key_id: key for key in key_ring()}
    key = keys.get(str(said.get("key")))
    if key is None:
        return f"is signed with key {said.get('key')}, which the key ring does not hold"
    public: Ed25519PublicKey = key.signer.public_key()
    try:
        public.verify(bytes.fromhex(str(root.get("signature", ""))), canonical(said).encode())
    except (InvalidSignature, ValueError):
        return "was changed: its signature does not fit"
    if said["number"] != number:
        return f"says number {said['number']} and stands as number {number}: a root before it is missing"
    if said["previous"] != previous:
        return "does not continue the root before it"
    return None


def _unkept_heads(heads: Mapping[str, list[Any]], *, root: str) -> list[AuditFinding]:
    """Entries that a signed root saw and that no longer stand as it saw them."""
    names = sorted(heads)
    findings: list[AuditFinding] = []
    for start in range(0, len(names), 500):
        chunk = names[start : start + 500]
        rows = AuditEntry.objects.filter(stream_id__in=chunk, sequence__in={heads[name][0] for name in chunk})
        standing = {
            (stream, sequence): found for stream, sequence, found in rows.values_list("stream_id", "sequence", "hash")
        }
        for name in chunk:
            sequence, seen = heads[name]
            if standing.get((name, sequence)) != seen:
                template = gettext_noop(
                    "%(root)s saw entry %(sequence)s of %(stream)s, which no longer stands so: cut off or rewritten."
                )
                said = {"root": root, "sequence": sequence, "stream": name}
                findings.append(
                    AuditFinding(code="truncated", stream=name, sequence=sequence, sentence=Sentence(template, said))
                )
    return findings


def _untold_receipts() -> list[AuditFinding]:
    """Receipts without an entry: someone cut the log's end and forged its head after the last signed root."""
    told: set[str] = set()
    rows = AuditEntry.objects.filter(kind__in=["performed", "approval"]).values_list("detail", flat=True)
    for detail in rows.iterator(chunk_size=_CHUNK):
        told.add(str(json.loads(detail).get("receipt")))
    template = gettext_noop("Receipt %(receipt)s is not in the audit log: its entry was removed.")
    numbers = Receipt.objects.order_by("pk").values_list("pk", flat=True)
    return [
        AuditFinding(code="receipt_untold", stream="", sequence=None, sentence=Sentence(template, {"receipt": number}))
        for number in numbers.iterator(chunk_size=_CHUNK)
        if str(number) not in told
    ]
