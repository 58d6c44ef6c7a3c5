"""Late charges as they would have been had an account's payments been right: the rule again, run by run, as then known.

A run of the rule knew what was recorded before it. So each movement says since which receipt it is known, and a run,
which has a receipt of its own, sees what came before that. See docs/decisions/0171.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from weatherhead.areas.billing.fees import Fee
from weatherhead.areas.billing.late_charges import (
    LATE_CHARGE,
    MOVED,
    MOVED_OTHERWISE,
    LateCharge,
    LateCharges,
    days_charged,
    late_charge_due,
)
from weatherhead.areas.billing.models import Adjustment, LateChargeDay, LateChargeRun
from weatherhead.core.ledger import PostingRef, ReceivableMovement

_BY_A_MOVE = frozenset({MOVED, MOVED_OTHERWISE})
_NOT_STORED = 2**61
_RECEIVABLE = 1  # the first posting of a fee


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """That the rule was applied to an account on a day."""

    ran_on: date
    receipt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A movement of a receivable, and the receipt since which it is known."""

    movement: ReceivableMovement
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened on an account. `waited` is what came (cents, positive) and went of its unapplied credit, each with
    the receipt since which it is known.
    """

    known: tuple[Known, ...]
    waited: tuple[tuple[int, int], ...] = ()


class AsIfApplied(Protocol):
    """Movements of a receivable with those of waiting credit that its rule lets settle what is owed on a day."""

    def __call__(
        self, movements: tuple[ReceivableMovement, ...], *, waits_cents: int, on: date
    ) -> tuple[ReceivableMovement, ...]:
        """More of them, or the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that was recorded about a late charge and stands: the charge itself, or a waiver of it."""

    adjustment_id: int
    amount_cents: int
    entry_id: int
    receipt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A late charge that a run made and no move took back. `settled`: a person reversed it, which waives it all."""

    charge: Part
    waivers: tuple[Part, ...]
    settled: bool
    rule: str

    @property
    def owed_cents(self) -> int:
        """What of it counts now."""
        return self.charge.amount_cents + sum(item.amount_cents for item in self.waivers)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateChargesOf:
    """An account's late charges around a mistake: what its runs after it made, by day, and the days of all others.

    `taken_back` are the days whose charge an earlier move took back, wholly or in part; `waived` is what people waived
    of those, by day: it stays waived of what is right.
    `counted` are all days that count as such of a late charge now.
    `entry_ids` are those of everything that was ever posted about them, as the rule says anew what is right of it, and
    about earlier ones that a move took back. What a move charged is known since its day's run: `known_since`, by entry.
    """

    runs: tuple[Run, ...]
    made: Mapping[date, Made]
    taken_back: frozenset[date]
    waived: Mapping[date, tuple[Part, ...]]
    counted: frozenset[date]
    entry_ids: frozenset[int]
    known_since: Mapping[int, int]
    others: tuple[tuple[date, int], ...]  # the day, and the receipt since which it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A day on which the rule charged otherwise than it should have. `made` is None where it charged nothing.

    `taken_back`: it had charged more, and an earlier move took that back, which was a mistake then.
    `counted`: the day counts as one of a late charge.
    """

    on: date
    made: Made | None
    right: LateCharge | None
    waived_cents: int  # by people, of whatever was charged that day
    taken_back: bool = False
    counted: bool = False

    @property
    def owed_cents(self) -> int:
        """What was charged and counts."""
        return self.made.owed_cents if self.made else 0

    @property
    def rest_cents(self) -> int:
        """What would have been charged, less what was waived."""
        return max(self.right.amount_cents - self.waived_cents, 0) if self.right else 0

    @property
    def caused(self) -> bool:
        """Whether the mistake caused a charge, or more of one, that nobody put right."""
        if self.made is None or self.made.settled:
            return False
        return self.right is None or self.rest_cents < self.owed_cents

    @property
    def hidden_cents(self) -> int:
        """What was charged too little."""
        return max(self.rest_cents - self.owed_cents, 0)

    @property
    def counts(self) -> bool:
        """Whether the day counts when nothing is posted: it was charged, or all that is right of it was waived."""
        return self.right is not None and (self.made is not None or not self.rest_cents)

    def is_put_right(self, *, charge_hidden: bool) -> bool:
        """Whether a move changes it: what a mistake caused; what it hid only if that is asked for, or stood before."""
        return self.caused or (self.hidden_cents > 0 and (charge_hidden or self.taken_back))


def late_charges_of(account_id: int, *, cycle: int, since: int) -> LateChargesOf:
    """Read an account's late charges; `since` is the receipt of the mistake."""
    all_runs = [
        Run(ran_on=ran_on, receipt_id=receipt_id)
        for ran_on, receipt_id in LateChargeRun.objects.filter(
            cycle=cycle, from_account__lte=account_id, to_account__gte=account_id
        )
        .order_by("receipt_id")
        .values_list("ran_on", "receipt_id")
    ]
    ran = {run.ran_on: run.receipt_id for run in reversed(all_runs)}
    runs = [run for run in all_runs if run.receipt_id > since]
    receipts, days = {run.receipt_id for run in runs}, {run.ran_on for run in runs}
    rows = list(Adjustment.objects.filter(account_id=account_id, charge=LATE_CHARGE).order_by("pk"))
    reversed_by = {row.reverses_id: row for row in rows if row.reverses_id is not None}
    made: dict[date, Made] = {}
    back: set[date] = set()
    waived: dict[date, tuple[Part, ...]] = {}
    entry_ids: set[int] = set()
    known_since: dict[int, int] = {}
    counted = days_charged(rows, marks=LateChargeDay.objects.filter(account_id=account_id))
    others: list[tuple[date, int]] = []
    for row in rows:
        if row.kind != "fee":
            continue
        undone = reversed_by.get(row.pk)
        about = [row, *(item for item in rows if item.waives_id == row.pk)]
        about += [item for one in list(about) if (item := reversed_by.get(one.pk)) is not None]
        if row.receipt_id in receipts or (row.reason == MOVED and row.adjusted_on in days):
            entry_ids.update(item.entry_id for item in about)
            if undone is None or undone.reason not in _BY_A_MOVE:
                waivers = [item for item in about if item.waives_id == row.pk and item.pk not in reversed_by]
                waivers += [undone] if undone is not None else []
                made[row.adjusted_on] = Made(
                    charge=_part(row), waivers=tuple(map(_part, waivers)), settled=undone is not None, rule=row.rule
                )
            else:
                taken_back = [item for item in about if item.waives_id == row.pk and _is_by_a_move(reversed_by, item)]
                back.add(row.adjusted_on)
                waived[row.adjusted_on] = (*waived.get(row.adjusted_on, ()), *map(_part, taken_back))
            continue
        if undone is not None and undone.reason in _BY_A_MOVE:
            entry_ids.update(item.entry_id for item in about)
        if row.reason == MOVED:
            known_since[row.entry_id] = ran.get(row.adjusted_on, row.receipt_id)
        if row.adjusted_on in counted:
            others.append((row.adjusted_on, known_since.get(row.entry_id, row.receipt_id)))
    return LateChargesOf(
        runs=tuple(runs),
        made=made,
        taken_back=frozenset(back),
        waived=waived,
        counted=counted,
        entry_ids=frozenset(entry_ids),
        known_since=known_since,
        others=tuple(others),
    )


