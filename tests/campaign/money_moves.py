"""Random deeds with money, each done to the product and to the model; more kinds of them are added by `operation`.

A deed draws its choices from its own numbers, so a shorter story of the same deeds is a story, too: what does not apply
is left out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from tests.campaign.money_model import (
    BOOKED_IN,
    DUE_DAYS,
    PHYSICAL,
    Asked,
    DepositAsked,
    Model,
    Piece,
    TenderHeld,
    Use,
)
from tests.house import Home, House, read_and_bill
from weatherhead.actions.payments.accepting import CashOnlyAccount
from weatherhead.areas.billing.queries import adjustments_of_account, bill, bills_of_account
from weatherhead.areas.credit.queries import deposits_of_account
from weatherhead.areas.credit.refunds import refund
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.ledger.queries import balance_of, movements_of, trial_balance
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.payments.drawers import Holdings, holdings_of_drawers
from weatherhead.areas.payments.file_queries import suspense_items
from weatherhead.areas.records.models import AuthorityUse
from weatherhead.core.ledger import age
from weatherhead.core.values import Refusal, format_cents
from weatherhead.door.authority import OverCheckersAuthority, OverCheckersShare

Chosen = TypeVar("Chosen")
CONNECT_FEE = 2_000
LARGEST_CORRECTION = 2_000
LEAST_REFUND = 100
LIMITS = {"reyes": (5_000, 5_000, 10_000), "alvarez": (50_000, 50_000, 100_000)}  # one deed, 30 days, all people's


class Differs(AssertionError):
    """The product and the model say different things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A kind of deed, and the numbers from which it draws its choices."""

    name: str
    numbers: tuple[int, ...]


@dataclass(kw_only=True)
class Life:
    """The product and the model of it, on the same day, and the choices of the deed at hand."""

    house: House
    homes: tuple[Home, ...]
    model: Model
    numbers: dict[int, str]  # of accounts
    drawer: int | None = None
    closed: list[int] = field(default_factory=list)
    draws: list[int] = field(default_factory=list)
    count: int = 0

    def pick(self, among: Sequence[Chosen]) -> Chosen:
        """One of several."""
        return among[self.draws.pop(0) % len(among)]

    def account(self) -> int:
        """One of the accounts."""
        return self.pick(self.model.accounts)

    def cents(self, most: int = 9_000) -> int:
        """An amount."""
        return 100 + self.draws.pop(0) % most

    def serial(self) -> str:
        """A number that no check had."""
        self.count += 1
        return f"{self.count}"

    def standing(self) -> list[Piece]:
        """The payments that stand."""
        return [item for item in self.model.pieces.values() if not item.undone and item.number not in self.model.moved]

    def pass_days(self, days: int) -> None:
        """Let days go by in both."""
        self.house.pass_days(days)
        self.model.today = self.house.today


Doing = Callable[[Life], bool]
OPERATIONS: dict[str, tuple[Doing, int]] = {}


def operation(weight: int) -> Callable[[Doing], Doing]:
    """Add a kind of deed; it answers whether it applied. Of more weight, it comes more often."""

    def add(doing: Doing) -> Doing:
        OPERATIONS[doing.__name__] = (doing, weight)
        return doing

    return add


@operation(10)
def days_go_by(life: Life) -> bool:
    """Some."""
    life.pass_days(1 + life.pick(range(12)))
    return True


@operation(14)
def a_payment_comes(life: Life) -> bool:
    """One tender, for one account or two; cash and checks of the cashier go into the open drawer."""
    first, kind = life.account(), life.pick(("cash", "check", "cash", "check", "card", "bank"))
    second = life.pick([None, None, *(item for item in life.model.accounts if item != first)])
    amounts = [(first, life.cents())] + ([(second, life.cents())] if second else [])
    by = "nguyen" if life.drawer is not None and life.pick((True, False)) else "alvarez"
    number = life.serial()
    inputs: dict[str, Any] = {"account_id": first, "amount_cents": amounts[0][1], "tender": kind}
    inputs |= {"check_number": number} if kind == "check" else {"reference": f"r{number}"} if kind != "cash" else {}
    if second:
        inputs["also_pays"] = [{"account": life.numbers[second], "amount_cents": amounts[1][1]}]
    refused = kind in ("check", "bank") and any(life.model.cash_only(item) for item, _ in amounts)
    try:
        done = life.house.do("take_payment", by=by, **inputs)
    except CashOnlyAccount:
        if not refused:
            raise
        return True
    if refused:
        raise Differs(f"a {kind} was taken for an account on cash only")
    total = sum(cents for _, cents in amounts)
    in_drawer = by == "nguyen" and kind in PHYSICAL
    held = TenderHeld(number=len(life.model.tenders), kind=kind, cents=total)
    held.drawer, held.place = (life.drawer, "drawer") if in_drawer else (None, "loose" if kind in PHYSICAL else "wire")
    life.model.tenders[held.number] = held
    life.model.events.append(("tender", held.number))
    life.model.books[BOOKED_IN[kind]] += total
    for piece, (account, cents) in zip(done.body["made"]["payment"], amounts, strict=True):
        life.model.pieces[piece] = Piece(number=piece, account=account, cents=cents, tender=held.number)
    return True


@operation(8)
def a_payment_is_moved(life: Life) -> bool:
    """Wholly or in part, with what the mistake had hidden."""
    if not (standing := life.standing()):
        return False
    piece = life.pick(standing)
    target = life.pick([item for item in life.model.accounts if item != piece.account])
    part = piece.cents if life.pick((True, True, False)) or piece.cents < 2 else 1 + life.cents() % (piece.cents - 1)
    done = life.house.do(
        "move_payment", by="alvarez", payment_id=piece.number, to_account=life.numbers[target], amount_cents=part,
        reason="number_mistyped", note="Found by chance", charge_hidden=True,
    )  # fmt: skip
    parts = [(target, part)] + ([(piece.account, piece.cents - part)] if part < piece.cents else [])
    life.model.moved.add(piece.number)
    _off_deposit(life, piece)
    for number, (account, cents) in zip(done.body["made"]["payment"], parts, strict=True):
        life.model.arrive(Piece(number=number, account=account, cents=cents, tender=piece.tender, before=piece.number))
    return True


@operation(4)
def a_payment_is_reversed(life: Life) -> bool:
    """In hand its money goes back; otherwise it waits in suspense."""
    if not (standing := life.standing()):
        return False
    piece = life.pick(standing)
    held = life.model.tenders[piece.tender]
    life.house.do("reverse_payment", payment_id=piece.number, reason="duplicate", note="Entered twice")
    _undone(life, piece)
    if held.in_hand:
        held.taken_back += piece.cents
        life.model.books[BOOKED_IN[held.kind]] -= piece.cents
    else:
        life.model.books["suspense"] -= piece.cents
        [item] = [item for item in suspense_items() if item.payment_id == piece.number]
        life.model.suspended[item.item_id] = piece
    return True


@operation(4)
def money_in_suspense_finds_its_account(life: Life) -> bool:
    """From the day on which it was received, with the late charges that its absence caused."""
    if not life.model.suspended:
        return False
    item = life.pick(sorted(life.model.suspended))
    piece, account = life.model.suspended.pop(item), life.account()
    made = life.house.made(
        "post_from_suspense", "payment", by="alvarez", suspense_item_id=item, account_id=account, note="It is his",
        charge_hidden=True,
    )  # fmt: skip
    life.model.arrive(Piece(number=made, account=account, cents=piece.cents, tender=piece.tender, before=piece.number))
    life.model.books["suspense"] += piece.cents
    return True


@operation(4)
def money_in_suspense_goes_back(life: Life) -> bool:
    """As a refund that a second person approves; it is cancelled, and waits again, or it is paid."""
    found = [number for number, piece in life.model.suspended.items() if piece.cents >= LEAST_REFUND]
    if not found:
        return False
    item = life.pick(sorted(found))
    piece, books, serial = life.model.suspended[item], life.model.books, life.serial()
    asked = life.house.do(
        "return_suspense_item", by="okafor", suspense_item_id=item, way="refund", payee_name=f"Payer {serial}",
        mail_street=f"{serial} Oak St", mail_city="Prairie City", mail_state="NE", mail_postal_code="68901",
        note="Nobody knows it",
    )  # fmt: skip
    [made] = life.house.do("approve_request", by="alvarez", request_id=asked.body["request"]).body["made"]["refund"]
    if life.pick((True, False)):
        life.house.do("cancel_refund", by="alvarez", refund_id=made, reason="Its owner was found")
        return True
    del life.model.suspended[item]
    books["suspense"] += piece.cents
    books["refunds_payable"] -= piece.cents
    compare_books(life)
    _paid_out(life, made)
    return True


def _paid_out(life: Life, made: int) -> None:
    """A refund is issued; if by check, the bank pays it."""
    life.house.do("issue_refunds", by="okafor")
    owed = refund(made)
    if owed.check_number is not None:
        lines = f"{owed.check_number},{format_cents(owed.amount_cents)}"
        life.house.do("clear_refund_checks", by="okafor", cleared_on=life.model.today, lines=lines)
    life.model.books["refunds_payable"] += owed.amount_cents
    life.model.books["bank" if owed.check_number is not None else "card_clearing"] -= owed.amount_cents


@operation(4)
def a_credit_is_refunded(life: Life) -> bool:
    """Once a second person approves it; it is cancelled, or it is paid. Without authority for it, it is withdrawn."""
    credits_cents = {account: -life.model.play(account).balance for account in life.model.accounts}
    found = [account for account, cents in credits_cents.items() if cents >= LEAST_REFUND]
    if not found:
        return False
    account = life.pick(found)
    credit, books = credits_cents[account], life.model.books
    cents = credit if life.pick((True, True, False)) else LEAST_REFUND + life.cents() % (credit - LEAST_REFUND + 1)
    within = cents <= _left_to_approve(life, account)
    asked = life.house.do(
        "request_refund", by="reyes", account_id=account, reason="overpaid", amount_cents=cents
    ).body["request"]  # fmt: skip
    try:
        [made] = life.house.do("approve_request", by="alvarez", request_id=asked).body["made"]["refund"]
    except (OverCheckersAuthority, OverCheckersShare):
        if within:
            raise
        life.house.do("withdraw_request", by="reyes", request_id=asked, note="She keeps it")
        return True
    if not within:
        raise Differs(f"a refund of {cents} was approved beyond the approver's authority")
    _use(life, account=account, by="reyes", cents=cents, approved=True)
    on = life.model.today
    life.model.events.append(("debit", account, ("refund", made), cents, on, on, "refund"))
    books["refunds_payable"] -= cents
    compare(life)
    if life.pick((True, False, False)):
        life.house.do("cancel_refund", by="alvarez", refund_id=made, reason="She keeps it")
        life.model.events.append(("off", account, ("refund", made), cents))
        books["refunds_payable"] += cents
        return True
    if refund(made).waits_for_a_person:
        life.house.do("release_refund", by="alvarez", refund_id=made, reason="She asked for both")
    _paid_out(life, made)
    return True


@operation(3)
def a_deposit_is_asked_for(life: Life) -> bool:
    """As much as the rule says, once an account."""
    account = life.account()
    if account in life.model.deposits:
        return False
    life.house.do("assess_deposit", by="reyes", account_id=account, reason="late_payments")
    [asked] = deposits_of_account(account)
    life.model.deposits[account] = DepositAsked(cents=asked.amount_cents)
    return True


@operation(7)
def money_is_put_on_a_deposit(life: Life) -> bool:
    """Of a payment, or of the account's credit."""
    account = life.account()
    asked = life.model.deposits.get(account)
    if asked is None or asked.left <= 0:
        return False
    piece = life.pick([None, *(item for item in life.standing() if item.account == account)])
    there = -life.model.play(account).balance if piece is None else piece.cents - asked.held[piece.number]
    cents = min(there, asked.left, life.cents())
    if cents <= 0:
        return False
    life.house.do(
        "pay_deposit", by="reyes", account_id=account, payment_id=piece.number if piece else None, amount_cents=cents
    )  # fmt: skip
    asked.held[piece.number if piece else None] += cents
    life.model.books["deposit"] -= cents
    on = life.model.today
    if piece is not None:
        life.model.events.append(("held", piece.number, cents))
    else:
        key = ("deposit", len(life.model.events))
        life.model.events.append(("debit", account, key, cents, on, on, "deposit"))
    return True


