"""The folds of the books: a long history must not cost more per entry than a short one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from tests.bench import Ratio, Work
from tests.core.ledger.books import ACCOUNT, age, bill, payment, stored
from weatherhead.core.ledger import EntryDraft, balances

SHORT, LONG = 24, 480
FIRST_ON = date(1990, 1, 5)
AS_OF = date(2035, 1, 1)


def _history(months: int) -> list[EntryDraft]:
    """A bill and its payment every 30 days; every fifth bill is paid a month late."""
    drafts = []
    for month in range(months):
        on = FIRST_ON + timedelta(days=30 * month)
        amount_cents = 8_000 + 37 * (month % 11)
        drafts.append(bill(on, amount_cents=amount_cents, due_on=on + timedelta(days=20)))
        paid_on = on + timedelta(days=50 if month % 5 == 4 else 15)
        drafts.append(payment(paid_on, amount_cents=amount_cents))
    return drafts


def ratios() -> Iterator[Ratio]:
    """Two years of an account against forty, by entry: 1 is linear; what is quadratic would be near 1/20."""
    short, long = _history(SHORT), _history(LONG)
    short_stored, long_stored = stored(short), stored(long)
    yield Ratio(
        title="Ageing an account of 40 years against one of 2",
        unit="entry",
        baseline=Work(name="2 years", run=lambda: age(short_stored, as_of=AS_OF, account_id=ACCOUNT), units=len(short)),
        subject=Work(name="40 years", run=lambda: age(long_stored, as_of=AS_OF, account_id=ACCOUNT), units=len(long)),
        least=0.4,
    )
    yield Ratio(
        title="Balances of 40 years of entries against 2",
        unit="entry",
        baseline=Work(name="2 years", run=lambda: balances(short), units=len(short)),
        subject=Work(name="40 years", run=lambda: balances(long), units=len(long)),
        least=0.4,
    )
