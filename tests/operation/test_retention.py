"""What was kept long enough goes, by a rule and with a second person; the books and the audit log stay right."""

from __future__ import annotations

import copy
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker, Settings

from tests.guards import guards_lifted
from tests.house import Home, House, built_once, moment, table_rows
from weatherhead.areas.billing.models import Bill
from weatherhead.areas.billing.queries import bill as bill_facts
from weatherhead.areas.customers.models import Account, ContactPoint, Customer, Identifier
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.ledger.roles import restricted_role_statements
from weatherhead.areas.records.models import ApprovalRequest, AuditEntry, Receipt, ReceiptAccount
from weatherhead.areas.records.queries.audit import verify_audit
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.areas.retention.models import BillDisposal, LegalHold
from weatherhead.areas.retention.operations import AlreadyOnHold, HoldAlreadyReleased, dispose_of_customers
from weatherhead.areas.retention.redaction import GONE
from weatherhead.areas.retention.rules import NoRetentionRules, retention_book
from weatherhead.core.values import DataFileInvalid, Refusal, RuleNotInForce
from weatherhead.door.rotation import reseal_everything
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db
# Every test here is of a customer who has left: who has not is in test_retention_in_service.py.
ROLE = f"weatherhead_purge_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
PERSONAL = ("Kowalczyk", "Cottonwood", "5550142", "68900", "PO Box 12", "Moved in with his mother")


@pytest.fixture(scope="module")
def _gone(_built: tuple[House, Home], django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    house, home = copy.deepcopy(_built)

    def build() -> House:
        leave(house, home)
        house.pass_days(7 * 366)
        return house

    with built_once(build, blocker=django_db_blocker) as left:
        yield left


@pytest.fixture
def gone(_gone: House, house: House, home: Home) -> Home:
    """Moved out, paid up, and seven years and a day have passed."""
    house.today, house.keys = _gone.today, _gone.keys
    return home


def leave(house: House, home: Home) -> None:
    house.do("change_mailing_address", account_id=home.account_id, version=1, street="PO Box 12",
             city="Prairie City", state="NE", postal_code="68900")  # fmt: skip
    owed = balance_of([home.account_id])[home.account_id]
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents=owed, tender="cash")
    held = house.made(
        "hold_billing", "exception", by="okafor", agreement_id=home.agreement_id, reason="Kowalczyk called"
    )
    house.do("release_exception", by="okafor", exception_id=held, reason="Kowalczyk paid")
    fee = house.made("assess_fee", "adjustment", account_id=home.account_id, charge="connect_fee",
                     reason="service_rendered", amount_cents="80.00")  # fmt: skip
    asked = house.do("waive_fee", by="reyes", adjustment_id=fee, reason="hardship",
                     note="Moved in with his mother", evidence="Letter of Kowalczyk")  # fmt: skip
    house.do("approve_request", request_id=int(asked.body["request"]))
    Account.objects.filter(pk=home.account_id).update(closed_on=house.today)


def purge(house: House, rule: str, *, by: str = "larsen", checker: str = "alvarez", **inputs: Any) -> ReceiptFacts:
    asked = house.do("purge_expired", by=by, rule=rule, **inputs)
    assert asked.outcome == "approval_requested"
    return house.do("approve_request", by=checker, request_id=int(asked.body["request"]))


def require_right() -> None:
    """Books and audit log prove."""
    report = check(extra=extra_checkers())
    assert not [finding for result in report.results for finding in result.findings]
    assert not verify_audit(roots=Path("/nowhere")).findings


def everything() -> str:
    """All that the database says, in one text."""
    return repr(table_rows())