def _off_deposit(life: Life, piece: Piece) -> None:
    """What a payment had put on a deposit goes with it."""
    if (asked := life.model.deposits.get(piece.account)) is not None:
        life.model.books["deposit"] += asked.held.pop(piece.number, 0)


def _undone(life: Life, piece: Piece) -> None:
    piece.undone = True
    _off_deposit(life, piece)
    life.model.events.append(("undo", piece.number))


@operation(4)
def a_check_comes_back(life: Life) -> bool:
    """With all that it paid, wherever that was moved; the fee is on the account that was chosen."""
    pieces = [item for item in life.standing() if life.model.tenders[item.tender].kind == "check"]
    pieces = [item for item in pieces if not any(_of_a_reversed_part(life, item))]
    if not pieces:
        return False
    piece = life.pick(pieces)
    held = life.model.tenders[piece.tender]
    reason = life.pick(("insufficient_funds", "account_closed", "bank_error"))
    life.house.do("return_payment", by="okafor", payment_id=piece.number, reason=reason)
    held.returned = True
    life.model.books["bank" if held.place == "bank" else "checks_received"] -= held.cents
    for item in [item for item in life.standing() if item.tender == piece.tender]:
        _undone(life, item)
        if reason != "bank_error":
            life.model.returns[item.account][piece.tender] = life.model.today
    if reason != "bank_error":
        _fee(
            life, piece.account, 2_500 if life.model.today < date(2026, 1, 1) else 3_000, charge="returned_payment_fee"
        )
    return True


