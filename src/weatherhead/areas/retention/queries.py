"""What a rule would dispose of, and what holds it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db.models import Exists, OuterRef, Q, QuerySet

from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.billing.models import Adjustment, Bill, BillException, SummaryMember
from weatherhead.areas.credit.models import AdverseActionNotice, Refund, RefundCheck
from weatherhead.areas.credit.queries import letter_path
from weatherhead.areas.customers.models import Account, ContactPoint, Customer, Identifier
from weatherhead.areas.documents.models import Document, Statement
from weatherhead.areas.ledger.queries import balances_of
from weatherhead.areas.metering.models import MeterInstallation, Read, ReadBatch
from weatherhead.areas.payments.models import ImportedItem, PaymentFile, PaymentFileShard, SuspenseItem, Tender
from weatherhead.areas.records.models import ApprovalRequest, WorkItem
from weatherhead.areas.records.paths import attachment_path
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.retention.models import BillDisposal, CustomerDisposal, LegalHold, StatementDisposal
from weatherhead.areas.retention.redaction import GONE
from weatherhead.areas.retention.rules import RuleInForce, Subject
from weatherhead.core.values import Refusal, gettext_noop

MESSAGES = ("write_message", "write_receipt")
"""What the queue writes into the outbox."""
SIGN_IN_LOGS = (AccessAttempt, AccessFailureLog, AccessLog)


class NoSuchHold(Refusal):
    """No legal hold has that number."""

    template = gettext_noop("There is no legal hold %(hold)s. See: weatherhead retention list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What a rule disposes of now. `ids` are of its subject; `left` counts those that wait for the next time.

    `held_back` counts what is old enough and stays: under a legal hold, or with money or a request still open.
    `creates` and `updates` count rows by table.
    """

    ids: tuple[int, ...]
    left: int
    held_back: int
    creates: Mapping[str, int] = field(default_factory=dict)
    updates: Mapping[str, int] = field(default_factory=dict)
    removes: int = 0
    files: tuple[str, ...] = ()  # paths of contents that go with it
    messages: tuple[str, ...] = ()  # names of files of the outbox that go with it


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    """A legal hold."""

    hold_id: int
    customer_id: int
    customer_name: str
    reason: str
    placed_on: date
    released_on: date | None


def legal_holds() -> tuple[HoldFacts, ...]:
    """The holds that stand, oldest first."""
    rows = LegalHold.objects.select_related("customer").filter(released_on__isnull=True).order_by("placed_on", "pk")
    return tuple(_hold(row) for row in rows)


def legal_hold(hold_id: int) -> HoldFacts:
    """One hold.

    Raises:
        NoSuchHold: for an unknown number.
    """
    row = LegalHold.objects.select_related("customer").filter(pk=hold_id).first()
    if row is None:
        raise NoSuchHold(hold=hold_id)
    return _hold(row)


def _hold(row: LegalHold) -> HoldFacts:
    return HoldFacts(
        hold_id=row.pk,
        customer_id=row.customer_id,
        customer_name=row.customer.name,
        reason=row.reason,
        placed_on=row.placed_on,
        released_on=row.released_on,
    )


def expired(found: RuleInForce, *, at_most: int) -> Expired:
    """What a rule disposes of, at most `at_most` of its subject, oldest numbers first."""
    look = {
        Subject.FORMER_CUSTOMERS: _former_customers,
        Subject.BILL_DOCUMENTS: _bill_documents,
        Subject.STATEMENTS: _statements,
        Subject.ADVERSE_ACTIONS: _adverse_actions,
        Subject.MESSAGES: _messages,
        Subject.REFUND_PAYEES: _refund_payees,
        Subject.PAYERS: _payers,
        Subject.READ_FILES: _read_files,
        Subject.READ_NOTES: _read_notes,
        Subject.FAILED_SIGN_INS: _failed_sign_ins,
    }[found.rule.disposes]
    return look(found.cutoff_on, at_most)


def _held_customers() -> QuerySet[LegalHold, int]:
    return LegalHold.objects.filter(released_on__isnull=True).values_list("customer_id", flat=True)


