"""Verifying the audit log: the chain of each stream, its head, the signed roots, and the receipts it must tell of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db.models import Exists, Max, OuterRef

from weatherhead.areas.records.audit_chain import AuditEvent, entry_hash
from weatherhead.areas.records.canonical import Json, canonical, digest
from weatherhead.areas.records.models import AuditEntry, AuditStream, Receipt
from weatherhead.areas.records.secrets import key_ring
from weatherhead.core.values import Sentence, gettext_noop

_CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One thing that is wrong, and where."""

    code: str  # edited, missing, reordered, truncated, head_wrong, root_wrong, receipt_untold
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
    signed roots, receipts that no entry tells of), a forged head and a forged or missing root.
    """
    findings: list[AuditFinding] = []
    heads = {head.name: head for head in AuditStream.objects.iterator(chunk_size=_CHUNK)}
    entries = 0
    hashes: dict[str, tuple[int, str]] = {}
    for entry in _entries():
        entries += 1
        findings += _check_entry(entry, before=hashes.get(entry.stream_id))
        hashes[entry.stream_id] = (entry.sequence, entry.hash)
    findings += [
        found for name in sorted({*heads, *hashes}) for found in _check_head(heads.get(name), hashes, name=name)
    ]
    files = sorted(roots.glob("*.json")) if roots.is_dir() else []
    findings += _check_roots(files)
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


def _check_roots(files: list[Path]) -> list[AuditFinding]:
    findings: list[AuditFinding] = []
    previous = ""
    for number, path in enumerate(files, 1):
        problem = _root_problem(path, number=number, previous=previous)
        if problem is not None:
            template = gettext_noop("The signed root %(name)s %(problem)s.")
            said = {"name": path.name, "problem": problem}
            findings.append(
                AuditFinding(code="root_wrong", stream="", sequence=None, sentence=Sentence(template, said))
            )
        else:
            findings += _unkept_heads(path)
        previous = digest(_read(path)) if _read(path) is not None else ""
    return findings


def _read(path: Path) -> Json:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _root_problem(path: Path, *, number: int, previous: str) -> str | None:
    root = _read(path)
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


def _unkept_heads(path: Path) -> list[AuditFinding]:
    """Entries that a signed root saw and that no longer stand as it saw them."""
    heads: dict[str, list[Json]] = _read(path)["said"]["heads"]
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
                said = {"root": path.name, "sequence": sequence, "stream": name}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RootDraft:
    """What a root will sign: the heads that moved since the last one."""

    number: int
    previous: str
    heads: Mapping[str, tuple[int, str]]
    last_entry: int


def draft_root(*, roots: Path) -> RootDraft | None:
    """The next root, or None when nothing was appended since the last."""
    files = sorted(roots.glob("*.json")) if roots.is_dir() else []
    last = _read(files[-1]) if files else None
    seen = last["said"]["last_entry"] if last else 0
    newest = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0
    if newest <= seen:
        return None
    moved = AuditEntry.objects.filter(pk__gt=seen, pk__lte=newest)
    later = moved.filter(stream_id=OuterRef("stream_id"), sequence__gt=OuterRef("sequence"))
    ends = moved.filter(~Exists(later)).values_list("stream_id", "sequence", "hash")
    heads = {stream: (sequence, found) for stream, sequence, found in ends.iterator(chunk_size=_CHUNK)}
    return RootDraft(number=len(files) + 1, previous=digest(last) if last else "", heads=heads, last_entry=newest)


def sign_root(*, roots: Path, at: datetime) -> Path | None:
    """Write the next signed root outside the database, or None when nothing was appended since the last.

    The file appears whole or not at all. Copy the directory to a place that the database's owner cannot write.
    """
    found = draft_root(roots=roots)
    if found is None:
        return None
    key = key_ring()[0]
    said = {
        "number": found.number,
        "previous": found.previous,
        "at": at,
        "key": key.key_id,
        "last_entry": found.last_entry,
        "heads": found.heads,
    }
    plain: Json = json.loads(canonical(said))
    signature = key.signer.sign(canonical(plain).encode()).hex()
    roots.mkdir(parents=True, exist_ok=True)
    path = roots / f"{found.number:08d}.json"
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps({"said": plain, "signature": signature}, indent=1, sort_keys=True), encoding="utf-8")
    draft.replace(path)
    return path