def _of_a_reversed_part(life: Life, piece: Piece) -> list[Piece]:
    return [item for item in life.model.pieces.values() if item.tender == piece.tender and item.undone]


def _fee(life: Life, account: int, cents: int, *, charge: str) -> None:
    """A fee that was just made stands in the model under its number."""
    [newest] = [max(item.adjustment_id for item in adjustments_of_account(account))]
    on = life.model.today
    life.model.events.append(("debit", account, newest, cents, on, on + timedelta(days=DUE_DAYS), charge))
    life.model.fees[newest] = (account, cents)


@operation(5)
def a_fee_is_assessed(life: Life) -> bool:
    """Of any amount but the rule's, which needs no authority; over the caps it waits for somebody who never comes."""
    account, cents = life.account(), life.cents(19_000)
    done = life.house.do(
        "assess_fee", by="alvarez", account_id=account, charge="connect_fee", reason="service_rendered",
        amount_cents=cents,
    )  # fmt: skip
    by_rule = cents == CONNECT_FEE
    if not _as_allowed(life, done.outcome, account=account, by="alvarez", cents=0 if by_rule else cents):
        return True
    _use(life, account=account, by="alvarez", cents=0 if by_rule else cents)
    _fee(life, account, cents, charge="connect_fee")
    return True


