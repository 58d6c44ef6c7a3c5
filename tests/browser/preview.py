"""The workbench's templates with invented objects, without a database: ``python tests/browser/preview.py 8765``.

For whoever changes a template or a style sheet: every page and state stands under its own address, listed at ``/``. The
objects are those of ``weatherhead.overviews``, so a field that a template names and an overview lacks shows here first.
"""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django
from django import forms
from django.conf import settings

AS_OF = date(2026, 11, 19)
HERE = Path(__file__).resolve().parent


def configure() -> None:
    """The product's settings, with these addresses and without a database, a sign-in or a clock."""
    os.environ |= {"WEATHERHEAD_DEBUG": "1", "DATABASE_URL": "sqlite:///:memory:"}
    product = importlib.import_module("weatherhead.config.settings")
    given = {name: getattr(product, name) for name in dir(product) if name.isupper()}
    (engine,) = given["TEMPLATES"]
    shown = [name for name in engine["OPTIONS"]["context_processors"] if "weatherhead" not in name]
    left_out = ("weatherhead.", "axes.", "whitenoise.")
    settings.configure(
        **given
        | {
            "ROOT_URLCONF": "preview",
            "WSGI_APPLICATION": None,  # the product's own starts on a whole installation only
            "MIGRATION_MODULES": {name.rpartition(".")[2]: None for name in given["INSTALLED_APPS"]},
            "INSTALLED_APPS": [name for name in given["INSTALLED_APPS"] if not name.startswith("whitenoise.")],
            "MIDDLEWARE": [name for name in given["MIDDLEWARE"] if not name.startswith(left_out)],
            "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
            "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
            "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
            "TEMPLATES": [
                engine
                | {
                    "OPTIONS": engine["OPTIONS"]
                    | {
                        # Nothing cached, so that a changed template shows at once.
                        "loaders": [
                            "django_cotton.cotton_loader.Loader",
                            "django.template.loaders.app_directories.Loader",
                        ],
                        "context_processors": [*shown, "preview.desk"],
                    }
                }
            ],
        }
    )
    django.setup()


if not settings.configured:
    sys.path.insert(0, str(HERE))
    configure()

from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import include, path  # noqa: E402

from weatherhead.core.values import Change, Rule, Sentence, Unit  # noqa: E402
from weatherhead.interfaces.workbench.choices import ChoiceLabel  # noqa: E402
from weatherhead.interfaces.workbench.picking import PickField  # noqa: E402
from weatherhead.overviews.account.figures import Money, UsageMonth  # noqa: E402
from weatherhead.overviews.account.offers import ActionOffer  # noqa: E402
from weatherhead.overviews.account.page import AccountOverview, Alert, OtherAccount, Person, ServiceFacts  # noqa: E402
from weatherhead.overviews.account.timeline import TimelineRow  # noqa: E402
from weatherhead.overviews.approvals import (  # noqa: E402
    ApprovalPeek,
    ApprovalRow,
    ApprovalsOverview,
    DecidedRow,
    ExpiredRow,
)
from weatherhead.overviews.bill import (  # noqa: E402
    BillNeighbour,
    BillProof,
    CheckPassed,
    LineProof,
    PostingFact,
    ReadFact,
    SegmentProof,
)
from weatherhead.overviews.conduct import (  # noqa: E402
    ConductReport,
    ConductRow,
    FairnessReport,
    MeasureView,
    MedianView,
    RateRow,
    RateTable,
)
from weatherhead.overviews.picks import Pick  # noqa: E402
from weatherhead.overviews.preview import AuthorityView, PreviewView, ReceiptView  # noqa: E402
from weatherhead.overviews.search import SearchHit, SearchResults  # noqa: E402


def S(template: str, params: dict[str, object] | None = None) -> Sentence:  # noqa: N802
    return Sentence(template=template, params=params or {})


def desk(_request: HttpRequest) -> dict[str, Any]:
    return {
        "desk": SimpleNamespace(
            utility_name="Prairie City Power",
            is_fictional=True,
            employee_name="J. Reyes",
            initials="JR",
            job_title="Representative",
            todo_count=12,
            as_of=AS_OF,
            demo_sign_ins=[("reyes", "Representative"), ("alvarez", "Supervisor"), ("okafor", "Billing analyst")],
            demo_password="prairie-city-demo",
        )
    }


