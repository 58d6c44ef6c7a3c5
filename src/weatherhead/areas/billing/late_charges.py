"""Late charges of many accounts at once: on whom a dated rule puts one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from django.db.models import Exists, Max, OuterRef
from pydantic import Field

from weatherhead.areas.billing.fees import Fee, compute_fee
from weatherhead.areas.billing.models import Adjustment, LateChargeDay
from weatherhead.areas.records.database import chunks
from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.ledger import ReceivableMovement, age
from weatherhead.core.values import (
    DatedRule,
    Refusal,
    Rule,
    RuleVersion,
    gettext_noop,
)

LATE_CHARGE = "late_charge"
MOVED = "payment_moved"
"""Why a late charge was reversed that would not have been made had a payment been right; and made that would have."""
MOVED_OTHERWISE = "payment_moved_otherwise"
"""The same where one of another amount would have been made: that day still counts as charged."""


class NoLateCharges(Refusal):
    """The utility's regulations do not say when a late charge is due."""

    template = gettext_noop("These regulations have no late_charges.yaml, which says when a late charge is due.")


class LateChargeVersion(RuleVersion):
    """From a day on: what bears a late charge.

    A part of the balance bears one when it is at least `days_past_due` days past due and its charge is not among
    `bears_none`; an account, when such parts come to at least `past_due_at_least` dollars and its last late charge,
    waived or not, is `days_between` days old.
    """

    days_past_due: Annotated[int, Field(ge=1, le=365)]
    past_due_at_least: Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=9)]
    days_between: Annotated[int, Field(ge=1, le=365)]
    bears_none: tuple[str, ...] = ()


class LateCharges(DatedRule[LateChargeVersion]):
    """When a late charge is due; how much it is stands in the fee book."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("late charges")


def late_charges() -> LateCharges:
    """This installation's rule.

    Raises:
        NoLateCharges: its regulations have none.
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("late_charges.yaml")
    if not path.exists():
        raise NoLateCharges
    return load_rules(path, model=LateCharges)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCharge:
    """A late charge that is due. `bearing_cents` is the part of the balance that bears it."""

    account_id: int
    bearing_cents: int
    amount_cents: int
    arithmetic: str


def late_charge_due(
    movements: Sequence[ReceivableMovement],
    *,
    account_id: int,
    last_charged_on: date | None,
    fee: Fee,
    version: LateChargeVersion,
    as_of: date,
) -> LateCharge | None:
    """The late charge of one account on a day, or None. Pure.

    Raises:
        RuleNotInForce: the fee book has no amount for that day.
    """
    if last_charged_on is not None and (as_of - last_charged_on).days < version.days_between:
        return None
    bearing_cents = sum(
        item.open_cents
        for item in age(movements, as_of=as_of).open_items
        if (as_of - item.due_on).days >= version.days_past_due and item.charge not in version.bears_none
    )
    if bearing_cents <= 0 or bearing_cents < int(version.past_due_at_least * 100):
        return None
    computed = compute_fee(fee, as_of=as_of, past_due_cents=bearing_cents)
    if computed.amount_cents <= 0:
        return None
    return LateCharge(
        account_id=account_id,
        bearing_cents=bearing_cents,
        amount_cents=computed.amount_cents,
        arithmetic=computed.arithmetic,
    )


def last_late_charges(account_ids: Iterable[int]) -> Mapping[int, date]:
    """The day of the last late charge of each account, waived or not; none for one that never had any.

    One that a payment in the wrong place had caused is as if it had not been.
    """
    found: dict[int, date] = {}
    undone = Adjustment.objects.filter(reverses_id=OuterRef("pk"), reason=MOVED)
    for chunk in chunks(sorted(set(account_ids))):
        rows = Adjustment.objects.filter(~Exists(undone), account_id__in=chunk, kind="fee", charge=LATE_CHARGE)
        found.update(rows.values("account_id").annotate(on=Max("adjusted_on")).values_list("account_id", "on"))
        marks: dict[int, list[LateChargeDay]] = {}
        for mark in LateChargeDay.objects.filter(account_id__in=chunk):
            marks.setdefault(mark.account_id, []).append(mark)
        changed = Adjustment.objects.filter(account_id__in=chunk, charge=LATE_CHARGE, reason=MOVED_OTHERWISE)
        for account_id in changed.values_list("account_id", flat=True):
            marks.setdefault(account_id, [])
        posted: dict[int, list[Adjustment]] = {account_id: [] for account_id in marks}
        if marks:
            for row in Adjustment.objects.filter(account_id__in=list(marks), charge=LATE_CHARGE):
                posted[row.account_id].append(row)
        for account_id, of_account in marks.items():
            found.pop(account_id, None)
            if days := days_charged(posted[account_id], marks=of_account):
                found[account_id] = max(days)
    return found


def days_charged(posted: Iterable[Adjustment], *, marks: Iterable[LateChargeDay]) -> frozenset[date]:
    """The days that count as such of a late charge of an account, by what was posted of late charges, and by marks.

    Of a day the charge that was made last decides: the others were replaced by it, or taken back before.
    """
    rows = sorted(posted, key=lambda item: item.pk)
    undone = {row.reverses_id: row for row in rows if row.reverses_id is not None}
    counts: dict[date, bool] = {}
    latest: dict[date, int] = {}
    for row in (row for row in rows if row.kind == "fee"):
        end = undone.get(row.pk)
        on = row.adjusted_on
        counts[on] = end is None or end.reason != MOVED
        latest[on] = max(latest.get(on, 0), row.receipt_id, end.receipt_id if end is not None else 0)
    for mark in sorted(marks, key=lambda item: item.pk):
        if mark.receipt_id >= latest.get(mark.charged_on, 0):
            counts[mark.charged_on] = mark.counts
    return frozenset(on for on, yes in counts.items() if yes)