def _is_by_a_move(reversed_by: Mapping[int, Adjustment], row: Adjustment) -> bool:
    return row.pk in reversed_by and reversed_by[row.pk].reason in _BY_A_MOVE


def _part(row: Adjustment) -> Part:
    return Part(adjustment_id=row.pk, amount_cents=row.amount_cents, entry_id=row.entry_id, receipt_id=row.receipt_id)


def review(
    history: History,
    charges: LateChargesOf,
    *,
    account_id: int,
    fee: Fee,
    rule: LateCharges,
    due_days: int,
    as_if_applied: AsIfApplied,
) -> tuple[Finding, ...]:
    """Where the rule, applied to the right history on the days on which it ran, says otherwise than it did. Pure.

    Credit that waited counts as paid, as it does in a run. `history` holds nothing of the late charges in
    `charges.made`: what of them is right is added as it is found, with what people waived of it.

    Raises:
        RuleNotInForce: there is no rule for a day on which it ran.
    """
    right: list[Known] = []
    findings: list[Finding] = []
    charged_on: list[date] = []
    for place, run in enumerate(charges.runs):
        movements = tuple(item.movement for item in (*history.known, *right) if item.since < run.receipt_id)
        waits_cents = sum(cents for cents, since in history.waited if since < run.receipt_id)
        due = late_charge_due(
            as_if_applied(movements, waits_cents=waits_cents, on=run.ran_on) if waits_cents > 0 else movements,
            account_id=account_id,
            last_charged_on=max(
                (*charged_on, *(on for on, since in charges.others if since < run.receipt_id)), default=None
            ),
            fee=fee,
            version=rule.version_on(run.ran_on),
            as_of=run.ran_on,
        )
        made = charges.made.get(run.ran_on) if run.ran_on not in charged_on else None
        waivers = (*(made.waivers if made else ()), *charges.waived.get(run.ran_on, ()))
        if due is None and (_again(charges.runs, place=place) or run.ran_on in charged_on):
            continue  # a later run of that day may have charged, or an earlier one did
        if due is not None:
            charged_on.append(run.ran_on)
            right += _movements(due, run=run, made=made, waivers=waivers, due_days=due_days, place=place)
        found = Finding(
            on=run.ran_on,
            made=made,
            right=due,
            waived_cents=-sum(item.amount_cents for item in waivers),
            taken_back=run.ran_on in charges.taken_back,
            counted=run.ran_on in charges.counted,
        )
        if found.caused or found.hidden_cents or found.counts is not found.counted:
            findings.append(found)
    return tuple(findings)


def _again(runs: Sequence[Run], *, place: int) -> bool:
    """Whether the rule ran again later that day."""
    return any(run.ran_on == runs[place].ran_on for run in runs[place + 1 :])


def _movements(
    due: LateCharge, *, run: Run, made: Made | None, waivers: Sequence[Part], due_days: int, place: int
) -> Iterable[Known]:
    """The right charge, and what was waived of it, as ageing sees them."""
    number = made.charge.entry_id if made else _NOT_STORED + place
    ref = PostingRef(entry_id=number, sequence=_RECEIVABLE)
    yield Known(
        movement=ReceivableMovement(
            ref=ref,
            effective_on=run.ran_on,
            amount_cents=due.amount_cents,
            charge=LATE_CHARGE,
            due_on=run.ran_on + timedelta(days=due_days),
        ),
        since=run.receipt_id,
    )
    left_cents = due.amount_cents
    for item in waivers:
        waived_cents = min(-item.amount_cents, left_cents)
        left_cents -= waived_cents
        if waived_cents:
            yield Known(
                movement=ReceivableMovement(
                    ref=PostingRef(entry_id=item.entry_id, sequence=_RECEIVABLE + 1),
                    effective_on=run.ran_on,
                    amount_cents=-waived_cents,
                    charge=LATE_CHARGE,
                    matches=ref,
                ),
                since=item.receipt_id,
            )