@operation(5)
def an_adjustment_is_posted(life: Life) -> bool:
    """A credit or a charge; over the caps it waits for somebody who never comes."""
    account, by, cents = life.account(), life.pick(("reyes", "alvarez")), life.cents()
    kind, reason = life.pick(
        (
            ("goodwill_credit", "poor_service"),
            ("billing_correction_credit", "billed_twice"),
            ("billing_correction_debit", "left_off_bill"),
        )
    )
    done = life.house.do(
        "post_adjustment", by=by, account_id=account, type=kind, reason=reason, amount_cents=cents,
        evidence="Ticket 4410",
    )  # fmt: skip
    if not _as_allowed(life, done.outcome, account=account, by=by, cents=cents):
        return True
    _use(life, account=account, by=by, cents=cents)
    made, on = max(item.adjustment_id for item in adjustments_of_account(account)), life.model.today
    if kind.endswith("_credit"):
        life.model.events.append(("credit", account, cents))
        life.model.adjustments[made] = (account, -cents)
    else:
        life.model.events.append(("debit", account, made, cents, on, on + timedelta(days=DUE_DAYS), kind))
        life.model.adjustments[made] = (account, cents)
    return True


@operation(3)
def an_adjustment_is_reversed(life: Life) -> bool:
    """It was made in error."""
    if not life.model.adjustments:
        return False
    made = life.pick(sorted(life.model.adjustments))
    account, cents = life.model.adjustments.pop(made)  # it is asked for once, whoever has to decide
    done = life.house.do("reverse_adjustment", by="alvarez", adjustment_id=made, note="Of another account")
    if not _as_allowed(life, done.outcome, account=account, by="alvarez", cents=abs(cents)):
        return True
    _use(life, account=account, by="alvarez", cents=abs(cents))
    life.model.events.append(("credit", account, cents) if cents < 0 else ("off", account, made, cents))
    return True