def _usage() -> tuple[UsageMonth, ...]:
    figures = [1248, 1702, 2034, 1812, 1388, 1046, 861, 1094, 1538, 1714, 1669, 994, 1397]
    before = [None, 1620, 1890, 1760, 1430, 1080, 820, 1010, 1460, 1602, 1588, 1041, 1248]
    months = []
    for at, (kwh, earlier) in enumerate(zip(figures, before, strict=True)):
        year, month = divmod(2025 * 12 + 10 + at, 12)
        months.append(
            UsageMonth(
                ends_on=date(year, month + 1, 3),
                kwh=kwh,
                days=30,
                estimated=at == 3,
                last_year_kwh=earlier,
                bill_id=at + 1,
            )
        )
    return tuple(months)


def _row(
    on: date, kind: str, title: str, what: str, detail: str, cents: int | None, balance: int | None, **more: Any
) -> TimelineRow:
    return TimelineRow(
        on=on,
        kind=kind,
        kind_title=S(title),
        what=S(what),
        link="/bill",
        detail=S(detail) if detail else None,
        amount_cents=cents,
        balance_cents=balance,
        **more,
    )


def _timeline() -> tuple[TimelineRow, ...]:
    return (
        _row(
            date(2026, 11, 17),
            "approval",
            "Approval",
            "Waive late charges asked for",
            "J. Reyes",
            -6140,
            None,
            pending=True,
        ),
        _row(
            date(2026, 11, 13),
            "adjustment",
            "Adjustment",
            "Returned-payment fee waived",
            "first in a year, J. Reyes",
            -1150,
            41680,
        ),
        _row(date(2026, 11, 12), "contact", "Call", "Asked for an arrangement", "J. Reyes", None, None),
        _row(date(2026, 11, 9), "adjustment", "Charge", "Late charge", "3% of $246.18", 739, 42830),
        _row(date(2026, 11, 5), "bill", "Bill", "Oct 3 to Nov 3", "1,397 kWh, due Nov 25", 16323, 42091),
        _row(date(2026, 11, 4), "read", "Read", "49,608", "actual, from the meter network", None, None),
        _row(date(2026, 10, 29), "payment", "Return", "Check returned unpaid", "fee 11.50", 13256, 25768),
        _row(date(2026, 10, 27), "payment", "Payment", "Check 1184", "for the October bill", -12106, 12512),
        _row(
            date(2026, 10, 14), "payment", "Payment", "Cash at the counter", "toward the September bill", -6000, 24618
        ),
        _row(date(2025, 12, 4), "bill", "Bill", "Nov 3 to Dec 3", "1,702 kWh, due Dec 24", 19020, 30618),
    )


def _offer(name: str, title: str, key: str, hint: str, likely: bool = True) -> ActionOffer:
    return ActionOffer(name=name, title=S(title), duty=5, key=key, hint=S(hint) if hint else None, likely=likely)


def account() -> AccountOverview:
    return AccountOverview(
        as_of=AS_OF,
        account_id=417,
        number="041722806",
        number_grouped="0417 2280 6",
        version=7,
        customer_id=3,
        customer_name="Ruth A. Kowalczyk",
        customer_kind="person",
        class_title=S("Residential"),
        since_on=date(2019, 3, 4),
        closed_on=None,
        hidden_count=4,
        revealed_until=None,
        services=(
            ServiceFacts(
                agreement_id=5,
                address="1842 Cottonwood St",
                city_line="Prairie City NE 68900",
                schedule="R-1",
                schedule_name="R-1, Residential service",
                options="facilities level 2",
                meter_serial="77 402 918",
                meter_id=9,
                last_read_on=date(2026, 11, 4),
                last_read="49,608",
                started_on=date(2019, 3, 4),
                ended_on=None,
            ),
        ),
        mail_to=None,
        phone=None,
        email=None,
        identifiers=None,
        cycle=14,
        people=(
            Person(name="Ruth A. Kowalczyk", role=S("Responsible for the account"), phone=None, email=None),
            Person(name="Stefan Kowalczyk", role=S("Authorized to discuss and pay"), phone=None, email=None),
            Person(name="Anna Brandt", role=S("Gets copies of notices, nothing else"), phone=None, email=None),
        ),
        other_accounts=(OtherAccount(account_id=38, number="0388 1174 2", state=S("closed 2019"), balance_cents=0),),
        alerts=(
            Alert(
                level="danger",
                icon="life",
                title=S("Life support at this premise"),
                text=S("No remote cut-off. In an emergency, skip verification."),
                link_label=S("Emergency steps"),
                link="/account",
            ),
            Alert(
                level="caution",
                icon="pending",
                title=S("Past due since %(due_on)s", {"due_on": date(2026, 9, 25)}),
                text=S("%(amount_cents)s is older than the last bill.", {"amount_cents": 25357}),
            ),
            Alert(
                level="note",
                icon="scales",
                title=S("An approval waits: waive %(amount_cents)s", {"amount_cents": 6140}),
                text=S(
                    "Asked for by J. Reyes on %(asked_on)s. Nothing changes until it is decided.",
                    {"asked_on": date(2026, 11, 17)},
                ),
                link_label=S("Request"),
                link="/approvals",
            ),
        ),
        money=Money(
            balance_cents=41680,
            past_due_cents=25357,
            days_past_due=55,
            pending_cents=0,
            waits_cents=0,
            next_due_cents=16323,
            next_due_on=date(2026, 11, 25),
            last_payment_cents=6000,
            last_payment_on=date(2026, 10, 14),
            last_payment_how="cash",
            last_bill_id=13,
            last_bill_cents=16323,
            last_bill_on=date(2026, 11, 5),
            last_bill_change_cents=4217,
        ),
        usage=_usage(),
        timeline=_timeline(),
        timeline_more=True,
        actions=(
            _offer("take_payment", "Take a payment", "p", "$253.57 past due"),
            _offer("waive_fee", "Waive a fee", "w", "$7.39"),
            _offer("enter_read", "Enter a read", "r", "last Nov 4"),
            _offer("bill_account", "Bill the account", "b", "read since Nov 4"),
            _offer("cancel_and_rebill", "Cancel and rebill", "c", "above $50 asks for approval"),
            _offer("assess_fee", "Assess a fee", "f", ""),
            _offer("reverse_payment", "Reverse a payment", "", "", likely=False),
            _offer("start_service", "Start service", "", "", likely=False),
            _offer("hold_billing", "Hold billing", "", "", likely=False),
            _offer("apply_credit", "Apply a waiting credit", "", "", likely=False),
        ),
    )


