"""Refunds, their checks and their runs as frozen values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from weatherhead.areas.credit.models import Refund, RefundCheck, RefundRun
from weatherhead.areas.records.text import fold
from weatherhead.core.values import Refusal, gettext_noop

PAYABLE, ISSUED, PAID, CANCELLED = "payable", "issued", "paid", "cancelled"


class NoSuchRefund(Refusal):
    """No refund has that number."""

    template = gettext_noop("There is no refund %(refund)s. Look at the list of refunds again.")


class NoSuchCheck(Refusal):
    """No refund check has that number."""

    template = gettext_noop("There is no refund check %(number)s. Read the number on the check again.")


class NoSuchRefundRun(Refusal):
    """No run of refunds has that number."""

    template = gettext_noop("There is no refund run %(number)s. See: weatherhead refunds runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFacts:
    """A refund. `check_number` is that of its living check, or of its last one."""

    refund_id: int
    account_id: int | None
    suspense_item_id: int | None
    deposit_id: int | None
    amount_cents: int
    method: str
    tender_payment_id: int | None
    payee_name: str
    payee_lines: tuple[str, ...]
    reason: str
    refunded_on: date
    entry_id: int
    receipt_id: int
    state: str
    hold_until_on: date | None
    hold_reasons: tuple[Mapping[str, Any], ...]
    released_by: str
    run_number: str
    ended_on: date | None
    ended_entry_id: int | None
    check_number: int | None
    check_id: int | None
    check_state: str

    def waits(self, *, as_of: date) -> bool:
        """Whether it may not be paid yet: until a day, or until a person has looked at it."""
        return self.state == PAYABLE and (self.waits_for_a_day(as_of=as_of) or self.waits_for_a_person)

    def waits_for_a_day(self, *, as_of: date) -> bool:
        """Whether the hold after a change of address is not over."""
        return self.hold_until_on is not None and as_of < self.hold_until_on

    @property
    def waits_for_a_person(self) -> bool:
        """Whether it looks like another refund, and nobody has said yet that it is none."""
        return bool(self.hold_reasons) and not self.released_by


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts:
    """A refund check."""

    check_id: int
    number: int
    refund_id: int
    account_id: int | None
    amount_cents: int
    payee_name: str
    payee_lines: tuple[str, ...]
    issued_on: date
    state: str
    ended_on: date | None
    ended_note: str
    run_number: str
    void_run_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run of refunds."""

    run_id: int
    number: str
    made_on: date
    made_at: datetime
    made_by: str
    bank_account: str
    checks: int
    checks_cents: int
    voids: int
    voids_cents: int
    tenders: int
    tenders_cents: int
    manifest: Mapping[str, Any]
    receipt_id: int


def mark_of(lines: Iterable[str]) -> str:
    """A name or an address, folded and hashed, so that two that people take for the same are found to be.

    Where there is none it is empty, and like no other.
    """
    folded = fold(" ".join(lines))
    return hashlib.sha256(folded.encode()).hexdigest() if folded else ""


def refund(refund_id: int) -> RefundFacts:
    """One refund.

    Raises:
        NoSuchRefund: for an unknown number.
    """
    for found in _facts(Refund.objects.filter(pk=refund_id)):
        return found
    raise NoSuchRefund(refund=refund_id)


def refunds_of_account(account_id: int) -> tuple[RefundFacts, ...]:
    """The refunds of an account, latest first."""
    return _facts(Refund.objects.filter(account_id=account_id))


def refund_of_suspense(item_id: int) -> RefundFacts | None:
    """The refund by which an item of suspense went back; a cancelled one counts no longer."""
    found = _facts(Refund.objects.filter(suspense_item_id=item_id).exclude(state=CANCELLED), limit=1)
    return found[0] if found else None


def open_refunds(*, limit: int) -> tuple[RefundFacts, ...]:
    """The refunds that are not paid yet, latest first."""
    return _facts(Refund.objects.filter(state__in=[PAYABLE, ISSUED]), limit=limit)


def latest_refunds(*, limit: int) -> tuple[RefundFacts, ...]:
    """The latest refunds of any state."""
    return _facts(Refund.objects.all(), limit=limit)


def refunds_to_issue(*, as_of: date) -> tuple[RefundFacts, ...]:
    """The refunds that may be paid on a day, the oldest first."""
    ready = Refund.objects.filter(
        Q(hold_until_on__isnull=True) | Q(hold_until_on__lte=as_of),
        Q(hold_reasons=[]) | ~Q(released_by=""),
        state=PAYABLE,
    )
    return _facts(ready, order="pk")


def refunds_like(*, payee_mark: str, address_mark: str, since: date) -> tuple[RefundFacts, ...]:
    """Refunds since a day, not cancelled, to the same payee or to the same address, latest first."""
    same = Q(payee_mark=payee_mark) | (Q(address_mark=address_mark) & ~Q(address_mark=""))
    return _facts(Refund.objects.filter(same, refunded_on__gte=since).exclude(state=CANCELLED))