def _left(life: Life, *, account: int, by: str) -> int:
    """What is left of someone's authority on an account: of one deed, of 30 days, of all people's 30 days."""
    once, own, everyone = LIMITS[by]
    # A level does not count what those above it did.
    together = sum(life.model.used(account, by=other) for other, limits in LIMITS.items() if limits[2] <= everyone)
    return max(min(once, own - life.model.used(account, by=by), everyone - together), 0)


def _as_allowed(life: Life, outcome: str, *, account: int, by: str, cents: int) -> bool:
    """Whether a deed was done, which the caps decide.

    Raises:
        Differs: the product decided otherwise.
    """
    asks_again = by == "reyes" and _declined_lately(life, account)
    within = cents <= _left(life, account=account, by=by) and not asks_again
    if (outcome == "done") is not within:
        raise Differs(f"{cents} by {by} on account {account} was {outcome}, with {_left(life, account=account, by=by)}")
    return within


def _declined_lately(life: Life, account: int) -> bool:
    """Whether a waiver there was declined within 30 days: then others are looked at, too."""
    declined = life.model.declined.get(account)
    return declined is not None and (life.model.today - declined).days <= 30


def _use(life: Life, *, account: int, by: str, cents: int, approved: bool = False) -> None:
    life.model.uses.append(Use(account=account, by=by, cents=cents, on=life.model.today, approved=approved))


@operation(6)
def late_charges_are_assessed(life: Life) -> bool:
    """On a day of their own: what is due on one day is paid in the order in which it was entered."""
    life.pass_days(1)
    life.house.do("assess_late_charges", by="okafor", cycle=14)
    life.model.events.append(("late", life.model.today))
    life.pass_days(1)
    return True


@operation(6)
def a_fee_is_waived(life: Life) -> bool:
    """Within the representative's caps it is done; over them it is asked for, and not twice."""
    asked = {item.fee for item in life.model.waiting().values()}
    fees = [(fee, *said) for fee, said in life.model.fees.items() if said[1] > 0 and fee not in asked]
    if not fees:
        return False
    fee, account, left = life.pick(fees)
    cents = min(left, 1 + life.cents(6_000))
    done = life.house.do("waive_fee", by="reyes", adjustment_id=fee, reason="our_error", amount_cents=cents)
    if _as_allowed(life, done.outcome, account=account, by="reyes", cents=cents):
        _use(life, account=account, by="reyes", cents=cents)
        _waived(life, fee, cents)
    else:
        on = life.model.today
        life.model.requests[done.body["request"]] = Asked(fee=fee, account=account, cents=cents, on=on)
    return True