def preview(*, over: bool = False) -> PreviewView:
    cents = 6140 if over else 739
    return PreviewView(
        action="waive_fee",
        title=S("Waive a fee"),
        summary=S("Waives the late charge of %(charged_on)s.", {"charged_on": date(2026, 11, 9)}),
        confirm_label=S("Waive %(amount_cents)s", {"amount_cents": cents}),
        changes=(
            Change(
                code="balance", label=S("Balance"), unit=Unit.CENTS, before=41680, after=41680 - cents, account_id=417
            ),
            Change(
                code="past_due", label=S("Past due"), unit=Unit.CENTS, before=25357, after=25357 - cents, account_id=417
            ),
            Change(
                code="next_notice",
                label=S("Next notice"),
                unit=Unit.DATE,
                before=date(2026, 11, 24),
                after=None,
                account_id=417,
                note=S("while nothing else is past due"),
            ),
        ),
        rules=(
            Rule(
                code="authority.adjustment",
                title="Adjustment authority of a representative",
                citation="Job profile, duty 5",
                status="house",
            ),
            Rule(code="fees.late", title="Late charge, 3 %", citation="Rate Book 7.2", status="illustrative"),
        ),
        entries=(("Late charge revenue", cents), ("Receivable, residential", -cents)),
        authority=AuthorityView(
            amount_cents=cents,
            limit_cents=5000,
            used_cents=1150,
            left_after_cents=5000 - 1150 - cents,
            until_on=date(2026, 12, 14),
            within=not over,
            sentence=S("$38.50 left for this account until Dec 14"),
            used_share=23,
            this_share=77 if over else 15,
        ),
        needs_approval=S(
            "%(amount_cents)s is more than your $50.00 for one adjustment. T. Alvarez or another supervisor decides.",
            {"amount_cents": cents},
        )
        if over
        else None,
        digest="9f2c",
    )


class WaiveForm(forms.Form):
    charge = forms.ChoiceField(
        label="Charge to waive",
        widget=forms.RadioSelect,
        choices=[
            ("1", ChoiceLabel(title="Late charge of Nov 9", note="3% of $246.18, Rate Book 7.2", amount_cents=739)),
            ("2", ChoiceLabel(title="Returned-payment fee of Oct 29", amount_cents=1150)),
        ],
    )
    reason = forms.ChoiceField(
        label="Reason", choices=[("first", "First late charge in 12 months"), ("ours", "Our error")]
    )
    note = forms.CharField(
        label="Note", widget=forms.Textarea(attrs={"rows": 2}), required=False, help_text="Stands on the receipt."
    )


class PaymentForm(forms.Form):
    amount = forms.CharField(
        label="Amount", widget=forms.TextInput(attrs={"inputmode": "decimal", "data-money": True, "data-half": True})
    )
    received_on = forms.DateField(
        label="Received", widget=forms.DateInput(attrs={"type": "date", "data-half": True}), initial=AS_OF
    )
    tender = forms.ChoiceField(
        label="How it was paid",
        widget=forms.RadioSelect,
        choices=[("cash", "Cash"), ("check", "Check")],
        initial="cash",
    )
    check_number = forms.CharField(
        label="Check number", required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )


