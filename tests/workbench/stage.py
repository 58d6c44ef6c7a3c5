"""A small utility on one day, with something for every page: the stage of the desk's tests, here and in the browser."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from tests.billing_town import work_off
from tests.house import START, Home, House, move_in, open_house

TODAY = date(2026, 11, 6)
_MONTH_DAYS = 30
_MONTHS = 13
_USE_KWH = (810, 620, 700, 540, 430, 480, 700, 910, 860, 500, 470, 560, 690)
LONG_NAME = "Maximiliana Wilhelmina van der Westhuizen-Featherstonehaugh"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The numbers of what was made.

    ``ruth`` has 13 months of bills, a late charge and a request for the waiver of a reconnection fee that waits;
    ``hanna`` a fee and a request; ``dale`` a read that waits; ``grace`` a read not billed yet; ``long`` a long name,
    mail elsewhere and billing on hold; ``empty`` nothing; ``together`` and ``alone`` are of one customer, and the bills
    of ``together`` go onto a summary; ``refunded`` paid a deposit, and too much twice: one refund is on its way, the
    other looks like it and waits; an agency's money waits there, too. ``run`` is a bill run of everybody's cycle but
    that of ``empty``, started by C. Okafor, tried and not released.
    """

    ruth: int
    ruth_number: str
    ruth_bill: int
    ruth_bill_before: int
    ruth_request: int
    ruth_receipt: int
    hanna: int
    hanna_request: int
    dale: int
    dale_bill: int
    grace: int
    grace_meter: str
    long: int
    empty: int
    late_charge: int
    run: int
    together: int
    alone: int
    refunded: int

    def as_dict(self) -> dict[str, Any]:
        """For another process."""
        return asdict(self)


def set_stage() -> Stage:
    """Make everything through the door, up to the day `TODAY`; the database is empty before."""
    house = open_house()
    house.today = TODAY - timedelta(days=_MONTHS * _MONTH_DAYS + 6)
    assert house.today >= START
    ruth = move_in(house, email="ruth.k@example.com")
    ruth_bills = _year_of_ruth(house, ruth)
    house.today = TODAY - timedelta(days=2 * _MONTH_DAYS + 6)
    hanna = move_in(house, name="Hanna Lindgren", street="1916 Windmill Ct", serial="77402973", phone="(402) 555-0187")
    dale = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="(402) 555-0161")
    grace = move_in(
        house, name="Grace Whitehorse", street="1207 Sandhill Rd", serial="77402944", phone="(402) 555-0177"
    )
    long = move_in(house, name=LONG_NAME, street="4 Railway Ave", serial="77403082", phone="(402) 555-0118")
    dale_bill = 0
    for reading in (1640, 2310):
        house.pass_days(_MONTH_DAYS)
        for home in (hanna, dale, grace, long):
            _read(house, home, reading=reading)
            bill_id = _bill(house, home) if home is not grace or reading < 2000 else 0
            dale_bill = bill_id if home is dale else dale_bill
    house.today = TODAY - timedelta(days=2)
    request, receipt, late_charge = _fees_of_ruth(house, ruth)
    hanna_request = _asked(house, hanna, by="dvorak")
    refunded = _refunded(house)
    house.today = TODAY - timedelta(days=1)
    # Ten times the usual: it waits for a second look.
    house.do("enter_read", account_id=dale.account_id, meter=dale.serial, read_on=house.today, reading="9810")
    house.today = TODAY
    house.do("hold_billing", agreement_id=long.agreement_id, reason="The meter is to be tested")
    number = house.do("change_mailing_address", by="reyes", account_id=long.account_id, version=1, **_box()).receipt_id
    run = house.made("start_bill_run", "bill_run", by="okafor", cycle=14, shard_accounts=2)
    work_off(house)
    return Stage(
        ruth=ruth.account_id,
        ruth_number=_number_of(ruth),
        ruth_bill=ruth_bills[-1],
        ruth_bill_before=ruth_bills[-2],
        ruth_request=request,
        ruth_receipt=max(receipt, number),
        hanna=hanna.account_id,
        hanna_request=hanna_request,
        dale=dale.account_id,
        dale_bill=dale_bill,
        grace=grace.account_id,
        grace_meter=grace.serial,
        long=long.account_id,
        empty=_account_without_service(house),
        late_charge=late_charge,
        run=run,
        refunded=refunded,
        **_two_accounts(house),
    )