def test_a_former_customer_becomes_a_number_and_the_books_stay(gone: Home, house: House) -> None:
    but = ("records_", "customers_", "retention_", "workforce_", "billing_adjustment", "billing_billexception")
    entries = table_rows(but=but)
    assert all(word in everything() for word in PERSONAL)
    asked = house.do("purge_expired", by="larsen", rule="former_customers")
    assert Customer.objects.get(pk=gone.customer_id).name == "Ruth A. Kowalczyk", "asking disposes of nothing"
    shown = house.see("approve_request", by="alvarez", request_id=int(asked.body["request"]))
    before = table_rows(but=("records_", "ledger_"))

    done = house.do("approve_request", request_id=int(asked.body["request"]))

    assert done.outcome == "done"
    after = table_rows(but=("records_", "ledger_"))
    changed = {
        t: sum(before[t].get(k) != row for k, row in rows.items() if k in before[t]) for t, rows in after.items()
    }
    assert {table: count for table, count in changed.items() if count} == dict(shown.proposal.updates)
    assert dict(shown.proposal.creates) == {"retention_customerdisposal": 1}
    customer = Customer.objects.get(pk=gone.customer_id)
    assert customer.name == f"Former customer {gone.customer_id}"
    assert list(ContactPoint.objects.filter(customer_id=gone.customer_id).values_list("value", flat=True)) == [""]
    account = Account.objects.get(pk=gone.account_id)
    assert (account.mail_street, account.mail_postal_code) == (GONE, "")
    assert table_rows(but=but) == entries
    for word in ("Kowalczyk", "5550142", "PO Box 12", "Moved in with his mother"):
        in_books = [table for table, rows in table_rows().items() if word in str(rows)]
        assert in_books in ([], ["billing_bill"]), f"{word} is still in {in_books}"
    require_right()


def test_a_purge_is_in_the_audit_log_with_rule_and_counts(gone: Home, house: House) -> None:
    done = purge(house, "former_customers")
    assert [rule["code"] for rule in done.body["rules"]] == ["former_customers"]
    counts = {change["code"]: change["after"] for change in done.body["changes"]}
    assert counts == {"disposed": 1, "left": 0, "held_back": 0}
    entry = AuditEntry.objects.filter(stream_id="utility", action="approve_request").order_by("-pk").first()
    assert entry is not None
    assert (entry.kind, entry.actor) == ("performed", "T. Alvarez")
    assert "Kowalczyk" not in entry.detail


def test_nobody_purges_alone(gone: Home, house: House) -> None:
    asked = house.do("purge_expired", by="larsen", rule="former_customers")
    with pytest.raises(Refusal, match="asked for"):
        house.do("approve_request", by="larsen", request_id=int(asked.body["request"]))
    assert Customer.objects.get(pk=gone.customer_id).name == "Ruth A. Kowalczyk"


@pytest.mark.parametrize("by", ["reyes", "okafor", "nguyen", "alvarez"])
def test_only_an_administrator_asks(by: str, gone: Home, house: House) -> None:
    with pytest.raises(Refusal, match="does not include"):
        house.do("purge_expired", by=by, rule="former_customers")


def test_a_legal_hold_stops_it_until_it_is_released(gone: Home, house: House) -> None:
    hold = house.made("place_legal_hold", "legal_hold", by="larsen", customer_id=gone.customer_id, reason="CI 26-1183")
    with pytest.raises(AlreadyOnHold):
        house.do("place_legal_hold", by="larsen", customer_id=gone.customer_id, reason="Again, by mistake")
    for rule in ("former_customers", "bill_documents", "read_notes"):
        with pytest.raises(Refusal, match="Nothing from before"):
            house.do("purge_expired", by="larsen", rule=rule)
    house.do("release_legal_hold", by="larsen", hold_id=hold, reason="Case closed")
    with pytest.raises(HoldAlreadyReleased):
        house.do("release_legal_hold", by="larsen", hold_id=hold, reason="Case closed")
    assert purge(house, "former_customers").outcome == "done"
    assert LegalHold.objects.get().release_reason == "Case closed"


def test_a_hold_placed_while_a_purge_waits_wins(gone: Home, house: House) -> None:
    asked = house.do("purge_expired", by="larsen", rule="former_customers")
    house.do("place_legal_hold", by="larsen", customer_id=gone.customer_id, reason="CI 26-1183")
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("approve_request", request_id=int(asked.body["request"]))
    assert Customer.objects.get(pk=gone.customer_id).name == "Ruth A. Kowalczyk"