def _waived(life: Life, fee: int, cents: int) -> None:
    account, left = life.model.fees[fee]
    life.model.fees[fee] = (account, left - cents)
    life.model.events.append(("off", account, fee, cents))


@operation(3)
def a_late_charge_is_waived(life: Life) -> bool:
    """Wholly, by the supervisor."""
    account = life.account()
    late = [item for item in adjustments_of_account(account) if item.charge == "late_charge" and item.kind == "fee"]
    found = [item for item in late if item.left_cents > 0]
    if not found:
        return False
    item = life.pick(found)
    if item.left_cents > _left(life, account=account, by="alvarez") or _declined_lately(life, account):
        return False
    life.house.do("waive_fee", by="alvarez", adjustment_id=item.adjustment_id, reason="our_error")
    _use(life, account=account, by="alvarez", cents=item.left_cents)
    life.model.events.append(("off", account, ("late", item.adjusted_on), item.left_cents))
    return True


@operation(4)
def a_request_is_decided(life: Life) -> bool:
    """Approved, and then it happens; or declined."""
    if not (waiting := life.model.waiting()):
        return False
    request = life.pick(sorted(waiting))
    fee, account, cents = waiting[request].fee, waiting[request].account, waiting[request].cents
    if life.pick((True, True, False)):
        within = cents <= _left_to_approve(life, account)
        try:
            life.house.do("approve_request", by="alvarez", request_id=request)
        except OverCheckersShare:
            if within:
                raise
            return True
        if not within:
            raise Differs(f"request {request} of {cents} was approved beyond the approver's authority")
        _use(life, account=account, by="reyes", cents=cents, approved=True)
        _waived(life, fee, cents)
    else:
        life.house.do("decline_request", by="alvarez", request_id=request, note="Not this time")
        life.model.declined[account] = life.model.today
    del life.model.requests[request]
    return True


def _left_to_approve(life: Life, account: int) -> int:
    """What an approver may still approve: what they approved counts as what they did themselves."""
    once, own, everyone = LIMITS["alvarez"]
    done, approved = life.model.used(account, by="alvarez"), life.model.used(account, by="reyes", approved=True)
    return min(once, own - done - approved, everyone - done - approved - life.model.used(account, by="reyes"))


@operation(3)
def a_bill_is_made(life: Life) -> bool:
    """A month after the last one."""
    home = life.pick(life.homes)
    last = bills_of_account(home.account_id, limit=1)[0]
    days = (life.model.today - last.end_on).days
    if days > 33:
        return False
    life.pass_days(max(27 - days, 0))
    reading = int(max(item.dial_reading for item in reads_of_meter(home.meter_id))) + 24 * max(days, 27)
    made = bill(read_and_bill(life.house, home, reading=reading, days=0))
    life.model.events.append(
        ("debit", home.account_id, ("bill", made.bill_id), made.total_cents, life.model.today, made.due_on, "bill")
    )
    return True