def _box() -> dict[str, str]:
    return {"street": "PO Box 77", "city": "Prairie City", "state": "NE", "postal_code": "68900"}


def _number_of(home: Home) -> str:
    from weatherhead.areas.customers.queries import account

    return account(home.account_id).number


def _read(house: House, home: Home, *, reading: int) -> None:
    house.do("enter_read", account_id=home.account_id, meter=home.serial, read_on=house.today, reading=str(reading))


def _bill(house: House, home: Home) -> int:
    return house.made("bill_account", "bill", account_id=home.account_id)


def _year_of_ruth(house: House, ruth: Home) -> list[int]:
    """Thirteen bills; all are paid by check but the last two."""
    from weatherhead.areas.ledger.queries import balance_of

    bills, reading = [], 1000
    for month, use in enumerate(_USE_KWH):
        house.pass_days(_MONTH_DAYS)
        reading += use
        _read(house, ruth, reading=reading)
        bills.append(_bill(house, ruth))
        if month < _MONTHS - 2:
            owed = balance_of([ruth.account_id])[ruth.account_id]
            check = {"tender": "check", "check_number": str(1042 + month)}
            house.do("take_payment", by="nguyen", account_id=ruth.account_id, amount_cents=owed, **check)
    return bills


def _fees_of_ruth(house: House, ruth: Home) -> tuple[int, int, int]:
    """A late charge that stands, and a reconnection fee whose waiver was asked for.

    Returns the numbers of the request, of the late charge's receipt and of the late charge.
    """
    late = house.do("assess_fee", by="reyes", account_id=ruth.account_id, charge="late_charge", reason="past_due")
    return _asked(house, ruth, by="reyes"), late.receipt_id, int(late.body["made"]["adjustment"][0])


def _asked(house: House, home: Home, *, by: str) -> int:
    """A fee of $70 and a representative's request to waive it."""
    fee = house.made(
        "assess_fee", "adjustment", account_id=home.account_id, charge="reconnect_fee", reason="service_rendered"
    )
    asked = house.do("waive_fee", by=by, adjustment_id=fee, reason="our_error", note="The crew was at the wrong house")
    return int(asked.body["request"])


def _account_without_service(house: House) -> int:
    customer = house.made("create_customer", "customer", kind="person", name="Elias Okoro", phone="(402) 555-0123")
    return _account_of(house, customer, cycle=8)


def _account_of(house: House, customer_id: int, *, cycle: int) -> int:
    address = {f"mail_{name}": value for name, value in _box().items()}
    return house.made(
        "create_account", "account", customer_id=customer_id, cycle=cycle, revenue_class="residential", **address
    )


def _refunded(house: House) -> int:
    """An account with a deposit in two parts, the first of them paid, two refunds of the same amount, and money of an
    agency that waits.
    """
    customer = house.made("create_customer", "customer", kind="person", name="Ignatius Quill", phone="(402) 555-0199")
    here = {"account_id": _account_of(house, customer, cycle=3)}
    house.do("assess_deposit", by="reyes", **here, reason="no_history", installments=2)
    paid = house.made("take_payment", "payment", by="nguyen", **here, amount_cents="214.10", tender="cash")
    house.do("pay_deposit", by="reyes", **here, payment_id=paid, amount_cents="75.00")
    for step in ("issue", "hold"):
        asked = house.do("request_refund", by="reyes", **here, reason="overpaid", amount_cents="64.10")
        house.do("approve_request", by="alvarez", request_id=asked.body["request"])
        if step == "issue":
            house.do("issue_refunds", by="okafor")
    pledge = {"tender": "agency", "agency": "Community Action", "channel": "electronic"}
    house.do("take_payment", by="reyes", **here, amount_cents="50.00", **pledge)
    return here["account_id"]


def _two_accounts(house: House) -> dict[str, int]:
    customer = house.made("create_customer", "customer", kind="business", name="Hoffman Rentals LLC")
    together, alone = _account_of(house, customer, cycle=3), _account_of(house, customer, cycle=3)
    house.do("put_on_summary", by="reyes", account_id=together)
    return {"together": together, "alone": alone}