def refunded_to_payments(payment_ids: Iterable[int]) -> dict[int, int]:
    """What went back, or is about to, to the tenders of some payments, in cents by payment; none for one without."""
    found: dict[int, int] = {}
    rows = Refund.objects.filter(tender_payment_id__in=list(payment_ids)).exclude(state=CANCELLED)
    for number, cents in rows.values_list("tender_payment_id", "amount_cents"):
        found[number or 0] = found.get(number or 0, 0) + cents
    return found


def checks_by_number(numbers: Iterable[int]) -> dict[int, CheckFacts]:
    """The checks with some numbers."""
    return {item.number: item for item in _checks(RefundCheck.objects.filter(number__in=list(numbers)))}


def check_numbered(number: int) -> CheckFacts:
    """One check.

    Raises:
        NoSuchCheck: for an unknown number.
    """
    found = checks_by_number([number])
    if number not in found:
        raise NoSuchCheck(number=number)
    return found[number]


def voids_untold(*, limit: int) -> tuple[CheckFacts, ...]:
    """Voided and stopped checks that no positive-pay file has told the bank of, by number."""
    rows = RefundCheck.objects.filter(state__in=["void", "stopped"], void_run__isnull=True)
    return _checks(rows)[:limit]


def checks_of_run(run_id: int) -> tuple[tuple[CheckFacts, ...], tuple[CheckFacts, ...]]:
    """The checks that a run issued, and those whose end it tells the bank, by number."""
    issued = RefundCheck.objects.filter(run_id=run_id)
    return _checks(issued), _checks(RefundCheck.objects.filter(void_run_id=run_id))


def tenders_of_run(run_id: int) -> tuple[RefundFacts, ...]:
    """The refunds that a run sent back to their tenders, the oldest first."""
    return _facts(Refund.objects.filter(run_id=run_id), order="pk")


def refund_runs(*, limit: int) -> tuple[RunFacts, ...]:
    """The latest runs."""
    return tuple(_run(row) for row in RefundRun.objects.order_by("-pk")[:limit])


def refund_run(number: str) -> RunFacts:
    """One run.

    Raises:
        NoSuchRefundRun: for an unknown number.
    """
    row = RefundRun.objects.filter(number=number).first()
    if row is None:
        raise NoSuchRefundRun(number=number)
    return _run(row)


def _run(row: RefundRun) -> RunFacts:
    return RunFacts(
        run_id=row.pk,
        number=row.number,
        made_on=row.made_on,
        made_at=row.made_at,
        made_by=row.made_by,
        bank_account=row.bank_account,
        checks=row.checks,
        checks_cents=row.checks_cents,
        voids=row.voids,
        voids_cents=row.voids_cents,
        tenders=row.tenders,
        tenders_cents=row.tenders_cents,
        manifest=row.manifest,
        receipt_id=row.receipt_id,
    )


def _checks(rows: QuerySet[RefundCheck]) -> tuple[CheckFacts, ...]:
    named = rows.select_related("refund", "run", "void_run").order_by("number")
    return tuple(
        CheckFacts(
            check_id=row.pk,
            number=row.number,
            refund_id=row.refund_id,
            account_id=row.refund.account_id,
            amount_cents=row.amount_cents,
            payee_name=row.payee_name,
            payee_lines=tuple(row.payee_lines),
            issued_on=row.issued_on,
            state=row.state,
            ended_on=row.ended_on,
            ended_note=row.ended_note,
            run_number=row.run.number,
            void_run_number=row.void_run.number if row.void_run is not None else "",
        )
        for row in named
    )


def _facts(rows: QuerySet[Refund], *, order: str = "-pk", limit: int | None = None) -> tuple[RefundFacts, ...]:
    last = RefundCheck.objects.filter(refund_id=OuterRef("pk")).order_by("-pk")
    shown = rows.select_related("run").annotate(
        last_check_id=Subquery(last.values("pk")[:1]),
        last_check_number=Subquery(last.values("number")[:1]),
        last_check_state=Subquery(last.values("state")[:1]),
    )
    return tuple(_refund(row) for row in shown.order_by(order)[:limit])


def _refund(row: Any) -> RefundFacts:  # noqa: ANN401 - a refund with what its query adds
    return RefundFacts(
        refund_id=row.pk,
        account_id=row.account_id,
        suspense_item_id=row.suspense_item_id,
        deposit_id=row.deposit_id,
        amount_cents=row.amount_cents,
        method=row.method,
        tender_payment_id=row.tender_payment_id,
        payee_name=row.payee_name,
        payee_lines=tuple(row.payee_lines),
        reason=row.reason,
        refunded_on=row.refunded_on,
        entry_id=row.entry_id,
        receipt_id=row.receipt_id,
        state=row.state,
        hold_until_on=row.hold_until_on,
        hold_reasons=tuple(row.hold_reasons),
        released_by=row.released_by,
        run_number=row.run.number if row.run is not None else "",
        ended_on=row.ended_on,
        ended_entry_id=row.ended_entry_id,
        check_number=row.last_check_number,
        check_id=row.last_check_id,
        check_state=row.last_check_state or "",
    )


def payable_cents() -> int:
    """What all refunds that are not paid yet come to."""
    rows = Refund.objects.filter(state__in=[PAYABLE, ISSUED])
    return int(rows.aggregate(total=Sum("amount_cents"))["total"] or 0)