@operation(2)
def a_bill_is_corrected(life: Life) -> bool:
    """Its last read was wrong by some kWh; what it becomes is the bill's own arithmetic, tested elsewhere."""
    home = life.pick(life.homes)
    if _left(life, account=home.account_id, by="alvarez") < LARGEST_CORRECTION:
        return False
    issued = next(item for item in bills_of_account(home.account_id, limit=9) if item.active)
    [read] = [
        item for item in reads_of_meter(home.meter_id) if item.read_on == issued.end_on and item.state == "accepted"
    ]
    reading = int(read.dial_reading) + life.pick((-9, -5, 4, 8))
    life.house.do("correct_read", read_id=read.read_id, reading=f"{reading}", reason="A digit was misread")
    number = life.house.made("cancel_and_rebill", "bill", bill_id=issued.bill_id, reason="Its read was wrong")
    old, new = bill(issued.bill_id), bill(number)
    account = home.account_id
    # What was charged and is right stays due when it was, of each correction; what was too little is due anew.
    events, left, due = life.model.events, new.total_cents, list[tuple[date, int]]()
    for event in [item for item in events if item[0] == "debit" and _is_of(item[2], bill_id=old.bill_id)]:
        events.append(("off", account, event[2], event[3]))
        due.append((event[5], min(left, event[3])))
        left -= due[-1][1]
    for place, (on, cents) in enumerate([*due, (new.due_on, left)]):
        if cents or not place:
            events.append(("debit", account, ("bill", new.bill_id, place), cents, life.model.today, on, "bill"))
    _use(life, account=account, by="alvarez", cents=abs(new.total_cents - old.total_cents))
    return True


def _is_of(key: object, *, bill_id: int) -> bool:
    """Whether a debit is a bill's, or a part of a bill that replaced another."""
    return isinstance(key, tuple) and key[:2] == ("bill", bill_id)


