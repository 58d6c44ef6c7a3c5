"""A bill run: what it issues is what billing each account alone would, once, in pieces that stand or fall whole."""

from __future__ import annotations

import pytest
from django.db import transaction

from tests.billing_town import all_billed, run_cycle
from tests.house import House
from weatherhead.areas.billing.models import Bill, BillRun
from weatherhead.areas.customers.models import Account
from weatherhead.areas.ledger.check import check
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db


class Undo(Exception):
    """Rolls a part of a test back."""


def one_by_one(house: House) -> dict[int, list[dict[str, object]]]:
    """What billing each account alone gives; then as if it had not happened."""
    found: dict[int, list[dict[str, object]]] = {}
    try:
        with transaction.atomic():
            for number in Account.objects.order_by("pk").values_list("pk", flat=True):
                try:
                    house.do("bill_account", account_id=number)
                except Refusal:
                    continue
            found = all_billed()
            raise Undo
    except Undo:
        return found


def test_a_run_issues_what_billing_each_account_alone_would(town: House) -> None:
    alone = one_by_one(town)
    before = Bill.objects.count()
    run_id = run_cycle(town)
    together = all_billed()
    assert together == alone
    assert Bill.objects.count() > before
    assert BillRun.objects.get(pk=run_id).state == "issued"
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []
