"""What payments want proved with the books: each payment is what its entry posted."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from weatherhead.areas.ledger.check import Checker, Finding, receivable_cents
from weatherhead.areas.ledger.queries import entries
from weatherhead.areas.payments.models import Drawer, Payment, PaymentFile, SuspenseItem, Tender
from weatherhead.areas.records.database import chunks, stream
from weatherhead.core.ledger import Entry, LedgerAccount
from weatherhead.core.values import gettext_noop

_CHUNK = 2_000


def _payments_unlike_entries() -> Iterator[Finding]:
    known = list(Payment.objects.order_by("pk").values_list("pk", flat=True))
    for numbers in chunks(known, most=_CHUNK):
        rows = list(Payment.objects.filter(pk__in=numbers))
        wanted = [row.entry_id for row in rows] + [row.reversal_entry_id for row in rows if row.reversal_entry_id]
        posted = {item.entry_id: item for item in entries(wanted)}
        for row in rows:
            for entry_id, amount_cents in (
                (row.entry_id, -row.amount_cents),
                (row.reversal_entry_id, row.amount_cents),
            ):
                if entry_id is None:
                    continue
                found = _customers_cents(posted.get(entry_id), account_id=row.account_id)
                if found != amount_cents:
                    yield Finding(
                        code="payment_not_its_entry",
                        template=gettext_noop(
                            "Payment %(number)s of %(says)s cents posted %(found)s in entry %(entry)s."
                        ),
                        values={"number": row.pk, "says": row.amount_cents, "found": found, "entry": entry_id},
                        entry_id=entry_id,
                        account_id=row.account_id,
                    )


def _customers_cents(entry: Entry | None, *, account_id: int) -> int:
    """What an entry posts to what an account owes and to what waits for it."""
    return receivable_cents(entry, account_id=account_id) + sum(
        posting.amount_cents
        for posting in (entry.draft.postings if entry else ())
        if posting.ledger_account == LedgerAccount.UNAPPLIED_CREDIT and posting.account_id == account_id
    )


def _tenders_unlike_payments() -> Iterator[Finding]:
    """A tender is its payments and what of it waits in suspense. A payment from suspense repeats one that was reversed,
    or takes the place of what waited. A payment that was moved is made anew for the same tender."""
    rows = stream("""
        SELECT tender.id, tender.amount_cents,
               COALESCE(paid.cents, 0) + COALESCE(suspended.cents, 0) AS found
          FROM payments_tender AS tender
          LEFT JOIN (SELECT payment.tender_id, payment.event_id, SUM(payment.amount_cents) AS cents
                       FROM payments_payment AS payment
                      WHERE payment.reversal_reason <> 'moved' GROUP BY payment.tender_id, payment.event_id) AS paid
            ON paid.tender_id = tender.id AND paid.event_id = tender.event_id
          LEFT JOIN (SELECT tender_id,
                            SUM(CASE WHEN payment_id IS NULL AND state <> 'posted' THEN amount_cents
                                     WHEN payment_id IS NOT NULL AND state = 'posted' THEN -amount_cents
                                     ELSE 0 END) AS cents
                       FROM payments_suspenseitem GROUP BY tender_id) AS suspended
            ON suspended.tender_id = tender.id
         WHERE COALESCE(paid.cents, 0) + COALESCE(suspended.cents, 0) <> tender.amount_cents
         ORDER BY tender.id
    """)
    for tender_id, amount_cents, paid_cents in rows:
        yield Finding(
            code="tender_not_its_payments",
            template=gettext_noop("Tender %(number)s of %(says)s cents made payments of %(found)s."),
            values={"number": tender_id, "says": amount_cents, "found": int(paid_cents)},
        )


def _suspense_unlike_items() -> Iterator[Finding]:
    """What the books hold in suspense is what its open items come to, and each item's entry says its amount."""
    open_cents = _one("SELECT COALESCE(SUM(amount_cents), 0) FROM payments_suspenseitem WHERE state = 'open'")
    booked_cents = -_one(_IN_THE_BOOKS, LedgerAccount.SUSPENSE.value)
    if open_cents != booked_cents:
        yield Finding(
            code="suspense_not_its_items",
            template=gettext_noop("Suspense holds %(booked)s cents, and its open items come to %(open)s."),
            values={"booked": booked_cents, "open": open_cents},
        )
    rows = stream(
        """
        SELECT item.id, item.amount_cents, COALESCE(SUM(posting.amount_cents), 0), item.entry_id
          FROM payments_suspenseitem AS item
          LEFT JOIN ledger_ledgerposting AS posting
            ON posting.entry_id = item.entry_id AND posting.ledger_account = %s
         GROUP BY item.id, item.amount_cents, item.entry_id
        HAVING COALESCE(SUM(posting.amount_cents), 0) <> -item.amount_cents
         ORDER BY item.id
        """,
        [LedgerAccount.SUSPENSE.value],
    )
    for item_id, amount_cents, posted_cents, entry_id in rows:
        yield Finding(
            code="suspense_item_not_its_entry",
            template=gettext_noop("Suspense item %(number)s of %(says)s cents posted %(found)s in entry %(entry)s."),
            values={"number": item_id, "says": amount_cents, "found": -int(posted_cents), "entry": entry_id},
            entry_id=entry_id,
        )