def _former_customers(cutoff_on: date, at_most: int) -> Expired:
    accounts = Account.objects.filter(customer_id=OuterRef("pk"))
    still_kept = accounts.filter(Q(closed_on__isnull=True) | Q(closed_on__gte=cutoff_on))
    rows = Customer.objects.filter(Exists(accounts), ~Exists(still_kept))
    old = rows.exclude(pk__in=CustomerDisposal.objects.values("customer_id")).order_by("pk")
    ids = list(old.exclude(pk__in=_held_customers()).values_list("pk", flat=True))
    open_ones = _with_open_business(ids, as_of=cutoff_on)
    free = [customer_id for customer_id in ids if customer_id not in open_ones]
    chosen = tuple(free[:at_most])
    counts = {
        "customers_customer": len(chosen),
        "customers_contactpoint": ContactPoint.objects.filter(customer_id__in=chosen).count(),
        "customers_identifier": Identifier.objects.filter(customer_id__in=chosen).count(),
        "customers_account": Account.objects.filter(customer_id__in=chosen).count(),
        "billing_adjustment": notes_of_adjustments(chosen).count(),
        "billing_billexception": words_of_exceptions(chosen).count(),
    }
    return Expired(
        ids=chosen,
        left=len(free) - len(chosen),
        held_back=old.count() - len(free),
        creates=_counted({"retention_customerdisposal": len(chosen)}),
        updates=_counted(counts),
    )


def notes_of_adjustments(customer_ids: Iterable[int]) -> QuerySet[Adjustment]:
    """Adjustments beside which somebody wrote something about some customers."""
    return Adjustment.objects.filter(account__customer_id__in=list(customer_ids)).exclude(note="", evidence="")


def words_of_exceptions(customer_ids: Iterable[int]) -> QuerySet[BillException]:
    """Bills of some customers that were held or released with somebody's words."""
    rows = BillException.objects.filter(agreement__account__customer_id__in=list(customer_ids))
    return rows.exclude(~Q(kind="person"), reason="")


def _with_open_business(customer_ids: Iterable[int], *, as_of: date) -> frozenset[int]:
    """Those on whose accounts money or a request is still open: a debt, a credit, a deposit, an approval."""
    owner = dict(Account.objects.filter(customer_id__in=list(customer_ids)).values_list("pk", "customer_id"))
    money = {account_id for account_id, by_code in balances_of(owner).items() if any(by_code.values())}
    waiting = ApprovalRequest.objects.filter(state="waiting", expires_on__gt=as_of, account_id__in=list(owner))
    requested = {account_id for account_id in waiting.values_list("account_id", flat=True) if account_id is not None}
    return frozenset(owner[account_id] for account_id in money | requested)


def _bill_documents(cutoff_on: date, at_most: int) -> Expired:
    old = Bill.objects.filter(issued_on__lt=cutoff_on).exclude(pk__in=BillDisposal.objects.values("bill_id"))
    free = old.exclude(account__customer_id__in=_held_customers()).order_by("pk")
    chosen = tuple(free.values_list("pk", flat=True)[:at_most])
    total = free.count()
    return Expired(
        ids=chosen,
        left=total - len(chosen),
        held_back=old.count() - total,
        creates=_counted({"retention_billdisposal": len(chosen)}),
        updates=_counted({"billing_bill": len(chosen)}),
        files=tuple(attachment_path(sha256) for sha256 in _rendered(chosen)),
    )


def _statements(cutoff_on: date, at_most: int) -> Expired:
    old = Statement.objects.filter(prepared_on__lt=cutoff_on).exclude(
        pk__in=StatementDisposal.objects.values("statement_id")
    )
    free = old.exclude(account__customer_id__in=_held_customers()).order_by("pk")
    chosen = tuple(free.values_list("pk", flat=True)[:at_most])
    total = free.count()
    rendered = Document.objects.filter(kind="statement", subject_id__in=chosen).order_by("pk")
    return Expired(
        ids=chosen,
        left=total - len(chosen),
        held_back=old.count() - total,
        creates=_counted({"retention_statementdisposal": len(chosen)}),
        updates=_counted({"documents_statement": len(chosen)}),
        files=tuple(attachment_path(sha256) for sha256 in rendered.values_list("sha256", flat=True)),
    )