def test_however_much_was_told_it_is_changed_in_one_statement_a_table(gone: Home, house: House) -> None:
    told = Receipt.objects.exclude(body={})
    keys = ReceiptAccount.objects.filter(account_id=gone.account_id).values("receipt_id")
    assert told.filter(pk__in=keys).count() > 5
    with CaptureQueriesContext(connection) as caught:
        dispose_of_customers([gone.customer_id], rule="former_customers", on=house.today, receipt_id=1)
    updates = Counter(found[1] for query in caught if (found := re.search(r'UPDATE "?(\w+)', query["sql"])) is not None)
    assert updates["records_receipt"] == updates["customers_customer"] == 1
    assert max(updates.values()) == 2, "a column that is redacted in our own words, then the rest"


def test_identifiers_and_requests_go_and_keys_still_rotate(gone: Home, house: House) -> None:
    from weatherhead.areas.customers.operations import keep_identifier

    keep_identifier(customer_id=gone.customer_id, kind="ssn", value="078051120")
    purge(house, "former_customers")
    assert list(Identifier.objects.values_list("ciphertext", "last_four", "fingerprint")) == [("", "", "")]
    assert not ApprovalRequest.objects.filter(account_id=gone.account_id).exclude(inputs="").exists()
    assert not any("078051120" in str(rows) for rows in table_rows().values())
    with transaction.atomic():
        # The purge's own request is sealed still; the disposed ones are passed over.
        assert reseal_everything(actor=house.actor("larsen"), moment=moment(house.today)) == 1


def test_receipts_keep_their_figures(gone: Home, house: House) -> None:
    paid = Receipt.objects.get(action="take_payment")
    figures = [(change["code"], change["after"]) for change in paid.body["changes"] if isinstance(change["after"], int)]
    assert figures
    purge(house, "former_customers")
    body = Receipt.objects.get(pk=paid.pk).body
    assert [
        (change["code"], change["after"]) for change in body["changes"] if isinstance(change["after"], int)
    ] == figures
    assert body["entries"] == paid.body["entries"]
    assert "Kowalczyk" not in json.dumps(Receipt.objects.get(action="create_customer").body)


def test_a_bills_document_says_no_longer_whose_it_was(gone: Home, house: House) -> None:
    bill = Bill.objects.get()
    said = json.loads(bill.payload)
    assert "Kowalczyk" in bill.payload
    done = purge(house, "bill_documents")
    after = Bill.objects.get()
    now = json.loads(after.payload)
    assert done.outcome == "done"
    assert "Kowalczyk" not in after.payload
    assert "Cottonwood" not in after.payload
    assert "PO Box" not in after.payload
    assert now["account"]["number"] == said["account"]["number"]
    assert (now["charges_cents"], now["issued_on"]) == (said["charges_cents"], said["issued_on"])
    assert now["disposed"] == {"on": house.today.isoformat(), "rule": "bill_documents"}
    assert after.payload_sha256 == bill.payload_sha256, "the hash of what was issued stays"
    assert BillDisposal.objects.get().payload == after.payload
    assert bill_facts(after.pk).payload_intact, "its page raises no alarm"
    require_right()
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="bill_documents")


def test_a_receipt_takes_at_most_so_many(gone: Home, house: House) -> None:
    second = Bill.objects.get()
    fields = {field.name: getattr(second, field.name) for field in Bill._meta.fields if field.name != "id"}
    Bill.objects.bulk_create([Bill(**{**fields, "number": f"9{position}"}) for position in range(2)])
    done = purge(house, "bill_documents", at_most=2)
    counts = {change["code"]: change["after"] for change in done.body["changes"]}
    assert counts == {"disposed": 2, "left": 1, "held_back": 0}


CHANGES = [
    "UPDATE billing_bill SET payload = '{}'",
    "UPDATE billing_bill SET total_cents = total_cents + 1",
    "DELETE FROM billing_bill",
]
CHANGES_OF_A_DISPOSAL = ["UPDATE retention_billdisposal SET payload = '{}'", "DELETE FROM retention_billdisposal"]