def _files_unlike_items() -> Iterator[Finding]:
    """What the shards of a file posted and suspended is what stands there, and none of a file's items is lost."""
    rows = stream("""
        SELECT file.id, file.items_cents, COALESCE(SUM(shard.cents), 0)
          FROM payments_paymentfile AS file
          LEFT JOIN payments_paymentfileshard AS shard ON shard.file_id = file.id
         GROUP BY file.id, file.items_cents, file.items
        HAVING COALESCE(SUM(shard.cents), 0) <> file.items_cents OR COALESCE(SUM(shard.items), 0) <> file.items
         ORDER BY file.id
    """)
    for file_id, said_cents, found_cents in rows:
        yield Finding(
            code="file_not_its_shards",
            template=gettext_noop("Payment file %(number)s of %(says)s cents has shards of %(found)s."),
            values={"number": file_id, "says": said_cents, "found": int(found_cents)},
        )
    rows = stream("""
        SELECT shards.file_id, shards.cents, COALESCE(tenders.cents, 0)
          FROM (SELECT file_id, SUM(posted_cents + suspended_cents) AS cents
                  FROM payments_paymentfileshard GROUP BY file_id) AS shards
          LEFT JOIN (SELECT item.file_id, SUM(tender.amount_cents) AS cents
                       FROM payments_importeditem AS item
                       JOIN payments_tender AS tender ON tender.id = item.tender_id
                      GROUP BY item.file_id) AS tenders ON tenders.file_id = shards.file_id
         WHERE COALESCE(tenders.cents, 0) <> shards.cents
         ORDER BY shards.file_id
    """)
    for file_id, said_cents, found_cents in rows:
        yield Finding(
            code="file_not_its_tenders",
            template=gettext_noop("Payment file %(number)s posted %(says)s cents, and its tenders come to %(found)s."),
            values={"number": file_id, "says": int(said_cents), "found": int(found_cents)},
        )


def _drawers_unlike_counts() -> Iterator[Finding]:
    rows = stream("""
        SELECT drawer.id, drawer.cash_cents + drawer.float_cents, counted.cash_cents,
               drawer.over_short_cents, counted.cash_cents - counted.expected_cash_cents
          FROM payments_drawer AS drawer
          LEFT JOIN payments_drawercount AS counted ON counted.id = (
                SELECT MAX(id) FROM payments_drawercount WHERE drawer_id = drawer.id)
         WHERE drawer.closed_on IS NOT NULL
           AND (counted.id IS NULL OR counted.cash_cents <> drawer.cash_cents + drawer.float_cents
                OR counted.cash_cents - counted.expected_cash_cents <> drawer.over_short_cents)
         ORDER BY drawer.id
    """)
    for drawer_id, closed_cents, counted_cents, over_cents, found_cents in rows:
        yield Finding(
            code="drawer_not_its_count",
            template=gettext_noop(
                "Drawer %(number)s was closed with %(says)s cents, %(over)s over; counted were %(found)s, %(by)s over."
            ),
            values={
                "number": drawer_id,
                "says": closed_cents,
                "over": over_cents,
                "found": counted_cents,
                "by": found_cents,
            },
        )