class StartForm(forms.Form):
    service_point_id = PickField(kind="vacant_point", label="Service point", help_text="Address of the place.")
    schedule = forms.ChoiceField(
        label="Schedule", choices=[("R-1", "R-1, Residential"), ("AL-1", "AL-1, Area lighting")], initial="R-1"
    )
    lamps = forms.CharField(
        label="Lamps (AL-1)",
        initial="0",
        widget=forms.TextInput(attrs={"data-half": True, "data-when": "schedule=AL-1"}),
    )


PICKS = (
    Pick(number=71, title="1842 Cottonwood St, Main", note="Prairie City NE 68900"),
    Pick(number=72, title="1842 Cottonwood St, Barn", note="Prairie City NE 68900"),
)


def _start(request: HttpRequest) -> Any:
    return _open_action(StartForm(), title="Start service", shown=None)


def _open_action(form: forms.Form, *, title: str, shown: PreviewView | None, refusal: Sentence | None = None) -> Any:
    return SimpleNamespace(
        name="waive_fee",
        title=S(title),
        form=form,
        preview=shown,
        refusal=refusal,
        key="0197-preview",
        version=7,
        url="/accounts/417/actions/waive_fee",
        close_url="/account",
        tried=True,
    )


def _line(sequence: int, label: str, quantity: str, price: str, cents: int, unrounded: str, **more: Any) -> LineProof:
    given: dict[str, Any] = {
        "steps": (),
        "determinant": None,
        "clause": "2",
        "status": "verified",
        "code": label.lower(),
        "ledger_account": "revenue.residential",
        "ledger_title": "Revenue, residential",
        "rounding": S("Each line to the cent, half up. Rate Book 1.6."),
        "schedule": "R-1, Residential service",
        "version_on": date(2025, 10, 1),
        "citation": "Rate Book, sheet 4, Resolution 2025-31.",
        "entry_id": 118402,
        "entry_line": sequence,
    } | more
    return LineProof(
        sequence=sequence, label=label, quantity=quantity, price=price, amount_cents=cents, unrounded=unrounded, **given
    )


def segment(**more: Any) -> SegmentProof:
    given: dict[str, Any] = {
        "segment_id": 31,
        "start_on": date(2026, 10, 3),
        "last_on": date(2026, 11, 3),
        "days": 32,
        "active": True,
        "schedule": "R-1",
        "schedule_name": "R-1, Residential service",
        "service_address": "1842 Cottonwood St",
        "meter_serial": "77 402 918",
        "multiplier": "1",
        "start_read": ReadFact(
            on=date(2026, 10, 3), value="48,211", kind=S("actual"), source=S("from the meter network")
        ),
        "end_read": ReadFact(
            on=date(2026, 11, 4), value="49,608", kind=S("actual"), source=S("from the meter network")
        ),
        "energy_wh": 1_397_000,
        "demand_w_max": None,
        "amount_cents": 16323,
        "lines": (
            _line(1, "Customer charge", "1 month", "$16.50", 1650, "1 month × $16.50 = $16.50"),
            _line(2, "Facilities charge, level 2", "1 month", "$7.25", 725, "1 month × $7.25 = $7.25"),
            _line(
                3,
                "Energy, October through May",
                "1,397 kWh",
                "$0.0824",
                11511,
                "$115.1128",
                steps=(
                    "49,608 − 48,211 = 1,397",
                    "1,397 kWh × $0.0824 = $115.1128",
                    "$115.1128 rounded to the cent: $115.11",
                ),
                determinant=S("Energy of the period, all kWh"),
                clause="3 (b)",
                status="illustrative",
            ),
            _line(4, "Power cost adjustment", "1,397 kWh", "$0.0046", 643, "1,397 kWh × $0.0046 = $6.4262"),
            _line(5, "City dividend", "$145.29", "5.00%", 726, "$145.29 × 5.00% = $7.2645"),
            _line(6, "State sales tax", "$152.55", "5.50%", 839, "$152.55 × 5.50% = $8.39025"),
            _line(7, "City sales tax", "$152.55", "1.50%", 229, "$152.55 × 1.50% = $2.28825"),
        ),
    } | more
    return SegmentProof(**given)