def _adverse_actions(cutoff_on: date, at_most: int) -> Expired:
    old = AdverseActionNotice.objects.filter(prepared_on__lt=cutoff_on).exclude(agency_name=GONE)
    free = old.exclude(deposit__account__customer_id__in=_held_customers()).order_by("pk")
    chosen = tuple(free.values_list("pk", flat=True)[:at_most])
    total = free.count()
    return Expired(
        ids=chosen,
        left=total - len(chosen),
        held_back=old.count() - total,
        updates=_counted({"credit_adverseactionnotice": len(chosen)}),
        files=tuple(letter_path(number) for number in chosen),
    )


def _messages(cutoff_on: date, at_most: int) -> Expired:
    """What the queue wrote into the outbox. A message is to one customer; while any hold stands, every one stays."""
    written = WorkItem.objects.filter(kind__in=MESSAGES, state="done", finished_at__lt=_midnight(cutoff_on))
    old = written.exclude(result__file__in=["", GONE]).order_by("pk")
    total = old.count()
    if _held_customers().exists():
        return Expired(ids=(), left=0, held_back=total)
    chosen = tuple(old.values_list("pk", "result__file")[:at_most])
    return Expired(
        ids=tuple(number for number, _ in chosen),
        left=total - len(chosen),
        held_back=0,
        updates=_counted({"records_workitem": len(chosen)}),
        messages=tuple(str(name) for _, name in chosen),
    )


def _refund_payees(cutoff_on: date, at_most: int) -> Expired:
    old = Refund.objects.filter(ended_on__lt=cutoff_on).exclude(payee_name=GONE)
    held = Refund.objects.filter(account__customer_id__in=_held_customers())
    free = old.exclude(pk__in=held.values("pk")).order_by("pk")
    chosen = tuple(free.values_list("pk", flat=True)[:at_most])
    total = free.count()
    items = SuspenseItem.objects.filter(pk__in=suspense_of_refunds(chosen))
    counts = {
        "credit_refund": len(chosen),
        "credit_refundcheck": RefundCheck.objects.filter(refund_id__in=chosen).count(),
        "payments_suspenseitem": items.count(),
        "payments_tender": items.values("tender_id").distinct().count(),
    }
    return Expired(ids=chosen, left=total - len(chosen), held_back=old.count() - total, updates=_counted(counts))


def suspense_of_refunds(refund_ids: Iterable[int]) -> list[int]:
    """The items of suspense that went back for good with some refunds."""
    rows = Refund.objects.filter(pk__in=list(refund_ids), suspense_item_id__isnull=False, state="paid")
    found = rows.order_by("pk").values_list("suspense_item_id", flat=True)
    return [item_id for item_id in found if item_id is not None]


def _payers(cutoff_on: date, at_most: int) -> Expired:
    """A file of payments names many payers: all go with it, once none of its money waits or went back lately.

    While any hold stands, every file stays.
    """
    imported = ImportedItem.objects.filter(file_id=OuterRef(OuterRef("pk"))).values("tender_id")
    unsettled = Q(state="open") | Q(resolved_on__gte=cutoff_on)
    waiting = SuspenseItem.objects.filter(unsettled, tender_id__in=imported)
    going_back = Refund.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gte=cutoff_on))
    refunded = SuspenseItem.objects.filter(pk__in=going_back.values("suspense_item_id"), tender_id__in=imported)
    undone = PaymentFileShard.objects.filter(file_id=OuterRef("pk"), done_at__isnull=True)
    old = PaymentFile.objects.filter(imported_on__lt=cutoff_on).exclude(name=GONE)
    total = old.count()
    if _held_customers().exists():
        return Expired(ids=(), left=0, held_back=total)
    free = old.filter(~Exists(waiting), ~Exists(refunded), ~Exists(undone)).order_by("pk")
    chosen = tuple(free.values_list("pk", flat=True)[:at_most])
    settled = free.count()
    counts = {
        "payments_paymentfile": len(chosen),
        "payments_tender": tenders_of_payers(chosen).count(),
        "payments_importeditem": ImportedItem.objects.filter(file_id__in=chosen).exclude(bank_mark="").count(),
        "payments_suspenseitem": suspense_of_payers(chosen).count(),
    }
    return Expired(ids=chosen, left=settled - len(chosen), held_back=total - settled, updates=_counted(counts))


