"""Disposal. Books, amounts, account numbers and the audit log stay; who it was goes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Concat

from weatherhead.areas.billing.models import Bill
from weatherhead.areas.credit.models import AdverseActionNotice, Refund, RefundCheck
from weatherhead.areas.customers.models import Account, ContactPoint, Customer, Identifier
from weatherhead.areas.documents.models import Statement
from weatherhead.areas.metering.models import Read, ReadBatch
from weatherhead.areas.payments.models import ImportedItem, PaymentFile, SuspenseItem, Tender
from weatherhead.areas.records.canonical import canonical
from weatherhead.areas.records.database import chunks, update_rows
from weatherhead.areas.records.models import ApprovalRequest, Attachment, Receipt, ReceiptAccount, WorkItem
from weatherhead.areas.records.secrets import unseal
from weatherhead.areas.records.text import fold
from weatherhead.areas.retention.models import BillDisposal, CustomerDisposal, LegalHold, StatementDisposal
from weatherhead.areas.retention.queries import (
    SIGN_IN_LOGS,
    notes_of_adjustments,
    suspense_of_payers,
    suspense_of_refunds,
    tenders_of_payers,
    words_of_exceptions,
)
from weatherhead.areas.retention.redaction import GONE, redact_payload, redact_receipt, redact_statement
from weatherhead.core.values import Refusal, gettext_noop

_FORMER = "Former customer"
SUSPENSE_REFUND = "return_suspense_item"
"""The action whose requests name whom money in suspense goes back to."""
_BODIES = 1_000
"""Bodies of receipts in memory at once: one may hold the proof of a bill."""


class AlreadyOnHold(Refusal):
    """A customer is held once."""

    template = gettext_noop("This customer is under a legal hold since %(since)s already. Nothing more is needed.")


class HoldAlreadyReleased(Refusal):
    """It no longer holds anything."""

    template = gettext_noop("This legal hold was released on %(on)s already.")


def place_hold(*, customer_id: int, reason: str, placed_on: date, receipt_id: int) -> int:
    """Hold everything of a customer.

    Raises:
        AlreadyOnHold: a hold stands.
    """
    standing = LegalHold.objects.filter(customer_id=customer_id, released_on__isnull=True).first()
    if standing is not None:
        raise AlreadyOnHold(since=standing.placed_on)
    row = LegalHold.objects.create(customer_id=customer_id, reason=reason, placed_on=placed_on, receipt_id=receipt_id)
    return row.pk


def release_hold(*, hold_id: int, reason: str, released_on: date) -> None:
    """Let the rules work again.

    Raises:
        HoldAlreadyReleased: it was.
    """
    standing = LegalHold.objects.filter(pk=hold_id, released_on__isnull=True)
    if standing.update(released_on=released_on, release_reason=reason) != 1:
        on = LegalHold.objects.values_list("released_on", flat=True).get(pk=hold_id)
        raise HoldAlreadyReleased(on=on or "")


def dispose_of_customers(customer_ids: Sequence[int], *, rule: str, on: date, receipt_id: int) -> None:
    """Names, contacts, identifiers and addresses go, in their rows and in what receipts and requests said."""
    CustomerDisposal.objects.bulk_create(
        CustomerDisposal(customer_id=customer_id, disposed_on=on, rule=rule, receipt_id=receipt_id)
        for customer_id in customer_ids
    )
    for chunk in chunks(customer_ids):
        Customer.objects.filter(pk__in=chunk).update(
            name=_with_number(_FORMER), search_text=_with_number(fold(_FORMER)), version=F("version") + 1
        )
        contacts = ContactPoint.objects.filter(customer_id__in=chunk)
        contacts.update(value="", until_on=Coalesce(F("until_on"), on))
        Identifier.objects.filter(customer_id__in=chunk).update(ciphertext="", last_four="", fingerprint="")
        said = notes_of_adjustments(chunk)
        said.exclude(evidence="").update(evidence=GONE)
        said.exclude(note="").update(note=GONE)
        words = words_of_exceptions(chunk)
        words.filter(kind="person").update(detail={"template": GONE, "params": {}})
        words.exclude(reason="").update(reason=GONE)
        accounts = Account.objects.filter(customer_id__in=chunk)
        _redact_told(customer_ids=chunk, account_ids=list(accounts.values_list("pk", flat=True)))
        accounts.update(
            mail_street=GONE, mail_unit="", mail_city="", mail_state="", mail_postal_code="", version=F("version") + 1
        )


def _with_number(word: str) -> Combinable:
    """A word, and the number of the row."""
    return Concat(Value(f"{word} "), Cast("pk", CharField()))


def _redact_told(*, customer_ids: Sequence[int], account_ids: Sequence[int]) -> None:
    """What receipts and requests say of them. Their digests in the audit log are of figures, and still fit."""
    named = ReceiptAccount.objects.filter(account_id__in=account_ids).values("receipt_id")
    # A customer is created before there is an account that a receipt could name.
    created = Q(body__made__customer__0__in=list(customer_ids))
    _redact_bodies(Receipt.objects.filter(Q(pk__in=named) | created))
    requests = ApprovalRequest.objects.filter(account_id__in=account_ids)
    _redact_bodies(requests)
    requests.update(inputs="", reason=GONE, decision_note="")


def _redact_bodies(rows: QuerySet[Receipt] | QuerySet[ApprovalRequest]) -> None:
    """Take persons out of the bodies of receipts or requests, some thousand in a statement."""
    for numbers in chunks(list(rows.order_by("pk").values_list("pk", flat=True)), most=_BODIES):
        told = rows.model._default_manager.filter(pk__in=numbers).values_list("pk", "body")
        redacted = [(number, json.dumps(redact_receipt(body))) for number, body in told]
        update_rows(table=rows.model._meta.db_table, column="body", rows=redacted, kind="jsonb")


def dispose_of_bill_documents(bill_ids: Sequence[int], *, rule: str, on: date, receipt_id: int) -> None:
    """Write what each document says from now on; the database carries it out."""
    for chunk in chunks(bill_ids):
        BillDisposal.objects.bulk_create(
            BillDisposal(
                bill_id=row.pk,
                payload=canonical(redact_payload(json.loads(row.payload), on=on, rule=rule)),
                disposed_on=on,
                rule=rule,
                receipt_id=receipt_id,
            )
            for row in Bill.objects.filter(pk__in=chunk).order_by("pk")
        )


def dispose_of_statements(statement_ids: Sequence[int], *, rule: str, on: date, receipt_id: int) -> None:
    """Write what each prepared summary says from now on; the database carries it out."""
    for chunk in chunks(statement_ids):
        StatementDisposal.objects.bulk_create(
            StatementDisposal(
                statement_id=row.pk,
                payload=canonical(redact_statement(json.loads(row.payload), on=on, rule=rule)),
                disposed_on=on,
                rule=rule,
                receipt_id=receipt_id,
            )
            for row in Statement.objects.filter(pk__in=chunk).order_by("pk")
        )


def dispose_of_adverse_actions(notice_ids: Sequence[int]) -> None:
    """What a credit report said goes; that a letter had to be sent, and by when, stays."""
    for chunk in chunks(notice_ids):
        AdverseActionNotice.objects.filter(pk__in=chunk).update(
            agency_name=GONE, agency_address="", agency_phone="", score="", score_range="", score_on=None, factors=""
        )


def dispose_of_messages(item_ids: Sequence[int]) -> None:
    """The files go from the outbox after the commit; that one was written, and when, stays."""
    for chunk in chunks(item_ids):
        WorkItem.objects.filter(pk__in=chunk).update(result={"file": GONE})


def dispose_of_refund_payees(refund_ids: Sequence[int]) -> None:
    """Names and addresses go from refunds and their checks; of money that was in suspense, from all that told of it."""
    for chunk in chunks(refund_ids):
        refunds = Refund.objects.filter(pk__in=chunk)
        RefundCheck.objects.filter(refund_id__in=chunk).update(payee_name=GONE, payee_lines=[], ended_note="")
        items = SuspenseItem.objects.filter(pk__in=suspense_of_refunds(chunk))
        Tender.objects.filter(pk__in=list(items.values_list("tender_id", flat=True))).update(payer="")
        items.update(payer="", account_text=GONE, resolve_note=GONE)
        nobodys = refunds.filter(account__isnull=True).order_by("pk")
        told = list(nobodys.values_list("suspense_item_id", "receipt_id"))
        requests = ApprovalRequest.objects.filter(pk__in=_requests_of_suspense(dict(told)))
        asked = list(requests.values_list("receipt_id", flat=True))
        _redact_bodies(Receipt.objects.filter(pk__in=[*(receipt_id for _, receipt_id in told), *asked]))
        _redact_bodies(requests)
        requests.update(inputs="", reason=GONE, decision_note="")
        refunds.update(payee_name=GONE, payee_lines=[], payee_mark="", address_mark="")


def _requests_of_suspense(told: Mapping[int | None, int]) -> list[int]:
    """The requests to refund items of suspense, those declined among them, up to the receipt of each item's refund."""
    at = dict(Receipt.objects.filter(pk__in=told.values()).values_list("pk", "at"))
    found = []
    for row in ApprovalRequest.objects.filter(action=SUSPENSE_REFUND).exclude(inputs="").order_by("pk"):
        item_id = json.loads(unseal(row.inputs)).get("suspense_item_id")
        if item_id in told and row.requested_at <= at[told[item_id]]:
            found.append(row.pk)
    return found