@operation(4)
def a_drawer_is_opened_or_closed(life: Life) -> bool:
    """The cashier's; it balances."""
    if life.drawer is None:
        life.drawer = life.house.made("open_drawer", "drawer", by="nguyen", float_cents="100.00")
        return True
    held = held_in(life.model, life.drawer)
    pieces = {"1.00": 100 + held.cash_cents // 100, "0.01": held.cash_cents % 100}
    counted = "\n".join(f"{worth}, {count}" for worth, count in pieces.items() if count)
    checks = {"checks": f"{held.checks}", "checks_cents": held.checks_cents}
    life.house.do("count_drawer", by="nguyen", drawer_id=life.drawer, pieces=counted, **checks)
    life.house.do("close_drawer", by="nguyen", drawer_id=life.drawer)
    for item in life.model.tenders.values():
        if item.drawer == life.drawer:
            item.place = "closed"
    life.closed.append(life.drawer)
    life.drawer = None
    return True


def held_in(model: Model, drawer: int) -> Holdings:
    """What the model says is in a drawer, without its float."""
    here = [item for item in model.tenders.values() if item.drawer == drawer and item.worth]
    checks = [item.worth for item in here if item.kind == "check"]
    cash = sum(item.worth for item in here if item.kind == "cash")
    return Holdings(cash_cents=cash, checks=len(checks), checks_cents=sum(checks))


@operation(2)
def everything_goes_to_the_bank(life: Life) -> bool:
    """Closed drawers and what came by itself."""
    going = [item for item in life.model.tenders.values() if item.place in ("closed", "loose") and item.worth]
    if not going:
        return False
    checks = sum(1 for item in going if item.kind == "check")
    total = sum(item.worth for item in going)
    life.house.do(
        "make_deposit", by="alvarez", slip=life.serial(), drawer_ids=life.closed, loose_through=life.model.today,
        checks=f"{checks}", total_cents=total,
    )  # fmt: skip
    for item in life.model.tenders.values():
        if item.place in ("closed", "loose"):
            if item.worth:
                life.model.books[BOOKED_IN[item.kind]] -= item.worth
                life.model.books["bank"] += item.worth
            item.place = "bank" if item.worth or item.place == "closed" else item.place
    life.closed.clear()
    return True


def compare_balances(life: Life) -> None:
    """See that every account owes what the model says; cheap.

    Raises:
        Differs: naming the account, with both.
    """
    for account, cents in balance_of(life.model.accounts).items():
        _same(f"balance of account {account}", cents, life.model.play(account).balance)


def compare(life: Life) -> None:
    """See that the product says what the model says: balances, ageing, books, drawers and authority.

    Raises:
        Differs: naming what, with both.
    """
    model = life.model
    said, movements = balance_of(model.accounts), movements_of(model.accounts)
    played = {account: model.play(account) for account in model.accounts}
    for account, at in played.items():
        aged = age(movements[account], as_of=model.today)
        by_due: Counter[date] = Counter()
        for item in aged.open_items:
            by_due[item.due_on] += item.open_cents
        _same(f"balance of account {account}", said[account], at.balance)
        _same(f"ageing of account {account}", by_due, at.by_due())
    sums = compare_books(life)
    _same("receivable", sums.get("receivable", 0), sum(at.balance for at in played.values()))
    drawers = [life.drawer, *life.closed] if life.drawer is not None else life.closed
    _same("drawers", holdings_of_drawers(drawers), {number: held_in(model, number) for number in drawers})
    used: Counter[tuple[int, bool]] = Counter()
    for account_id, approved, cents in AuthorityUse.objects.values_list("account_id", "approved", "amount_cents"):
        used[account_id, approved] += cents
    expected: Counter[tuple[int, bool]] = Counter()
    for use in model.uses:
        expected[use.account, use.approved] += use.cents
    _same("authority used", +used, +expected)


def compare_books(life: Life) -> Mapping[str, int]:
    """See that the books hold what the model says; returns their sums.

    Raises:
        Differs: naming the ledger account, with both.
    """
    sums = trial_balance(as_of=life.model.today)
    for code in ("cash_drawer", "checks_received", "bank", "card_clearing", "suspense", "refunds_payable", "deposit"):
        _same(code, sums.get(code, 0), life.model.books[code])
    return sums


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise Differs(f"{what}: the product says {found}, the model {expected}")


def begin(house: House, homes: Sequence[Home], others: Sequence[int]) -> Life:
    """A life from what was built: homes with a bill each, and accounts without service."""
    ids = (*(home.account_id for home in homes), *others)
    life = Life(
        house=house,
        homes=tuple(homes),
        model=Model(accounts=ids, today=house.today),
        numbers={number: item.number for number, item in accounts(ids).items()},
    )
    for home in homes:
        first = bill(bills_of_account(home.account_id, limit=1)[0].bill_id)
        key = ("bill", first.bill_id)
        life.model.events.append(
            ("debit", home.account_id, key, first.total_cents, first.issued_on, first.due_on, "bill")
        )
    return life


def story(seed: int, *, deeds: int) -> list[Deed]:
    """Random deeds."""
    chance = random.Random(seed)
    names = [name for name, (_, weight) in OPERATIONS.items() for _ in range(weight)]
    return [
        Deed(name=chance.choice(names), numbers=tuple(chance.randrange(2**31) for _ in range(8))) for _ in range(deeds)
    ]


def live(life: Life, deeds: Sequence[Deed], *, check_every: int = 1) -> int:
    """Do a story's deeds; returns how many applied. Balances are compared after each, all else after every so many.

    Raises:
        Differs: the product and the model part; the deed's place stands in the note.
    """
    applied = 0
    for place, deed in enumerate(deeds):
        life.draws = list(deed.numbers)
        try:
            applied += OPERATIONS[deed.name][0](life)
            if (place + 1) % check_every == 0 or place + 1 == len(deeds):
                compare(life)
            else:
                compare_balances(life)
        except (Differs, Refusal) as error:
            error.add_note(f"after deed {place} ({deed.name}) on {life.model.today}")
            raise
    return applied


def shorter(deeds: Sequence[Deed], *, fails: Callable[[Sequence[Deed]], bool], tries: int = 200) -> list[Deed]:
    """The deeds without those that a failure does not need: parts are left out, ever smaller ones."""
    kept, size = list(deeds), max(len(deeds) // 2, 1)
    while tries > 0:
        place, smaller = 0, False
        while place < len(kept) and tries > 0:
            without = kept[:place] + kept[place + size :]
            tries -= 1
            if fails(without):
                kept, smaller = without, True
            else:
                place += size
        if size == 1 and not smaller:
            break
        size = max(size // 2, 1)
    return kept