def tenders_of_payers(file_ids: Iterable[int]) -> QuerySet[Tender]:
    """The tenders of some files that say who paid; an agency is no person."""
    imported = ImportedItem.objects.filter(file_id__in=list(file_ids)).values("tender_id")
    return Tender.objects.filter(pk__in=imported).exclude(kind="agency").exclude(payer="")


def suspense_of_payers(file_ids: Iterable[int]) -> QuerySet[SuspenseItem]:
    """What of some files was in suspense."""
    imported = ImportedItem.objects.filter(file_id__in=list(file_ids)).values("tender_id")
    return SuspenseItem.objects.filter(tender_id__in=imported)


def _read_files(cutoff_on: date, at_most: int) -> Expired:
    """A file speaks of many customers: while any hold stands, every file stays."""
    before = _midnight(cutoff_on)
    # The same file may have come twice: its content stays as long as the later one's.
    later = ReadBatch.objects.filter(imported_at__gte=before).values("attachment_id")
    batches = ReadBatch.objects.filter(imported_at__lt=before).exclude(attachment__name="")
    old = batches.exclude(attachment_id__in=later).order_by("pk")
    total = old.count()
    if _held_customers().exists():
        return Expired(ids=(), left=0, held_back=total)
    chosen = tuple(old.values_list("pk", flat=True)[:at_most])
    hashes = ReadBatch.objects.filter(pk__in=chosen).values_list("attachment__sha256", flat=True)
    return Expired(
        ids=chosen,
        left=total - len(chosen),
        held_back=0,
        updates=_counted({"metering_readbatch": len(chosen)}),
        files=tuple(attachment_path(sha256) for sha256 in sorted(set(hashes))),
    )


def _read_notes(cutoff_on: date, at_most: int) -> Expired:
    old = Read.objects.filter(read_on__lt=cutoff_on).exclude(note="", decision__in=["", "(disposed of)"])
    points = ServiceAgreement.objects.filter(account__customer_id__in=_held_customers()).values("service_point_id")
    meters = MeterInstallation.objects.filter(service_point_id__in=points).values("meter_id")
    free = old.exclude(meter_id__in=meters).order_by("pk")
    chosen = tuple(free.values_list("pk", flat=True)[:at_most])
    total = free.count()
    return Expired(
        ids=chosen,
        left=total - len(chosen),
        held_back=old.count() - total,
        updates=_counted({"metering_read": len(chosen)}),
    )


def _failed_sign_ins(cutoff_on: date, at_most: int) -> Expired:
    """Few and all at once: `at_most` does not bind, because their three logs go together."""
    del at_most
    before = _midnight(cutoff_on)
    return Expired(
        ids=(),
        left=0,
        held_back=0,
        removes=sum(log.objects.filter(attempt_time__lt=before).count() for log in SIGN_IN_LOGS),
    )


def _midnight(day: date) -> datetime:
    """The utility's local midnight."""
    return datetime.combine(day, time(), tzinfo=current_utility().zone)


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {table: count for table, count in counts.items() if count}


def _rendered(bill_ids: Iterable[int]) -> tuple[str, ...]:
    """The hashes of the files that were rendered from some bills, alone or on summaries, whose names and places are
    theirs.
    """
    bills = list(bill_ids)
    summaries = SummaryMember.objects.filter(bill_id__in=bills).values("summary_id")
    of_them = Q(kind="bill", subject_id__in=bills) | Q(kind="summary", subject_id__in=summaries)
    return tuple(Document.objects.filter(of_them).values_list("sha256", flat=True))
