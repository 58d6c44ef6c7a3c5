"""Random deeds of every part of the money work, across each other: whatever is refused by name, the books stand.

Unlike `money_moves` nothing is modelled. A deed may be refused; nothing else may go wrong, and after each the books
prove themselves, everyone's ageing is that of `core.ledger`, and every summary foots.
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeVar

from tests.house import Home, House, moment
from tests.payment_files.made import agencies, lockbox
from weatherhead.areas.agreements.queries import agreements_of_accounts
from weatherhead.areas.billing.models import Adjustment
from weatherhead.areas.billing.queries import bills_of_account
from weatherhead.areas.billing.runs import shards_of
from weatherhead.areas.credit.models import Refund, RefundCheck
from weatherhead.areas.credit.queries import deposits_of_account
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.ledger.aged import aged_receivables
from weatherhead.areas.ledger.books import closed_through, movements
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.payments.drawers import holdings_of_drawers
from weatherhead.areas.payments.file_queries import shard_ids_of, suspense_items
from weatherhead.areas.payments.models import Drawer, Payment, PaymentBatch, Tender
from weatherhead.areas.records.models import ApprovalRequest
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.core.values import Refusal
from weatherhead.door.authority import grant_for
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.overviews.account.page import account_overview
from weatherhead.overviews.approvals import approvals_overview
from weatherhead.overviews.bill import bill_proof
from weatherhead.overviews.bill_run import bill_run_overview, bill_runs
from weatherhead.overviews.books.aged import aged_overview
from weatherhead.overviews.books.balancing import day_balanced
from weatherhead.overviews.books.revenue import revenue_overview
from weatherhead.overviews.books.standing import books_standing
from weatherhead.overviews.books.trial import trial_balance
from weatherhead.overviews.conduct import conduct_report, fairness_report
from weatherhead.overviews.money import money_overview
from weatherhead.overviews.refunds import refunds_overview
from weatherhead.overviews.statement.page import Asked, summary_overview
from weatherhead.overviews.suspense import suspense_overview

Chosen = TypeVar("Chosen")
NOTE = "Asked for at the counter"
ADDRESS = {"mail_city": "Prairie City", "mail_state": "NE", "mail_postal_code": "68900"}


class Wrong(AssertionError):
    """Something does not stand."""


@dataclass(kw_only=True)
class World:
    """A utility with homes and accounts without service."""

    house: House
    homes: tuple[Home, ...]
    account_ids: tuple[int, ...]
    numbers: dict[int, str]
    chance: random.Random
    runs: list[int] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    count: int = 0

    def pick(self, among: Sequence[Chosen]) -> Chosen:
        """One of several."""
        return among[self.chance.randrange(len(among))]

    def cents(self, most: int = 12_000) -> int:
        """An amount."""
        return self.chance.randrange(1, most)

    def serial(self) -> str:
        """A number that nothing had."""
        self.count += 1
        return f"{self.count}"

    def day(self, most: int = 40) -> date:
        """Today or a day before."""
        return self.house.today - timedelta(days=self.pick((0, 0, 0, 1, 2, self.chance.randrange(most))))

    def do(self, name: str, /, *, by: str = "alvarez", **inputs: Any) -> ReceiptFacts | None:
        """Do something, or be refused by name. Half of it is looked at first, and must then be as it was shown."""
        self.said.append(f"{self.house.today} {by} {name} {inputs}")
        try:
            shown = self.house.see(name, by=by, **inputs) if self.pick((True, False)) else None
            found = perform(
                name, actor=self.house.actor(by), key=self.house.key(), moment=moment(self.house.today), inputs=inputs,
                seen=shown.substance if shown else None,
            )  # fmt: skip
        except Refusal as refusal:
            self.refused[f"{name}: {refusal.code}"] += 1
            self.said[-1] += f" -> {refusal.code}"
            if refusal.code.endswith("Meanwhile") or refusal.code == "ChangedSincePreview":
                raise Wrong(f"{name}: {refusal}, and nobody else is here") from refusal
            return None
        self.done[f"{name} {found.outcome}" if found.outcome != "done" else name] += 1
        self.said[-1] += f" -> {found.outcome} {found.body.get('made')}"
        if found.outcome == "done":
            self._foot(found)
        elif self.chance.random() < 0.8:
            decider = self.pick(("alvarez", "alvarez", "larsen"))
            return self.do("approve_request", by=decider, request_id=found.body["request"])
        return found

    def _foot(self, found: ReceiptFacts) -> None:
        """What the receipt says an account owes now is what it owes."""
        said = [item for item in found.body["changes"] if item["code"] in ("balance", "past_due")]
        now = ageing_of({item["account_id"] for item in said if item["account_id"]}, as_of=self.house.today)
        for item in said:
            if item["account_id"]:
                one = now[item["account_id"]]
                is_now = one.balance_cents if item["code"] == "balance" else one.past_due_cents
                if item["after"] != is_now:
                    raise Wrong(f"{found.action}: {item['code']} is {is_now}, and the receipt says {item['after']}")

    def made(self, name: str, kind: str, /, **inputs: Any) -> int | None:
        """What was made, if it was."""
        found = self.do(name, **inputs)
        return int(found.body["made"][kind][0]) if found and found.outcome == "done" else None


Doing = Callable[[World], None]
DEEDS: dict[str, tuple[Doing, int]] = {}


def deed(weight: int) -> Callable[[Doing], Doing]:
    """Add a kind of deed."""

    def add(doing: Doing) -> Doing:
        DEEDS[doing.__name__] = (doing, weight)
        return doing

    return add


@deed(10)
def days_go_by(world: World) -> None:
    world.house.pass_days(1 + world.chance.randrange(14))


@deed(1)
def months_go_by(world: World) -> None:
    world.house.pass_days(60 + world.chance.randrange(90))


@deed(12)
def money_comes(world: World) -> None:
    kind = world.pick(("cash", "check", "check", "money_order", "card", "bank", "agency"))
    account = world.pick(world.account_ids)
    owed = balance_of([account])[account]
    cents = owed if owed > 0 and world.pick((True, False)) else world.cents()
    inputs: dict[str, Any] = {"account_id": account, "amount_cents": cents, "tender": kind}
    number = world.serial()
    if kind in ("check", "money_order"):
        inputs["check_number"] = number
    elif kind != "cash":
        inputs["reference"] = f"r{number}"
    if kind == "agency":
        inputs["agency"] = "Community Action"
    if world.pick((True, False, False)):
        others = [item for item in world.account_ids if item != account]
        inputs["also_pays"] = [{"account": world.numbers[world.pick(others)], "amount_cents": world.cents()}]
    if world.pick((True, False, False, False)):
        inputs["paid_on"] = world.house.today - timedelta(days=world.chance.randrange(5))
    world.do("take_payment", by=world.pick(("alvarez", "nguyen", "reyes")), **inputs)


@deed(5)
def a_file_comes(world: World) -> None:
    whose = [world.pick([*world.numbers.values(), "000000000", "J SMITH"]) for _ in range(3)]
    lines = lockbox([[(world.cents(), number) for number in whose]], day=f"{world.day(60):%y%m%d}")
    content = "\n".join(lines).encode()
    given = {
        "name": "lockbox.txt",
        "source": "lockbox",
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content).decode(),
    }
    file_id = world.made("import_payment_file", "payment_file", by="okafor", **given)
    if file_id is not None:
        for shard_id in shard_ids_of(file_id):
            world.do("post_payment_file_shard", by="okafor", shard_id=shard_id)


@deed(3)
def a_file_of_an_agency_comes(world: World) -> None:
    whose = [world.pick([*world.numbers.values(), "000000000"]) for _ in range(3)]
    rows = [("Community Action", f"a{world.serial()}", number, f"{world.cents() / 100:.2f}") for number in whose]
    content = "\n".join(agencies(rows)).replace("2026-03-09", world.day(60).isoformat()).encode()
    given = {
        "name": "agencies.csv",
        "source": "agencies",
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content).decode(),
    }
    file_id = world.made("import_payment_file", "payment_file", by="okafor", **given)
    if file_id is not None:
        for shard_id in shard_ids_of(file_id):
            world.do("post_payment_file_shard", by="okafor", shard_id=shard_id)


@deed(3)
def the_mail_is_posted(world: World) -> None:
    rows = [(world.pick([*world.numbers.values()]), world.cents(), world.serial()) for _ in range(3)]
    text = "\n".join(f"{number}, {cents / 100:.2f}, {check}" for number, cents, check in rows)
    total = sum(cents for _, cents, _ in rows)
    world.do(
        "post_payment_batch", by="nguyen", name=f"Mail {world.serial()}", counted="3", total_cents=total, payments=text,
        received_on=world.day(5),
    )  # fmt: skip


def _payment(world: World) -> int | None:
    ids = list(Payment.objects.order_by("-pk").values_list("pk", flat=True)[:25])
    return world.pick(ids) if ids else None


@deed(8)
def a_payment_is_moved(world: World) -> None:
    number = _payment(world)
    if number is None:
        return
    where = Payment.objects.values_list("account_id", flat=True).get(pk=number)
    elsewhere = [text for account, text in world.numbers.items() if account != where]
    inputs: dict[str, Any] = {"payment_id": number, "to_account": world.pick(elsewhere)}
    if world.pick((True, False, False)):
        inputs["amount_cents"] = world.cents(4_000)
    if world.pick((True, False, False, False)):
        inputs["also_payments"] = [world.pick([item for item in [_payment(world)] if item])]
    world.do(
        "move_payment", by="reyes", reason="same_name", note=NOTE, charge_hidden=world.pick((True, False)), **inputs
    )


@deed(5)
def a_payment_is_reversed(world: World) -> None:
    number = _payment(world)
    if number is not None:
        reason = world.pick(("wrong_account", "wrong_amount", "duplicate"))
        world.do("reverse_payment", by="reyes", payment_id=number, reason=reason, note=NOTE)


@deed(5)
def a_payment_comes_back(world: World) -> None:
    number = _payment(world)
    if number is not None:
        reason = world.pick(("insufficient_funds", "stop_payment", "bank_error"))
        world.do("return_payment", by="okafor", payment_id=number, reason=reason, returned_on=world.day(10))


@deed(6)
def suspense_is_looked_through(world: World) -> None:
    items = suspense_items()
    if not items:
        return
    item = world.pick(items)
    if world.pick((True, True, False)):
        account = world.pick(world.account_ids)
        by = world.pick(("reyes", "nguyen"))
        world.do("post_from_suspense", by=by, suspense_item_id=item.item_id, account_id=account, note=NOTE)
    else:
        way = world.pick(("refund", "bank"))
        to = {"payee_name": "J. Smith", "mail_street": "9 Elm Ct", **ADDRESS} if world.pick((True, False)) else {}
        world.do("return_suspense_item", by="okafor", suspense_item_id=item.item_id, way=way, note=NOTE, **to)


@deed(4)
def a_credit_is_transferred(world: World) -> None:
    in_credit = [number for number, cents in balance_of(world.account_ids).items() if cents < 0]
    account = world.pick(in_credit or list(world.account_ids))
    most = max(-balance_of([account])[account], 1)
    cents = world.pick((most, world.cents()))
    elsewhere = [text for number, text in world.numbers.items() if number != account]
    world.do(
        "transfer_credit", by="reyes", account_id=account, other_account=world.pick(elsewhere),
        amount_cents=cents, consent="written", note=NOTE,
    )  # fmt: skip


@deed(3)
def a_credit_is_applied(world: World) -> None:
    world.do("apply_credit", by="reyes", account_id=world.pick(world.account_ids))


@deed(3)
def a_fee_is_assessed(world: World) -> None:
    world.do(
        "assess_fee", by=world.pick(("reyes", "alvarez")), account_id=world.pick(world.account_ids),
        charge="connect_fee", reason="service_rendered", amount_cents=world.pick((2_000, world.cents(6_000))),
    )  # fmt: skip


def _adjustment(world: World) -> int | None:
    ids = list(Adjustment.objects.order_by("-pk").values_list("pk", flat=True)[:20])
    return world.pick(ids) if ids else None


@deed(4)
def a_fee_is_waived(world: World) -> None:
    number = _adjustment(world)
    if number is not None:
        inputs = {"amount_cents": world.cents(3_000)} if world.pick((True, False)) else {}
        reason = world.pick(("our_error", "first_in_12_months"))
        world.do("waive_fee", by=world.pick(("reyes", "alvarez")), adjustment_id=number, reason=reason, **inputs)


@deed(4)
def an_adjustment_is_posted(world: World) -> None:
    kind, reason = world.pick(
        (
            ("goodwill_credit", "poor_service"),
            ("billing_correction_credit", "billed_twice"),
            ("billing_correction_debit", "left_off_bill"),
            ("tax_correction_debit", "exemption_ended"),
            ("damage_charge", "seal_or_meter_damaged"),
        )
    )
    world.do(
        "post_adjustment", by="alvarez", account_id=world.pick(world.account_ids), type=kind, reason=reason,
        amount_cents=world.cents(8_000), evidence="Ticket 4410",
    )  # fmt: skip


@deed(3)
def an_adjustment_is_reversed(world: World) -> None:
    number = _adjustment(world)
    if number is not None:
        world.do("reverse_adjustment", by="alvarez", adjustment_id=number, note=NOTE)


@deed(5)
def late_charges_are_assessed(world: World) -> None:
    world.do("assess_late_charges", by="okafor", cycle=14)


@deed(8)
def a_bill_is_made(world: World) -> None:
    home = world.pick(world.homes)
    _read(world, home)
    world.do("bill_account", account_id=home.account_id)


def _read(world: World, home: Home) -> None:
    last = max(
        (item for item in reads_of_meter(home.meter_id) if item.state == "accepted"), key=lambda item: item.read_on
    )
    reading = int(last.dial_reading) + 24 * (world.house.today - last.read_on).days
    world.do("enter_read", account_id=home.account_id, meter=home.serial, read_on=world.house.today, reading=reading)


@deed(3)
def a_read_is_corrected(world: World) -> None:
    home = world.pick(world.homes)
    reads = [item for item in reads_of_meter(home.meter_id) if item.state == "accepted"]
    read = world.pick(reads)
    reading = max(int(read.dial_reading) + world.pick((-90, -9, 8, 120)), 0)
    world.do("correct_read", by="okafor", read_id=read.read_id, reading=reading, reason="A digit was misread")


@deed(2)
def the_multiplier_was_wrong(world: World) -> None:
    home = world.pick(world.homes)
    world.do("correct_multiplier", by="okafor", meter=home.serial, multiplier=world.pick((1, 2)), reason="Read off it")


@deed(2)
def the_meters_were_swapped(world: World) -> None:
    one, other = world.homes[0], world.homes[1]
    world.do("swap_meters", by="okafor", meter=one.serial, other_meter=other.serial, reason="At each other's place")


@deed(2)
def the_terms_were_wrong(world: World) -> None:
    agreements = agreements_of_accounts(world.account_ids)
    item = world.pick(agreements)
    schedule, options = world.pick((("R-1", {"facilities_level": "1"}), ("GS-1", {})))
    world.do(
        "correct_terms", by="reyes", agreement_id=item.agreement_id, schedule=schedule, options=options,
        reason="It is a shop",
    )  # fmt: skip


@deed(5)
def bills_are_corrected(world: World) -> None:
    account = world.pick(world.account_ids)
    cause = world.pick(("read", "multiplier", "meter", "tax"))
    world.do("correct_bills", by=world.pick(("okafor", "alvarez")), account_id=account, cause=cause, reason="Was wrong")


@deed(3)
def one_bill_is_corrected(world: World) -> None:
    bills = bills_of_account(world.pick(world.homes).account_id, limit=6)
    if not bills:
        return
    world.do("cancel_and_rebill", by="okafor", bill_id=world.pick(bills).bill_id, reason="Was wrong")


@deed(3)
def a_run_is_started(world: World) -> None:
    if world.pick((True, False)):
        for home in world.homes:
            if world.pick((True, True, False)):
                _read(world, home)
        run = world.made("start_bill_run", "bill_run", by="okafor", cycle=14)
    else:
        run = world.made("start_correction_run", "bill_run", by="okafor", schedule="R-1", from_on=date(2025, 10, 1),
                         reason="The price was wrong")  # fmt: skip
    if run is not None:
        world.runs.append(run)


@deed(9)
def a_run_goes_on(world: World) -> None:
    if not world.runs:
        return
    run = world.pick(world.runs[-3:])
    step = world.pick(("try", "release", "issue", "issue", "all", "all", "cancel"))
    if step == "all":
        for kind in ("bill", "correction"):
            for shard in shards_of(run, stage="try"):
                world.do(f"try_{kind}_shard", by="okafor", shard_id=shard.shard_id)
        world.do("release_bill_run", by="alvarez", run_id=run)
        step = "issue"
    if step in ("try", "issue"):
        for shard in shards_of(run, stage=step):
            for kind in ("bill", "correction"):
                world.do(f"{step}_{kind}_shard", by="okafor" if step == "try" else "alvarez", shard_id=shard.shard_id)
    elif step == "release":
        world.do("release_bill_run", by="alvarez", run_id=run)
    elif world.pick((True, False, False)):
        world.do("cancel_bill_run", by="okafor", run_id=run, reason="Not now")


@deed(5)
def a_drawer_is_opened_or_closed(world: World) -> None:
    open_ = Drawer.objects.filter(closed_on__isnull=True).first()
    if open_ is None:
        world.do("open_drawer", by="nguyen", float_cents="100.00")
        return
    held = holdings_of_drawers([open_.pk])[open_.pk]
    cents = 10_000 + held.cash_cents + world.pick((0, 0, -3, 700))
    pieces = "\n".join(f"{worth}, {n}" for worth, n in (("1.00", cents // 100), ("0.01", cents % 100)) if n)
    checks = {"checks": f"{held.checks}", "checks_cents": held.checks_cents}
    world.do("count_drawer", by="nguyen", drawer_id=open_.pk, pieces=pieces, **checks)
    world.do("close_drawer", by="nguyen", drawer_id=open_.pk)


@deed(4)
def money_goes_to_the_bank(world: World) -> None:
    drawers = list(Drawer.objects.filter(closed_on__isnull=False, deposit__isnull=True))
    batches = list(PaymentBatch.objects.filter(deposit__isnull=True).values_list("pk", flat=True))
    loose = world.do  # the refusal says what the slip should be
    holding = _waiting(world)
    if holding is None:
        return
    checks, total = holding
    loose("make_deposit", slip=world.serial(), drawer_ids=[item.pk for item in drawers], batch_ids=batches,
          loose_through=world.house.today, checks=f"{checks}", total_cents=total)  # fmt: skip


def _waiting(world: World) -> tuple[int, int] | None:
    """What waits for the bank, but for what lies in an open drawer."""
    checks, total = 0, 0
    for item in Tender.objects.select_related("event__drawer", "event__batch").filter(
        kind__in=["cash", "check", "money_order"], deposit__isnull=True, cancelled_on__isnull=True
    ):
        drawer, batch = item.event.drawer, item.event.batch
        if (drawer and (drawer.closed_on is None or drawer.deposit_id)) or (batch and batch.deposit_id):
            continue
        worth = item.amount_cents - item.taken_back_cents
        total += worth
        checks += bool(worth and item.kind != "cash")
    over = sum(item.over_short_cents for item in Drawer.objects.filter(closed_on__isnull=False, deposit__isnull=True))
    return (checks, total + over) if total or over else None


@deed(3)
def a_deposit_is_asked_for(world: World) -> None:
    world.do("assess_deposit", by="reyes", account_id=world.pick(world.homes).account_id,
             reason=world.pick(("no_history", "late_payments")), installments=world.pick((1, 3)))  # fmt: skip


@deed(5)
def a_deposit_is_paid(world: World) -> None:
    wanted = [
        item.account_id for item in world.homes if any(d.left_cents for d in deposits_of_account(item.account_id))
    ]
    account = world.pick(wanted or [item.account_id for item in world.homes])
    inputs: dict[str, Any] = {"account_id": account}
    paid = list(Payment.objects.filter(account_id=account).order_by("-pk").values_list("pk", flat=True)[:4])
    if paid and world.pick((True, True, False)):
        inputs["payment_id"] = world.pick(paid)
    if world.pick((True, False)):
        inputs["amount_cents"] = world.cents(6_000)
    world.do("pay_deposit", by="reyes", **inputs)


@deed(3)
def a_deposit_is_settled(world: World) -> None:
    account = world.pick(world.homes).account_id
    step = world.pick(("interest", "good_history", "final_bill", "apply", "withdraw"))
    if step == "apply":
        world.do("apply_deposit", by="reyes", account_id=account)
    elif step == "withdraw":
        world.do("withdraw_deposit", by="reyes", account_id=account, reason="A letter of credit came")
    else:
        world.do("settle_deposits", by="okafor", kind=step)


@deed(5)
def a_refund_is_asked_for(world: World) -> None:
    inputs: dict[str, Any] = {"amount_cents": world.cents(3_000)} if world.pick((True, False)) else {}
    source = world.pick(("credit", "credit", "deposit"))
    in_credit = [number for number, cents in balance_of(world.account_ids).items() if cents < 0]
    account = world.pick(in_credit or list(world.account_ids))
    world.do("request_refund", by="reyes", account_id=account, source=source, reason="overpaid", **inputs)


@deed(4)
def a_refund_goes_on(world: World) -> None:
    refunds = list(Refund.objects.values_list("pk", flat=True))
    checks = list(RefundCheck.objects.values_list("number", "amount_cents"))
    step = world.pick(("release", "cancel", "issue", "issue", "void", "clear"))
    if step == "issue":
        world.do("issue_refunds", by="okafor")
    elif step in ("release", "cancel") and refunds:
        world.do(f"{step}_refund", refund_id=world.pick(refunds), reason="She wants it so")
    elif step == "void" and checks:
        how = world.pick(("void", "stop"))
        world.do("void_refund_check", check_number=world.pick(checks)[0], how=how, reason="Lost in the mail")
    elif step == "clear" and checks:
        lines = "\n".join(f"{number},{cents / 100:.2f}" for number, cents in checks if world.pick((True, False)))
        world.do("clear_refund_checks", by="okafor", cleared_on=world.house.today, lines=lines)


@deed(1)
def service_ends(world: World) -> None:
    home = world.homes[-1]
    last = max(
        (item for item in reads_of_meter(home.meter_id) if item.state == "accepted"), key=lambda item: item.read_on
    )
    reading = int(last.dial_reading) + 24 * (world.house.today - last.read_on).days
    world.do("end_service", by="reyes", agreement_id=home.agreement_id, end_on=world.house.today, reading=reading)
    world.do("bill_account", account_id=home.account_id)


@deed(3)
def debts_are_given_up(world: World) -> None:
    step = world.pick(("one", "uncollectible", "small_balance", "recover", "recover", "provide"))
    if step == "one":
        world.do("write_off_account", account_id=world.pick(world.account_ids), reason="Moved abroad")
    elif step == "recover":
        world.do("recover_write_offs", by="okafor")
        world.do("apply_waiting_credits", by="okafor")
    elif step == "provide":
        world.do("provide_for_bad_debt", by="okafor", month=f"{world.day(60):%Y-%m}")
    else:
        world.do("write_off_accounts", by="okafor", kind=step)


@deed(4)
def the_books_are_kept(world: World) -> None:
    step = world.pick(("close", "close", "reopen", "export", "unbilled", "unbilled"))
    if step == "close":
        world.do(
            "close_period", by="okafor", last_on=world.house.today - timedelta(days=1 + world.chance.randrange(20))
        )
    elif step == "reopen" and (closed := closed_through()):
        world.do("reopen_period", by="okafor", from_on=closed - timedelta(days=world.chance.randrange(10)), reason=NOTE)
    elif step == "export" and world.pick((True, False, False)):
        world.do("export_journal", by="okafor", grouped_by=world.pick(("day", "source")))
    elif step == "unbilled":
        month_end = world.house.today.replace(day=1) - timedelta(days=1)
        world.do("post_unbilled", by="okafor", month_end_on=month_end)


@deed(4)
def requests_are_decided(world: World) -> None:
    waiting = list(ApprovalRequest.objects.filter(state="waiting").values_list("pk", flat=True))
    if not waiting:
        return
    request = world.pick(waiting)
    step = world.pick(("approve", "approve", "decline", "withdraw"))
    if step == "withdraw":
        world.do("withdraw_request", by="reyes", request_id=request)
    elif step == "approve":
        world.do("approve_request", by=world.pick(("alvarez", "larsen")), request_id=request)
    else:
        world.do("decline_request", request_id=request, note="Not this time")


@deed(2)
def a_summary_bill_is_made(world: World) -> None:
    account = world.pick(world.account_ids)
    if world.pick((True, False)):
        world.do(world.pick(("put_on_summary", "take_off_summary")), by="reyes", account_id=account)
    else:
        customer = world.homes[0].customer_id
        world.do("make_summary_bill", by="reyes", customer_id=customer, issued_on=world.house.today)


@deed(3)
def a_summary_is_prepared(world: World) -> None:
    kind = world.pick(("statement", "payment_history", "yearly", "usage", "accounts"))
    world.do("prepare_statement", by="reyes", account_id=world.pick(world.account_ids), kind=kind, given_by="print")


def prove(world: World, *, whole: bool = True) -> None:
    """See that everything stands; else one page and one summary of one account, chosen by chance.

    Raises:
        Wrong: naming what does not.
    """
    today = world.house.today
    findings = [finding.sentence for finding in check(extra=extra_checkers()).findings]
    if findings:
        raise Wrong(f"ledger check: {[str(item) for item in findings]}")
    _aged(world)
    day = day_balanced(today)
    if not (day.agrees and day.is_tied):
        raise Wrong(f"{today} is not balanced: {day}")
    numbers, kinds, pages = world.account_ids, KINDS, PAGES
    if not whole:
        numbers, kinds, pages = (world.pick(numbers),), (world.pick(kinds),), (world.pick(pages),)
    for page in pages:
        page(world)
    for number in numbers:
        for kind in kinds:
            summary_overview(number, asked=Asked(kind=kind), as_of=today)
        owed, said = balance_of([number])[number], _account(world, number)
        if owed != said:
            raise Wrong(f"account {number} owes {owed}, and its page says {said}")


def _aged(world: World) -> None:
    today = world.house.today
    aged = aged_receivables(as_of=today)
    rows = {int(number): place for place, number in enumerate(aged.account_ids)}
    for number, one in ageing_of(world.account_ids, as_of=today).items():
        buckets = [
            one.not_yet_due_cents, one.days_1_to_30_cents, one.days_31_to_60_cents, one.days_61_to_90_cents,
            one.days_over_90_cents, one.credit_cents,
        ]  # fmt: skip
        found = [0] * 6
        if number in rows:
            found = [*map(int, aged.open_cents[rows[number]]), int(aged.credit_cents[rows[number]])]
        if found != buckets:
            raise Wrong(f"aged receivables of account {number}: {found}, and one by one {buckets}")
    moved = movements(first_on=date(2025, 1, 1), last_on=today)
    if sum(item.closing_cents for item in moved):
        raise Wrong("the trial balance does not sum to zero")


KINDS = ("statement", "payment_history", "yearly", "usage", "accounts")


def _account(world: World, number: int) -> int:
    grant = grant_for(world.house.actor("alvarez"), as_of=world.house.today)
    page = account_overview(number, as_of=world.house.today, grant=grant, revealed_until=None, whole=True)
    return page.money.balance_cents


def _money_page(world: World) -> None:
    for username in ("nguyen", "alvarez"):
        actor = world.house.actor(username)
        grant = grant_for(actor, as_of=world.house.today)
        money_overview(employee_id=actor.employee_id, grant=grant, as_of=world.house.today)


def _lists(world: World) -> None:
    actor = world.house.actor("alvarez")
    grant = grant_for(actor, as_of=world.house.today)
    items = suspense_items()
    suspense_overview(as_of=world.house.today, grant=grant, chosen=world.pick(items).item_id if items else None)
    refunds_overview(shown=world.pick(("open", "waiting", "paid")), chosen=None, grant=grant, as_of=world.house.today)


def _approvals_page(world: World) -> None:
    waiting = list(ApprovalRequest.objects.values_list("pk", flat=True))
    actor = world.house.actor("alvarez")
    approvals_overview(
        actor=actor, grant=grant_for(actor, as_of=world.house.today), moment=moment(world.house.today),
        chosen=world.pick(waiting) if waiting else None, shown="all",
    )  # fmt: skip


def _books_pages(world: World) -> None:
    today = world.house.today
    actor = world.house.actor("okafor")
    books_standing(moment=moment(today), grant=grant_for(actor, as_of=today))
    aged_overview(as_of=today)
    revenue_overview(first_on=date(2025, 10, 1), last_on=today)
    balance = trial_balance(first_on=date(2025, 10, 1), last_on=today)
    if balance.total.closing_cents:
        raise Wrong("the trial balance of all days does not close at zero")


def _reports(world: World) -> None:
    conduct_report(as_of=world.house.today, days=365)
    fairness_report(as_of=world.house.today, days=365)


def _bill_page(world: World) -> None:
    bills = bills_of_account(world.pick(world.homes).account_id, limit=20)
    actor = world.house.actor("alvarez")
    if bills:
        grant = grant_for(actor, as_of=world.house.today)
        bill_proof(world.pick(bills).bill_id, as_of=world.house.today, grant=grant)


def _bill_runs_page(world: World) -> None:
    at = moment(world.house.today).at
    actor = world.house.actor("alvarez")
    bill_runs(at=at)
    if world.runs:
        grant = grant_for(actor, as_of=world.house.today)
        bill_run_overview(world.pick(world.runs), at=at, grant=grant, employee_id=actor.employee_id)


PAGES = (_money_page, _lists, _approvals_page, _books_pages, _reports, _bill_page, _bill_runs_page)


def live(world: World, *, deeds: int) -> None:
    """Do so many."""
    names = [name for name, (_, weight) in DEEDS.items() for _ in range(weight)]
    for place in range(deeds):
        name = world.pick(names)
        try:
            DEEDS[name][0](world)
            prove(world, whole=place == deeds - 1)
        except Exception as error:
            error.add_note(f"after deed {place} ({name}):\n" + "\n".join(world.said[-14:]))
            raise


def begin(house: House, homes: Sequence[Home], others: Sequence[int], *, seed: int) -> World:
    """A world from what was built."""
    ids = (*(home.account_id for home in homes), *others)
    return World(
        house=house,
        homes=tuple(homes),
        account_ids=ids,
        numbers={number: item.number for number, item in accounts(ids).items()},
        chance=random.Random(seed),
    )
