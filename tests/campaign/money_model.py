"""Money as dictionaries say it: what accounts owe, what drawers hold and what the books sum to, without a database.

It keeps the events of every account in their order and plays them from the beginning whenever it is asked, with each
payment on the account where it belongs now. So it knows nothing of moves, reversals of late charges or linked entries:
where the product corrects, the model simply was right from the start.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

DUE_DAYS = 20
LATE_AFTER_DAYS = 5
LATE_LEAST_BEARING = 1_000
LATE_LEAST = 500
LATE_BETWEEN = 28
REQUEST_STANDS_DAYS = 14
BOOKED_IN = {
    "cash": "cash_drawer",
    "check": "checks_received",
    "money_order": "checks_received",
    "card": "card_clearing",
    "bank": "bank",
}
PHYSICAL = ("cash", "check", "money_order")


@dataclass(kw_only=True)
class Debit:
    """Something owed, and what was set off against it."""

    due: date
    effective: date
    order: int
    charge: str
    cents: int
    off: int = 0

    @property
    def left(self) -> int:
        """What is not set off."""
        return self.cents - self.off


@dataclass(kw_only=True)
class Standing:
    """An account as the events leave it: debts, money that pays the oldest first, late charges by day."""

    debits: dict[object, Debit] = field(default_factory=dict)
    paid: int = 0
    late: dict[date, int] = field(default_factory=dict)
    held: Counter[int] = field(default_factory=Counter)  # what of a payment lies on a deposit

    def open_items(self) -> list[Debit]:
        """What is owed of each debt, oldest due first, as new debts of that size."""
        credit, found = self.paid, []
        for item in sorted(self.debits.values(), key=lambda one: (one.due, one.effective, one.order)):
            used = min(credit, item.left)
            credit -= used
            if item.left > used:
                found.append(
                    Debit(
                        due=item.due, effective=item.effective, order=item.order, charge=item.charge,
                        cents=item.left - used,
                    )
                )  # fmt: skip
        return found

    @property
    def balance(self) -> int:
        """What is owed."""
        return sum(item.left for item in self.debits.values()) - self.paid

    def by_due(self) -> Counter[date]:
        """What is owed by the day on which it was due."""
        found: Counter[date] = Counter()
        for item in self.open_items():
            found[item.due] += item.cents
        return found

    def late_charge(self, on: date) -> int:
        """What the rule charges for being late on a day."""
        if self.late and (on - max(self.late)).days < LATE_BETWEEN:
            return 0
        bearing = sum(
            item.cents
            for item in self.open_items()
            if (on - item.due).days >= LATE_AFTER_DAYS and item.charge != "late_charge"
        )
        return max((bearing * 3 + 50) // 100, LATE_LEAST) if bearing >= LATE_LEAST_BEARING else 0


@dataclass(kw_only=True)
class Piece:
    """A payment: the part of a tender on an account. `undone` says that it was reversed or came back.

    `before` is the payment that had its money before it went on, or into suspense.
    """

    number: int
    account: int
    cents: int
    tender: int
    undone: bool = False
    before: int | None = None


@dataclass(kw_only=True)
class TenderHeld:
    """What was handed over, and where it is: a drawer's number, "loose", "closed", "bank" or "electronic"."""

    number: int
    kind: str
    cents: int
    taken_back: int = 0
    drawer: int | None = None
    place: str = "loose"
    returned: bool = False

    @property
    def in_hand(self) -> bool:
        """Whether a reversal takes the money out again."""
        return self.place in ("loose", "drawer")

    @property
    def worth(self) -> int:
        """What lies there."""
        return 0 if self.returned else self.cents - self.taken_back