def bill() -> BillProof:
    return BillProof(
        as_of=AS_OF,
        bill_id=13,
        number="2026-0013-7",
        account_id=417,
        account_number_grouped="0417 2280 6",
        customer_name="Ruth A. Kowalczyk",
        kind="regular",
        kind_title=S("Regular bill"),
        issued_on=date(2026, 11, 5),
        due_on=date(2026, 11, 25),
        total_cents=16323,
        corrects_id=None,
        corrected_by_id=None,
        segments=(segment(),),
        checks=(
            CheckPassed(
                passed=True, text=S("Usage is 1.12 times the same month a year before; held outside 0.4 to 2.5.")
            ),
            CheckPassed(passed=True, text=S("32 days; held outside 26 to 35.")),
            CheckPassed(passed=False, text=S("The amount is above $150.00. T. Alvarez: heat pump, checked by phone.")),
        ),
        entry_id=118402,
        postings=(
            PostingFact(
                sequence=1,
                ledger_account="receivable",
                title="Receivable, residential",
                gl="142.10",
                amount_cents=16323,
            ),
            PostingFact(
                sequence=2, ledger_account="revenue", title="Revenue, residential", gl="440.00", amount_cents=-14529
            ),
            PostingFact(
                sequence=3,
                ledger_account="dividend",
                title="Dividend payable to the city",
                gl="236.40",
                amount_cents=-726,
            ),
            PostingFact(sequence=4, ledger_account="tax", title="Sales taxes payable", gl="241.00", amount_cents=-1068),
        ),
        payload_sha256="5f0c6e5bd7b2c8b1f27a9f2f2f0cfc7b7a47b6f0a5f63e2b17a0d37c1c8e9d11",
        payload_intact=True,
        previous=BillNeighbour(bill_id=12, issued_on=date(2026, 10, 5), total_cents=12106),
        following=None,
        can_cancel=True,
    )


def _approval(
    request_id: int,
    due: date,
    title: str,
    who: str,
    number: str,
    cents: int,
    over: int,
    by: str,
    why: str,
    flag: str = "",
    may: bool = True,
    hours: int = 3,
    own: bool = False,
) -> ApprovalRow:
    return ApprovalRow(
        request_id=request_id,
        due_on=due,
        overdue=due < AS_OF,
        expires_on=due + timedelta(days=11),
        waits_long=hours > 8,
        waited_hours=hours,
        title=S(title),
        customer_name=who,
        account_id=417,
        account_number_grouped=number,
        amount_cents=cents,
        over_cents=over,
        requested_by=by,
        requested_at=datetime(2026, 11, 19, 14, 52, tzinfo=UTC),
        reason=S(why),
        flag=S(flag) if flag else None,
        may_decide=may,
        may_withdraw=own,
    )


def approvals(*, chosen: str = "1", empty: bool = False) -> ApprovalsOverview:
    rows = (
        _approval(
            1,
            date(2026, 11, 18),
            "Waive late charges, 3 months",
            "Hanna Lindgren",
            "0388 4471 0",
            6140,
            1140,
            "J. Reyes",
            "Our draft failed three times",
            hours=11,
        ),
        _approval(
            2,
            AS_OF,
            "Cancel and rebill September",
            "Cedar Lane Dental",
            "0902 1158 3",
            31208,
            26208,
            "M. Dvorak",
            "Meter multiplier was 40",
        ),
        _approval(
            3,
            date(2026, 11, 20),
            "Waive reconnect fee",
            "Tomás Alvarez",
            "0633 2019 7",
            7000,
            2000,
            "M. Dvorak",
            "Hardship",
            "Your household: pass on",
            may=False,
        ),
        _approval(
            4,
            date(2026, 11, 23),
            "Correct meter dials",
            "Dale Sorensen",
            "0418 7705 6",
            9611,
            4611,
            "J. Reyes",
            "Five dials read as four",
            "You asked for this",
            may=False,
            own=True,
        ),
    )
    return ApprovalsOverview(
        as_of=AS_OF,
        rows=() if empty else rows,
        due_today=0 if empty else 1,
        waiting_long=0 if empty else 1,
        remind_after_hours=9,
        oldest_requested_at=None if empty else datetime(2026, 11, 18, 14, 52, tzinfo=UTC),
        decided=(
            DecidedRow(
                request_id=9,
                title=S("Waive late charge"),
                account_id=3,
                account_number_grouped="0195 6648 1",
                state="approved",
                decided_by="T. Alvarez",
                decided_at=datetime(2026, 11, 19, 15, 2, tzinfo=UTC),
                note="",
            ),
            DecidedRow(
                request_id=8,
                title=S("Credit for food spoiled"),
                account_id=3,
                account_number_grouped="0740 3310 2",
                state="declined",
                decided_by="T. Alvarez",
                decided_at=datetime(2026, 11, 19, 15, 30, tzinfo=UTC),
                note="No outage that day",
            ),
        ),
        expired=(
            ExpiredRow(
                request_id=5,
                title=S("Goodwill credit of $75.00: Repeated outages"),
                account_id=3,
                account_number_grouped="0740 3310 2",
                requested_by="J. Reyes",
                requested_at=datetime(2026, 10, 30, 15, 2, tzinfo=UTC),
                expires_on=date(2026, 11, 13),
            ),
        ),
        peek=None
        if empty
        else ApprovalPeek(
            row=next(row for row in rows if str(row.request_id) == chosen),
            preview=preview(over=True),
            refusal=None,
            changed_since_asked=False,
            evidence="",
            limit=S("$61.40 is $11.40 over the $50.00 of a representative. Yours is $500.00."),
        ),
        filter="all",
    )