@pytest.mark.parametrize(
    ("statement", "disposed"),
    [
        *((change, False) for change in CHANGES),
        *((change, True) for change in (*CHANGES, *CHANGES_OF_A_DISPOSAL)),
    ],
)
def test_the_database_lets_nothing_else_change_a_bill(statement: str, disposed: bool, gone: Home, house: House) -> None:
    if disposed:
        purge(house, "bill_documents")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.postgres
def test_the_applications_role_disposes_and_cannot_update(gone: Home, house: House) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        for statement in restricted_role_statements(ROLE):
            cursor.execute(statement)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    purge(house, "bill_documents")
    purge(house, "former_customers")
    assert "Kowalczyk" not in Bill.objects.get().payload
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_bill SET payload = payload")


def test_a_document_blanked_behind_the_doors_back_is_found(gone: Home, house: House) -> None:
    bill = Bill.objects.get()
    said = json.dumps({**json.loads(bill.payload), "disposed": {"on": "2033-01-01", "rule": "bill_documents"}})
    with guards_lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_bill SET payload = %s", [said])
    found = [finding.code for result in check(extra=extra_checkers()).results for finding in result.findings]
    assert found == ["bill_disposed_by_nobody"]


def test_a_disposed_document_changed_again_is_found(gone: Home, house: House) -> None:
    purge(house, "bill_documents")
    with guards_lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE billing_bill SET payload = replace(payload, '\"kind\"', '\"kid\"')")
    found = [finding.code for result in check(extra=extra_checkers()).results for finding in result.findings]
    assert found == ["bill_disposal_changed"]


RIGHT = """
rules:
  - code: former_customers
    title: Former customers
    disposes: former_customers
    clause: "1"
    citation: Somewhere, section 1
    status: illustrative
    versions:
      - effective: 2024-01-01
        keep_years: 7
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("keep_years: 7", "keep_years: 0", "rules[0].versions[0].keep_years"),
        ("keep_years: 7", "keep_years: 7\n        keep_days: 3", "give either keep_years or keep_days"),
        ("keep_years: 7", "keep: 7", "is not a known key here"),
        ("disposes: former_customers", "disposes: everything", "rules[0].disposes"),
        ("disposes: former_customers", "disposes: bill_documents\n", "rules[0].versions"),
        ("status: illustrative", "status: true enough", "rules[0].status"),
        ("    citation: Somewhere, section 1\n", "", "rules[0].citation: is missing"),
        ("effective: 2024-01-01", "effective: soon", "must be a date like"),
        (
            "keep_years: 7",
            "keep_years: 7\n      - effective: 2023-01-01\n        keep_years: 5",
            "in the order of their effective dates",
        ),
    ],
)
def test_a_wrong_rule_names_file_line_and_key(
    old: str, new: str, said: str, settings: Settings, tmp_path: Path
) -> None:
    text = RIGHT.replace(old, new)
    if "bill_documents" in new:
        text = text.replace("keep_years: 7", "keep_days: 30")
    (tmp_path / "retention.yaml").write_text(text)
    settings.UTILITY = settings.UTILITY.model_copy(update={"regulations": str(tmp_path)})
    with pytest.raises(DataFileInvalid) as caught:
        retention_book()
    assert said in str(caught.value)
    assert f"{tmp_path}/retention.yaml:" in str(caught.value)


def test_without_rules_nothing_is_ever_disposed_of(
    gone: Home, house: House, settings: Settings, tmp_path: Path
) -> None:
    settings.UTILITY = settings.UTILITY.model_copy(update={"regulations": str(tmp_path)})
    with pytest.raises(NoRetentionRules, match="nothing is ever disposed of"):
        house.do("purge_expired", by="larsen", rule="former_customers")
    (tmp_path / "retention.yaml").write_text(RIGHT.replace("2024-01-01", "2099-01-01"))
    with pytest.raises(RuleNotInForce, match="it begins on 2099-01-01"):
        house.do("purge_expired", by="larsen", rule="former_customers")