@dataclass(kw_only=True)
class Use:
    """Authority that was used."""

    account: int
    by: str
    cents: int
    on: date
    approved: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A waiver that somebody else has to decide, before it expires."""

    fee: int
    account: int
    cents: int
    on: date


@dataclass(kw_only=True)
class DepositAsked:
    """A deposit that is asked for, and what is held of it, by payment (None: of the account's credit)."""

    cents: int
    held: Counter[int | None] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """What is still asked for."""
        return self.cents - self.held.total()


@dataclass(kw_only=True)
class Model:
    """All of it."""

    accounts: tuple[int, ...]
    today: date
    events: list[tuple[object, ...]] = field(default_factory=list)
    pieces: dict[int, Piece] = field(default_factory=dict)
    tenders: dict[int, TenderHeld] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)  # pieces that never were where they are: they went on, or came anew
    suspended: dict[int, Piece] = field(default_factory=dict)  # pieces whose money waits, by item in suspense
    books: Counter[str] = field(default_factory=Counter)  # but receivable and fees, which are played
    fees: dict[int, tuple[int, int]] = field(default_factory=dict)  # fee: account, left
    uses: list[Use] = field(default_factory=list)
    returns: dict[int, dict[int, date]] = field(default_factory=lambda: defaultdict(dict))  # by account, by tender
    declined: dict[int, date] = field(default_factory=dict)  # when a waiver on an account was last declined
    requests: dict[int, Asked] = field(default_factory=dict)
    adjustments: dict[int, tuple[int, int]] = field(default_factory=dict)  # that may be reversed: account, cents
    deposits: dict[int, DepositAsked] = field(default_factory=dict)  # by account

    def play(self, account: int) -> Standing:
        """An account from its first event on."""
        at = Standing()
        for order, (kind, *said) in enumerate(self.events):
            _EVENTS[str(kind)](self, at, account, order, said)
        return at

    def arrive(self, piece: Piece) -> None:
        """A payment comes where it belongs: if its money was there before, it counts once."""
        self.pieces[piece.number] = piece
        before = piece.before
        while before is not None:
            if self.pieces[before].account == piece.account:
                self.moved.add(before)
            before = self.pieces[before].before

    def used(self, account: int, *, by: str, approved: bool = False) -> int:
        """The authority someone used on an account in 30 days, of their own or as an approver allowed."""
        since = self.today - timedelta(days=29)
        return sum(
            item.cents
            for item in self.uses
            if item.account == account and item.on >= since and item.approved is approved and item.by == by
        )

    def waiting(self) -> dict[int, Asked]:
        """The requests that may still be decided."""
        return {
            number: asked
            for number, asked in self.requests.items()
            if (self.today - asked.on).days < REQUEST_STANDS_DAYS
        }

    def cash_only(self, account: int) -> bool:
        """Whether checks are refused."""
        days = sorted(self.returns[account].values())
        for place, on in enumerate(days):
            count = sum(1 for other in days[: place + 1] if (on - other).days < 365)
            if count >= 2 and on + timedelta(days=365) >= self.today:
                return True
        return False


def _debit(model: Model, at: Standing, account: int, order: int, said: list[object]) -> None:
    whose, key, cents, on, due, charge = said
    if whose == account:
        at.debits[key] = Debit(due=due, effective=on, order=order, charge=charge, cents=cents)  # type: ignore[arg-type]


def _off(model: Model, at: Standing, account: int, order: int, said: list[object]) -> None:
    """Something is set off against a debt, at most all that is left of it."""
    whose, key, cents = said
    if whose == account and key in at.debits:
        item = at.debits[key]
        item.off += min(int(cents), item.left)  # type: ignore[call-overload]


def _tender(model: Model, at: Standing, account: int, order: int, said: list[object]) -> None:
    for item in model.pieces.values():
        if item.tender == said[0] and item.account == account and item.number not in model.moved:
            at.paid += item.cents


def _undo(model: Model, at: Standing, account: int, order: int, said: list[object]) -> None:
    item = model.pieces[int(said[0])]  # type: ignore[call-overload]
    if item.account == account and item.number not in model.moved:
        at.paid -= item.cents - at.held.pop(item.number, 0)


def _credit(model: Model, at: Standing, account: int, order: int, said: list[object]) -> None:
    whose, cents = said
    if whose == account:
        at.paid += int(cents)  # type: ignore[call-overload]


def _held(model: Model, at: Standing, account: int, order: int, said: list[object]) -> None:
    """What a payment puts on a deposit goes with it, wherever it goes."""
    item, cents = model.pieces[int(said[0])], int(said[1])  # type: ignore[call-overload]
    if item.account == account and item.number not in model.moved:
        at.paid -= cents
        at.held[item.number] += cents


def _late(model: Model, at: Standing, account: int, order: int, said: list[object]) -> None:
    [on] = said
    assert isinstance(on, date)
    if cents := at.late_charge(on):
        at.late[on] = cents
        due = on + timedelta(days=DUE_DAYS)
        at.debits["late", on] = Debit(due=due, effective=on, order=order, charge="late_charge", cents=cents)


_EVENTS = {
    "debit": _debit,
    "off": _off,
    "tender": _tender,
    "undo": _undo,
    "late": _late,
    "credit": _credit,
    "held": _held,
}