def receipt(outcome: str = "done") -> ReceiptView:
    shown = preview()
    return ReceiptView(
        receipt_id=20418,
        action="waive_fee",
        title=S("Waive a fee"),
        outcome=outcome,
        summary=S("The late charge of Nov 9, $7.39, is waived."),
        actor="J. Reyes",
        approver="",
        at=datetime(2026, 11, 19, 16, 44, tzinfo=UTC),
        as_of=AS_OF,
        changes=shown.changes,
        rules=shown.rules,
        entries=((118455, "Late charge revenue", 739), (118455, "Receivable, residential", -739)),
        accounts=((417, "0417 2280 6", "Ruth A. Kowalczyk"),),
        made=(),
        request_id=None,
    )


def results(query: str) -> SearchResults:
    hits = (
        SearchHit(
            account_id=417,
            number_grouped="0417 2280 6",
            customer_name="Ruth A. Kowalczyk",
            service_address="1842 Cottonwood St",
            city_line="Prairie City NE 68900",
            meter_serial="77 402 918",
            matched=S("name"),
            active=True,
            balance_cents=41680,
        ),
        SearchHit(
            account_id=418,
            number_grouped="0388 1174 2",
            customer_name="Ruth A. Kowalczyk",
            service_address="12 Elm Ct",
            city_line="Prairie City NE 68900",
            meter_serial="",
            matched=S("name"),
            active=False,
            balance_cents=0,
        ),
        SearchHit(
            account_id=419,
            number_grouped="0511 0072 9",
            customer_name="Kowal Bros. Machine Works",
            service_address="400 Depot Rd",
            city_line="Prairie City NE 68900",
            meter_serial="88 100 204",
            matched=S("name, near"),
            active=True,
            balance_cents=-2210,
        ),
    )
    if "zzz" in query:
        return SearchResults(query=query, understood_as=None, hits=(), more=False, hint=None)
    return SearchResults(
        query=query,
        understood_as=S("name") if query else None,
        hits=hits if query else (),
        more=bool(query),
        hint=S("Type at least two letters.") if not query else None,
    )


def page(template: str, **context: Any) -> Any:
    def view(request: HttpRequest, **_: Any) -> HttpResponse:
        made = {name: value(request) if callable(value) else value for name, value in context.items()}
        return render(request, template, made)

    return view


def _now(_: HttpRequest) -> datetime:
    return datetime(2026, 11, 19, 17, 0, tzinfo=UTC)


def _two_segments(_: HttpRequest) -> BillProof:
    cancelled = segment(
        segment_id=30,
        active=False,
        amount_cents=-19020,
        lines=(
            _line(
                1, "Energy, October through May", "−1,702 kWh", "$0.0824", -14024, "−1,702 kWh × $0.0824 = −$140.2448"
            ),
        ),
    )
    return replace(bill(), corrects_id=12, payload_intact=False, segments=(cancelled, segment()), total_cents=-2697)


def _revealed(_: HttpRequest) -> AccountOverview:
    shown = account()
    return replace(
        shown,
        money=replace(shown.money, waits_cents=2643),
        hidden_count=0,
        revealed_until=datetime(2026, 11, 19, 17, 14, tzinfo=UTC),
        phone="(402) 555-0142",
        email="ruth.kowalczyk.and.family@example.com",
        mail_to=("PO Box 12", "Prairie City NE 68900"),
        identifiers=("driver’s license, ends 4471",),
    )


def _measured(code: str, title: str, count: int, cents: int, share: int, score: str, *, review: bool = False) -> Any:
    return MeasureView(
        code=code,
        title=S(title),
        count=count,
        cents=cents,
        share=share,
        score=Decimal(score),
        review=review,
    )


