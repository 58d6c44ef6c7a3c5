"""Bill lines as columns, and the prices that they have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from weatherhead.areas.billing.price_many import PricedGroup
from weatherhead.areas.records.canonical import Json, digest
from weatherhead.areas.tariffs.queries import ScheduleFacts
from weatherhead.core.ledger import LedgerAccount, revenue_account
from weatherhead.core.rating import Column, PostsTo, RatedPrice, Schedule, UsageArrays, line_of, price_of
from weatherhead.core.statements import charge_line, how_texts
from weatherhead.core.values import Int64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """One price of a schedule as it stands on bills. `key` is the hash of the schedule's text and of all else here."""

    key: str
    schedule_sha256: str
    code: str
    label: str
    ledger_account: str
    content: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineColumn:
    """The lines that one price makes: m of them, at most one an agreement. `members` are indexes into the batch."""

    price: PricePoint
    members: Int64Array
    starts: Int64Array
    ends: Int64Array
    quantities: Int64Array
    numerators: Int64Array
    denominators: Int64Array
    amounts_cents: Int64Array


def lines_of_group(group: PricedGroup, *, facts: ScheduleFacts) -> Iterator[LineColumn]:
    """The lines of one schedule's agreements, in the order in which they stand on a bill."""
    for column in group.rated.columns:
        piece = column.piece
        yield LineColumn(
            price=price_point(column, facts=facts),
            members=group.members[piece.accounts],
            starts=piece.starts,
            ends=piece.ends,
            quantities=column.quantities,
            numerators=column.numerators,
            denominators=np.broadcast_to(np.asarray(column.denominators, dtype=np.int64), column.cents.shape),
            amounts_cents=column.cents,
        )


def hows_of(column: Column, *, schedule: Schedule, usages: UsageArrays) -> list[str]:
    """The short arithmetic of every line of a column, as bills say it."""

    def of_line(position: int) -> str:
        # From its proof; it does not depend on the lines above.
        return charge_line(line_of(column, position=position, schedule=schedule, usages=usages, above=())).how

    return how_texts(column, of_line=of_line)


def price_point(column: Column, *, facts: ScheduleFacts) -> PricePoint:
    """The price of a column, named by its content: the same price is the same point in every batch."""
    return point_of(price_of(column, schedule=facts.schedule), facts=facts)


def point_of(price: RatedPrice, *, facts: ScheduleFacts) -> PricePoint:
    """A price as bills keep it."""
    content: dict[str, Json] = {
        "price": str(price.price),
        "price_unit": price.price_unit,
        "posts_to": price.posts_to,
        "version": price.version.isoformat(),
        "clause": price.clause,
        "citation": price.citation,
        "status": price.status,
        "rounding": price.rounding,
    }
    ledger_account = ledger_account_of(PostsTo(price.posts_to), revenue_class=facts.schedule.revenue_class)
    named = {"code": price.code, "label": price.label, "ledger_account": ledger_account}
    return PricePoint(
        key=digest({"schedule": facts.sha256, **named, **content}),
        schedule_sha256=facts.sha256,
        code=price.code,
        label=price.label,
        ledger_account=ledger_account,
        content=content,
    )


def ledger_account_of(posts_to: PostsTo, *, revenue_class: str) -> str:
    """Where a line's amount goes: revenue and riders to the class's revenue, the rest to what is owed onward."""
    if posts_to == PostsTo.CITY_DIVIDEND:
        return LedgerAccount.CITY_DIVIDEND_PAYABLE.value
    if posts_to == PostsTo.SALES_TAX:
        return LedgerAccount.SALES_TAX_PAYABLE.value
    if posts_to == PostsTo.FRANCHISE_FEE:
        return LedgerAccount.FRANCHISE_FEE_PAYABLE.value
    return revenue_account(revenue_class)
