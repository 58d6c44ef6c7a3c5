"""What credit wants proved with the books: deposits are held, refunds are payable, write-offs are given up."""

from __future__ import annotations

from collections.abc import Iterator

from weatherhead.areas.credit.models import Deposit, Refund, WriteOff
from weatherhead.areas.ledger.check import Checker, Finding
from weatherhead.areas.records.database import stream
from weatherhead.core.values import gettext_noop


def _deposits_unlike_books() -> Iterator[Finding]:
    """Each account's deposits against its running balance of the ledger account, in one statement."""
    rows = stream("""
        SELECT account_id, SUM(held_cents), SUM(booked_cents)
          FROM (SELECT account_id, opening_cents AS held_cents, 0 AS booked_cents FROM credit_deposit
                 UNION ALL
                SELECT deposit.account_id, moved.amount_cents, 0
                  FROM credit_depositmovement AS moved
                  JOIN credit_deposit AS deposit ON deposit.id = moved.deposit_id
                 UNION ALL
                SELECT account_id, 0, -balance_cents FROM ledger_runningbalance WHERE ledger_account = 'deposit')
               AS both_sides
         GROUP BY account_id
        HAVING SUM(held_cents) <> SUM(booked_cents)
         ORDER BY account_id
    """)
    for account_id, held, booked in rows:
        yield Finding(
            code="deposit_not_in_the_books",
            template=gettext_noop(
                "The deposits of account %(account)s come to %(held)s cents, and the ledger holds %(booked)s."
            ),
            values={"account": account_id, "held": int(held), "booked": int(booked)},
            account_id=account_id,
        )


def _refunds_unlike_books() -> Iterator[Finding]:
    """What is payable in all, against the ledger account."""
    [(booked,)] = stream("""
        SELECT COALESCE(SUM(posting.amount_cents), 0)
          FROM ledger_ledgerposting AS posting
          JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id
         WHERE posting.ledger_account = 'refunds_payable' AND entry.state = 'posted'
    """)
    [(payable,)] = stream(
        "SELECT COALESCE(SUM(amount_cents), 0) FROM credit_refund WHERE state IN ('payable', 'issued')"
    )
    if int(payable) != -int(booked):
        yield Finding(
            code="refunds_not_in_the_books",
            template=gettext_noop(
                "Refunds that are not paid come to %(payable)s cents, and the ledger owes %(booked)s."
            ),
            values={"payable": int(payable), "booked": -int(booked)},
        )


def _recovered_beyond() -> Iterator[Finding]:
    rows = stream("""
        SELECT given.id, given.account_id, given.amount_cents, SUM(back.amount_cents)
          FROM credit_writeoff AS given
          JOIN credit_recovery AS back ON back.write_off_id = given.id AND back.undone_on IS NULL
         GROUP BY given.id, given.account_id, given.amount_cents
        HAVING SUM(back.amount_cents) > given.amount_cents
         ORDER BY given.id
    """)
    for number, account_id, given, back in rows:
        yield Finding(
            code="recovered_beyond_write_off",
            template=gettext_noop("Of write-off %(number)s of %(given)s cents, %(back)s were recovered."),
            values={"number": number, "given": given, "back": int(back)},
            account_id=account_id,
        )


CHECKERS = (
    Checker(
        code="deposits_are_in_the_books",
        title=gettext_noop("Every account's deposits are what its ledger account holds"),
        unit=gettext_noop("deposits"),
        count=Deposit.objects.count,
        find=_deposits_unlike_books,
    ),
    Checker(
        code="refunds_are_in_the_books",
        title=gettext_noop("Refunds that are not paid are what the ledger owes"),
        unit=gettext_noop("refunds"),
        count=Refund.objects.count,
        find=_refunds_unlike_books,
    ),
    Checker(
        code="recoveries_are_of_write_offs",
        title=gettext_noop("No more is recovered than was written off"),
        unit=gettext_noop("write-offs"),
        count=WriteOff.objects.count,
        find=_recovered_beyond,
    ),
)