_IN_HAND = """
    SELECT COALESCE(SUM(tender.amount_cents - tender.taken_back_cents), 0)
      FROM payments_tender AS tender
      JOIN payments_paymentevent AS event ON event.id = tender.event_id
      LEFT JOIN payments_drawer AS drawer ON drawer.id = event.drawer_id
      LEFT JOIN payments_paymentbatch AS batch ON batch.id = event.batch_id
     WHERE tender.kind IN ({kinds}) AND tender.cancelled_on IS NULL
       AND tender.deposit_id IS NULL AND drawer.deposit_id IS NULL AND batch.deposit_id IS NULL
"""
_OVER_SHORT = """
    SELECT COALESCE(SUM(over_short_cents), 0) FROM payments_drawer
     WHERE closed_on IS NOT NULL AND deposit_id IS NULL
"""
_IN_THE_BOOKS = """
    SELECT COALESCE(SUM(posting.amount_cents), 0)
      FROM ledger_ledgerposting AS posting
      JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id
     WHERE posting.ledger_account = %s AND entry.state = 'posted'
"""


def _hands_unlike_books() -> Iterator[Finding]:
    """Cash and checks that lie in drawers, batches and by themselves are what the books say is not yet at the bank."""
    for ledger_account, kinds, counted in (
        (LedgerAccount.CASH_DRAWER, "'cash'", _OVER_SHORT),
        (LedgerAccount.CHECKS_RECEIVED, "'check', 'money_order'", None),
    ):
        held_cents = _one(_IN_HAND.format(kinds=kinds)) + (_one(counted) if counted else 0)
        booked_cents = _one(_IN_THE_BOOKS, ledger_account.value)
        if held_cents != booked_cents:
            yield Finding(
                code="hands_not_the_books",
                template=gettext_noop("%(held)s cents wait for the bank, and %(account)s says %(booked)s."),
                values={"held": held_cents, "account": ledger_account.value, "booked": booked_cents},
            )


def _one(statement: str, *parameters: str) -> int:
    [(number,)] = stream(statement, parameters)
    return int(number)


CHECKERS = (
    Checker(
        code="suspense_is_its_items",
        title=gettext_noop("Suspense is what its open items come to"),
        unit=gettext_noop("items"),
        count=SuspenseItem.objects.count,
        find=_suspense_unlike_items,
    ),
    Checker(
        code="payment_files_are_posted_whole",
        title=gettext_noop("Every payment file is what its shards posted and suspended"),
        unit=gettext_noop("files"),
        count=PaymentFile.objects.count,
        find=_files_unlike_items,
    ),
    Checker(
        code="tenders_are_their_payments",
        title=gettext_noop("Every tender is what its payments come to"),
        unit=gettext_noop("tenders"),
        count=Tender.objects.count,
        find=_tenders_unlike_payments,
    ),
    Checker(
        code="drawers_are_their_counts",
        title=gettext_noop("Every closed drawer is what was counted, and the cash and checks in hand are the books'"),
        unit=gettext_noop("drawers"),
        count=Drawer.objects.count,
        find=lambda: chain(_drawers_unlike_counts(), _hands_unlike_books()),
    ),
    Checker(
        code="payments_are_their_entries",
        title=gettext_noop("Every payment is what its ledger entry posted"),
        unit=gettext_noop("payments"),
        count=Payment.objects.count,
        find=_payments_unlike_entries,
    ),
)