def conduct() -> ConductReport:
    people = (("J. Reyes", 4, 9200, True), ("M. Dvorak", 1, 1260, False), ("A. Brandvold-Oyelaran", 0, 990, False))
    return ConductReport(
        as_of=AS_OF,
        days=90,
        start_on=date(2026, 8, 22),
        end_on=date(2026, 11, 20),
        rows=tuple(
            ConductRow(
                employee_id=number,
                name=name,
                measures=(
                    _measured("waivers", "Waivers", 12 * times + 3, cents * 3, cents // 92, "5.8" if far else "0.4",
                              review=far),
                    _measured("credits", "Credits", times, cents, cents // 92, "1.1"),
                    _measured("charges", "Charges", 0, 0, 0, "0.0"),
                    _measured("reversals", "Reversals", times, times * 1500, times * 25, "-0.7"),
                ),
                by_policy=31,
                stated=times,
                approved=0,
                approved_cents=0,
            )
            for number, (name, times, cents, far) in enumerate(people)
        ),
        peers=9,
        enough=True,
        peers_min=5,
        review_at=Decimal("3.5"),
        medians=tuple(
            MedianView(title=S(title), median_cents=1260, deviation_cents=410)
            for title in ("Waivers", "Credits", "Charges", "Reversals")
        ),
        to_review=1,
    )  # fmt: skip


def fairness() -> FairnessReport:
    groups = (("68900", 412, 61, "0.1481", "1.02", False), ("68901", 88, 6, "0.0682", "0.47", True),
              ("68922", 11, 3, "0.2727", "1.88", False))  # fmt: skip
    rows = tuple(
        RateRow(
            name=name,
            fees=fees,
            waived=waived,
            rate=Decimal(rate),
            ratio=Decimal(ratio),
            share=round(float(rate) * 366),
            enough=fees >= 30,
            review=review,
        )
        for name, fees, waived, rate, ratio, review in groups
    )
    table = RateTable(
        code="area", title=S("By area"), note=S("By the ZIP code of the place served."), rows=rows, fees=511,
        rate=Decimal("0.1370"),
    )  # fmt: skip
    return FairnessReport(
        as_of=AS_OF,
        days=90,
        start_on=date(2026, 8, 22),
        end_on=date(2026, 11, 20),
        tables=(table, replace(table, code="cycle", title=S("By bill cycle"), rows=())),
        counted_min=30,
        least=Decimal("0.80"),
        most=Decimal("1.25"),
        to_review=1,
    )


def _new_account(_: HttpRequest) -> AccountOverview:
    shown = account()
    bare = replace(
        shown.money,
        balance_cents=0,
        past_due_cents=0,
        days_past_due=0,
        next_due_on=None,
        next_due_cents=None,
        last_payment_on=None,
        last_payment_cents=None,
        last_bill_on=None,
        last_bill_id=None,
        last_bill_cents=None,
        last_bill_change_cents=None,
    )
    return replace(
        shown,
        alerts=(),
        money=bare,
        usage=(),
        timeline=(),
        timeline_more=False,
        people=(),
        other_accounts=(),
        hidden_count=0,
        phone="(402) 555-0142",
        email="",
        mail_to=(),
        identifiers=(),
    )


def _waive(request: HttpRequest) -> Any:
    return _open_action(WaiveForm({"charge": "1", "reason": "first"}), title="Waive a fee", shown=preview())


def _waive_over(request: HttpRequest) -> Any:
    return _open_action(WaiveForm({"charge": "2", "reason": "ours"}), title="Waive a fee", shown=preview(over=True))


def _payment(request: HttpRequest) -> Any:
    return _open_action(PaymentForm(), title="Take a payment", shown=None)


def _payment_wrong(request: HttpRequest) -> Any:
    return _open_action(
        PaymentForm({"amount": "", "received_on": "2026-13-01", "tender": "gold"}),
        title="Take a payment",
        shown=None,
        refusal=S("The drawer of today is closed. Open a new one, then take the payment."),
    )


def index(request: HttpRequest) -> HttpResponse:
    names = [route.pattern for route in pages]
    return HttpResponse("".join(f'<p><a href="/{name}">{name}</a></p>' for name in names))


pages = [
    path("account", page("workbench/account.html", account=lambda r: account())),
    path("account-revealed", page("workbench/account.html", account=_revealed)),
    path("account-new", page("workbench/account.html", account=_new_account)),
    path("account-done", page("workbench/account.html", account=lambda r: account(), receipt=lambda r: receipt())),
    path("account-waive", page("workbench/account.html", account=lambda r: account(), open_action=_waive)),
    path("account-waive-over", page("workbench/account.html", account=lambda r: account(), open_action=_waive_over)),
    path("account-payment", page("workbench/account.html", account=lambda r: account(), open_action=_payment)),
    path(
        "account-payment-wrong", page("workbench/account.html", account=lambda r: account(), open_action=_payment_wrong)
    ),
    path("account-start", page("workbench/account.html", account=lambda r: account(), open_action=_start)),
    path("actions", page("workbench/actions.html", account=lambda r: account())),
    path("action-page", page("workbench/action_page.html", open_action=_payment)),
    path("bill", page("workbench/bill.html", bill=lambda r: bill(), account=lambda r: account())),
    path("bill-corrected", page("workbench/bill.html", bill=_two_segments)),
    path("search", page("workbench/search.html", results=lambda r: results(r.GET.get("q", "kowal")))),
    path(
        "search-empty",
        page("workbench/search.html", results=lambda r: results(""), offers=lambda r: account().actions[6:]),
    ),
    path("search-nobody", page("workbench/search.html", results=lambda r: results("zzz"))),
    path(
        "approvals",
        page("workbench/approvals.html", work=lambda r: approvals(chosen=r.GET.get("chosen", "1")), here="approvals"),
    ),
    path("approvals-empty", page("workbench/approvals.html", work=lambda r: approvals(empty=True), here="approvals")),
    path(
        "reports",
        page(
            "workbench/reports_adjustments.html",
            report=lambda r: conduct(),
            choices=(30, 90, 365),
            here="reports",
            tab="adjustments",
        ),
    ),
    path(
        "reports-fairness",
        page(
            "workbench/reports_fairness.html",
            report=lambda r: fairness(),
            choices=(30, 90, 365),
            here="reports",
            tab="fairness",
        ),
    ),
    path("receipt", page("workbench/receipt.html", receipt=lambda r: receipt())),
    path("receipt-asked", page("workbench/receipt.html", receipt=lambda r: receipt("approval_requested"))),
    path("locked", page("account/locked.html")),
    *[path(str(code), page(f"{code}.html")) for code in (400, 403, "403_csrf", 404, 500)],
    path(
        "409",
        page("409.html", versions=[("Mailing address", "PO Box 12", "PO Box 21"), ("Phone", "555-0142", "555-0142")]),
    ),
]

workbench_urls = [
    path("", index, name="desk"),
    path("find", page("workbench/search.html", results=lambda r: results(r.GET.get("q", ""))), name="search"),
    path(
        "find/options",
        page("workbench/search_options.html", results=lambda r: results(r.GET.get("q", ""))),
        name="search_options",
    ),
    path(
        "pick/<slug:kind>",
        page("workbench/pick_options.html", options=lambda r: PICKS, kind=lambda r: "x"),
        name="pick",
    ),
    path("accounts/<int:account_id>", page("workbench/account.html", account=lambda r: account()), name="account"),
    path(
        "accounts/<int:account_id>/actions", page("workbench/actions.html", account=lambda r: account()), name="actions"
    ),
    path(
        "accounts/<int:account_id>/actions/<str:action>",
        lambda r, **k: page(
            "workbench/action_preview.html"
            if r.method == "POST"
            else "workbench/action_open.html"
            if r.headers.get("HX-Request")
            else "workbench/account.html",
            account=lambda r: account(),
            open_action=_waive_over if r.method == "POST" else _waive,
        )(r),
        name="action",
    ),
    path("accounts/<int:account_id>/reveal", page("workbench/account.html", account=_revealed), name="reveal"),
    path("begin/<slug:name>", page("workbench/action_page.html", open_action=_payment), name="utility_action"),
    path("bills/<int:bill_id>", page("workbench/bill.html", bill=lambda r: bill()), name="bill"),
    path("bills/<int:bill_id>/document", page("workbench/bill.html", bill=lambda r: bill()), name="bill_document"),
    path("bills/<int:bill_id>/pdf", page("workbench/bill.html", bill=lambda r: bill()), name="bill_pdf"),
    path(
        "todo",
        page("workbench/approvals.html", work=lambda r: approvals(chosen=r.GET.get("chosen", "1")), here="approvals"),
        name="approvals",
    ),
    path("todo/<int:request_id>", page("workbench/receipt.html", receipt=lambda r: receipt()), name="decide"),
    path("figures", page("workbench/reports_adjustments.html", report=lambda r: conduct()), name="reports"),
    path("figures/fair", page("workbench/reports_fairness.html", report=lambda r: fairness()), name="reports_fairness"),
    path("receipts/<int:receipt_id>", page("workbench/receipt.html", receipt=lambda r: receipt()), name="receipt"),
]

urlpatterns = [*pages, path("", include((workbench_urls, "workbench"))), path("sign/", include("allauth.urls"))]

if __name__ == "__main__":
    from django.core.management import call_command

    call_command("runserver", f"127.0.0.1:{sys.argv[1] if len(sys.argv) > 1 else 8765}", "--noreload", "--skip-checks")