def dispose_of_payers(file_ids: Sequence[int]) -> None:
    """Who paid, their banks' marks and what was written go from what files of payments brought; the money stays."""
    for chunk in chunks(file_ids):
        tenders_of_payers(chunk).update(payer="")
        ImportedItem.objects.filter(file_id__in=chunk).exclude(bank_mark="").update(bank_mark="")
        items = suspense_of_payers(chunk)
        items.exclude(tender__kind="agency").update(payer="")
        items.update(bank_mark="", account_text=GONE)
        items.exclude(resolve_note="").update(resolve_note=GONE)
        PaymentFile.objects.filter(pk__in=chunk).update(name=GONE, problems=[])


def dispose_of_read_files(batch_ids: Sequence[int]) -> None:
    """Names of files and lines of reports go; counts and hashes stay."""
    batches = ReadBatch.objects.filter(pk__in=batch_ids)
    attachments = Attachment.objects.filter(pk__in=list(batches.values_list("attachment_id", flat=True)))
    batches.update(name=GONE, report=[])
    attachments.update(name="")  # the mark of a content that is gone: backups do not miss it


def dispose_of_read_notes(read_ids: Sequence[int]) -> None:
    """What was written beside a read goes; that somebody decided, and when, stays."""
    for chunk in chunks(read_ids):
        rows = Read.objects.filter(pk__in=chunk)
        rows.exclude(decision="").update(decision=GONE)
        rows.update(note="")


def dispose_of_sign_ins(*, before: datetime) -> None:
    """What axes remembers of sign-ins, failed and successful. The audit log has its own record."""
    for log in SIGN_IN_LOGS:
        log.objects.filter(attempt_time__lt=before).delete()
