"""Every kind of payment file: what is posted, what waits, what is reported, to the cent; and again, nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import pytest
from pytest_django import DjangoDbBlocker
from tests.house import OURS, House, built_once, moment, open_house, table_rows
from tests.payment_files.kinds import CARD, KINDS, Kind, Names
from tests.payment_files.made import DAY

from weatherhead.actions.payments.file_work import shard_key
from weatherhead.actions.payments.import_payment_file import import_key, inputs_for
from weatherhead.areas.customers.models import Account
from weatherhead.areas.customers.numbers import account_number
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import balances_of, trial_balance
from weatherhead.areas.payments.file_queries import PaymentFileFacts, payment_file, shard_ids_of, suspense_items
from weatherhead.areas.payments.models import Payment
from weatherhead.areas.payments.operations.files import PaymentFileAlreadyImported
from weatherhead.areas.records.models import AuditEntry
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db
MONEY = ("payments_", "ledger_")
OTHERS = tuple(name for name in OURS if name not in MONEY)
FILES = {"payments_paymentfile", "payments_paymentfileshard"}
ADDRESS = {"mail_city": "Prairie City", "mail_state": "NE", "mail_postal_code": "68900"}


def _build() -> tuple[House, Names, dict[str, int]]:
    house = open_house()
    house.today = DAY
    ids = {}
    for who in ("ada", "ben", "closed", "tied"):
        customer = house.made("create_customer", "customer", kind="person", name=f"{who.title()} Adler")
        ids[who] = house.made(
            "create_account",
            "account",
            customer_id=customer,
            mail_street="1 Elm St",
            cycle=14,
            revenue_class="residential",
            **ADDRESS,
        )
    Account.objects.filter(pk=ids["closed"]).update(closed_on=DAY)
    house.do("link_employee", by="larsen", username="okafor", relation="own", account_id=ids["tied"])
    numbers = {who: account(account_id).number for who, account_id in ids.items()}
    ada = numbers["ada"]
    place = next(place for place in range(len(ada) - 1) if ada[place] != ada[place + 1])
    swapped = ada[:place] + ada[place + 1] + ada[place] + ada[place + 2 :]
    unknown = account_number(777, form=current_utility().account_number)
    return house, Names(**numbers, unknown=unknown, mistyped=swapped), ids


@pytest.fixture(scope="module")
def _built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Names, dict[str, int]]]:
    with built_once(_build, blocker=django_db_blocker) as built:
        yield built


@pytest.fixture
def house(_built: tuple[House, Names, dict[str, int]], db: None) -> House:
    return copy.deepcopy(_built[0])


@pytest.fixture
def names(_built: tuple[House, Names, dict[str, int]]) -> Names:
    return _built[1]


@pytest.fixture
def ids(_built: tuple[House, Names, dict[str, int]]) -> dict[str, int]:
    return _built[2]


def content_of(made: Sequence[str] | bytes) -> bytes:
    return made if isinstance(made, bytes) else "".join(f"{line}\n" for line in made).encode()


def imported(house: House, content: bytes, *, source: str, name: str = "today.txt") -> PaymentFileFacts:
    """A file imported by the analyst, and all of its shards posted."""
    inputs = inputs_for(name=name, source=source, content=content)
    actor, now = house.actor("okafor"), moment(house.today)
    key = import_key(inputs, username="okafor")
    receipt = perform("import_payment_file", actor=actor, key=key, moment=now, inputs=inputs)
    [file_id] = receipt.body["made"]["payment_file"]
    for shard_id in shard_ids_of(file_id):
        shard = {"shard_id": shard_id}
        perform("post_payment_file_shard", actor=actor, key=shard_key(shard_id), moment=now, inputs=shard)
    return payment_file(file_id)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.source}: {kind.name}")
def test_a_kind_of_file(kind: Kind, house: House, names: Names, ids: dict[str, int]) -> None:
    content = content_of(kind.make(names))
    if kind.refused:
        before = table_rows(but=OTHERS)
        with pytest.raises(Refusal) as refused:
            imported(house, content, source=kind.source)
        assert type(refused.value).__name__ == kind.refused
        assert table_rows(but=OTHERS) == before
        return

    file = imported(house, content, source=kind.source)

    paid = {who: list(_paid(account_id)) for who, account_id in ids.items()}
    assert {who: cents for who, cents in paid.items() if cents} == kind.posted
    waiting = suspense_items()
    assert [(item.line, item.amount_cents, item.why) for item in waiting] == list(kind.suspended)
    assert [(item["line"], item["field"], item["code"]) for item in file.problems] == list(kind.problems)
    assert [(total["level"], total["unit"], total["said"], total["found"]) for total in file.differing] == list(
        kind.totals
    )
    posted_cents, waiting_cents = sum(map(sum, paid.values())), sum(item.amount_cents for item in waiting)
    assert (file.posted_cents, file.suspended_cents, file.known) == (posted_cents, waiting_cents, 0)
    assert (file.posted + file.suspended, posted_cents + waiting_cents) == (file.items, file.items_cents)
    held = balances_of([ids["ada"]])[ids["ada"]]  # an agency's money waits for a bill
    waits = "unapplied_credit" if kind.source == "agencies" else "receivable"
    assert {code: cents for code, cents in held.items() if cents} == (
        {waits: -sum(kind.posted["ada"])} if "ada" in kind.posted else {}
    )
    assert trial_balance(as_of=house.today).get("suspense", 0) == -waiting_cents
    if "card" in kind.name:
        kept = repr(table_rows())
        assert CARD not in kept
        assert f"{CARD[:4]} {CARD[4:8]}" not in kept

    _again(house, content, kind=kind, file=file)
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


def _paid(account_id: int) -> Iterator[int]:
    yield from Payment.objects.filter(account_id=account_id).order_by("pk").values_list("amount_cents", flat=True)


def _again(house: House, content: bytes, *, kind: Kind, file: PaymentFileFacts) -> None:
    """The same bytes by the same person, by another, and the same items in other bytes: nothing is posted."""
    before = table_rows(but=OTHERS)
    assert imported(house, content, source=kind.source) == file
    inputs = inputs_for(name="again", source=kind.source, content=content)
    with pytest.raises(PaymentFileAlreadyImported):
        house.do("import_payment_file", by="alvarez", **{name: getattr(inputs, name) for name in inputs.__slots__})
    assert table_rows(but=OTHERS) == before
    if kind.source == "lockbox" and not kind.problems:
        other = imported(house, content + b"\n", source=kind.source)
        assert (other.known, other.known_cents, other.posted, other.suspended) == (file.items, file.items_cents, 0, 0)
        after = table_rows(but=OTHERS)
        assert {table for table in after if after[table] != before[table]} == FILES


def test_the_log_knows_the_file_by_its_hash_alone(house: House, names: Names) -> None:
    content = content_of(KINDS[0].make(names))
    imported(house, content, source="lockbox")
    said = AuditEntry.objects.filter(action="import_payment_file").latest("pk").detail
    assert names.ada not in said
    assert inputs_for(name="x", source="lockbox", content=content).sha256 in said
