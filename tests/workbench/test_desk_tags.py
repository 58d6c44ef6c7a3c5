"""How the desk writes money, energy, days and sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from weatherhead.core.values import Change, Sentence, Unit
from weatherhead.interfaces.workbench.templatetags import desk
from weatherhead.overviews.bill import LineProof
from weatherhead.overviews.preview import PreviewView

AS_OF = date(2026, 11, 19)


@pytest.mark.parametrize(
    ("amount_cents", "alone", "in_a_column", "as_a_difference"),
    [
        (41680, "$416.80", "416.80", "+416.80"),
        (-1150, "−$11.50", "−11.50", "−11.50"),
        (0, "$0.00", "0.00", "0.00"),
        (5, "$0.05", "0.05", "+0.05"),
        (-5, "−$0.05", "−0.05", "−0.05"),
        (123456789, "$1,234,567.89", "1,234,567.89", "+1,234,567.89"),
        (10**15, "$10,000,000,000,000.00", "10,000,000,000,000.00", "+10,000,000,000,000.00"),
        (None, "", "", ""),
    ],
)
def test_cents(amount_cents: int | None, alone: str, in_a_column: str, as_a_difference: str) -> None:
    assert desk.money(amount_cents) == alone
    assert desk.amount(amount_cents) == in_a_column
    assert desk.change(amount_cents) == as_a_difference


def test_a_difference_in_a_sentence_carries_its_sign_and_the_currency() -> None:
    assert [desk.money_change(cents) for cents in (4217, -173, 0)] == ["+$42.17", "−$1.73", "$0.00"]


@pytest.mark.parametrize(
    ("energy_wh", "written"),
    [
        (1_397_000, "1,397"),
        (1_250, "1.25"),
        (1, "0.001"),
        (0, "0"),
        (-18_000, "−18"),
        (10_000_000, "10,000"),
        (None, ""),
    ],
)
def test_energy_is_exact(energy_wh: int | None, written: str) -> None:
    assert desk.kwh(energy_wh) == written


def test_prices_keep_the_places_of_the_tariff() -> None:
    assert desk.price(Decimal("0.0824")) == "$0.0824"
    assert desk.price(Decimal("7.5")) == "$7.50"
    assert desk.price(Decimal("-0.00210")) == "−$0.00210"
    assert desk.percent(Decimal("0.055")) == "5.50%"
    assert desk.percent(Decimal("0.05125")) == "5.125%"


def test_a_day_names_its_year_only_when_it_is_another() -> None:
    assert desk.day(date(2026, 11, 5), AS_OF) == "Nov 5"
    assert desk.day(date(2025, 12, 4), AS_OF) == "Dec 4, 2025"
    assert desk.day(date(2026, 11, 5)) == "Nov 5, 2026"
    assert desk.day(None, AS_OF) == ""
    assert desk.weekday(date(2026, 11, 30), AS_OF) == "Mon Nov 30"


def test_an_instant_is_told_in_the_utilitys_time() -> None:
    with timezone.override("America/Chicago"):
        instant = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)  # the evening before, in the utility's own day
        assert desk.moment(instant, AS_OF) == "9:30 pm"
        assert desk.moment(instant, date(2026, 11, 20)) == "Nov 19, 9:30 pm"
        assert desk.day(instant, AS_OF) == "Nov 19"
        assert desk.clock(datetime(2026, 11, 19, 18, 0, tzinfo=UTC)) == "12:00 pm"


def test_numbers_people_read_aloud_are_grouped() -> None:
    assert desk.account_number("041722806") == "0417\N{NO-BREAK SPACE}2280\N{NO-BREAK SPACE}6"
    assert desk.meter_number("77402918") == "77\N{NO-BREAK SPACE}402\N{NO-BREAK SPACE}918"
    assert desk.meter_number("AMI-204") == "AMI-204"
    assert [desk.initials(name) for name in ("J. Reyes", "Teresa Alvarez", "Okafor", "")] == ["JR", "TA", "O", ""]


def test_a_masked_value_is_not_in_the_page_and_says_why() -> None:
    shown = desk.masked(None)
    assert "•••" in shown
    assert "Hidden until the caller is verified" in shown
    assert desk.masked("(402) 555-0142") == "(402) 555-0142"


def test_what_fills_a_sentence_is_written_as_elsewhere() -> None:
    sentence = Sentence(
        template="%(amount_cents)s for %(used_wh)s kWh since %(since)s: %(why)s (%(count)s)",
        params={
            "amount_cents": -739,
            "used_wh": 1_397_000,
            "since": date(2026, 11, 9),
            "why": Sentence(template="first in %(months)s months", params={"months": 12}),
            "count": 2,
        },
    )
    assert desk.say(sentence, AS_OF) == "−$7.39 for 1,397 kWh since Nov 9: first in 12 months (2)"
    assert desk.say(Sentence(template="3% is a share, not a placeholder")) == "3% is a share, not a placeholder"
    assert desk.say(None) == ""


def _changed(code: str, before: int | None, after: int | None, *, account_id: int | None = 417) -> Change:
    return Change(
        code=code, label=Sentence(template="Figure"), unit=Unit.CENTS, before=before, after=after, account_id=account_id
    )


def test_a_change_is_written_by_its_unit() -> None:
    assert desk.figure(_changed("balance", 41680, None), "before") == "$416.80"
    assert desk.figure(_changed("balance", 41680, None), "after") == "none"
    due = Change(
        code="next_notice",
        label=Sentence(template="Next notice"),
        unit=Unit.DATE,
        before=None,
        after=date(2026, 11, 24),
    )
    assert desk.figure(due, "after", AS_OF) == "Nov 24"


def test_the_money_strip_takes_its_next_values_from_the_open_action() -> None:
    preview = PreviewView(
        action="waive_fee",
        title=Sentence(template="Waive a fee"),
        summary=Sentence(template=""),
        confirm_label=Sentence(template=""),
        changes=(
            _changed("balance", 41680, 40941),
            _changed("past_due", 0, 0),
            _changed("next_due", 1, 2, account_id=9),
        ),
        rules=(),
        entries=(),
        authority=None,
        needs_approval=None,
        digest="",
    )
    assert desk.after(preview, "balance", 417) == "$409.41"
    assert desk.after(preview, "past_due", 417) == ""  # stays as it is
    assert desk.after(preview, "next_due", 417) == ""  # another account's
    assert desk.after("", "balance", 417) == ""  # no action is open


@pytest.mark.parametrize(
    ("steps", "unrounded", "said", "left"),
    [
        (("1,397 kWh × $0.0824 = $115.1128", "$115.1128 rounded to the cent: $115.11"), "$115.1128", 0, []),
        (("500 − 100 = 400", "400 kWh × $0.10 = $40.00"), "$40.00", 1, ["500 − 100 = 400"]),
        (("the minimum of the bill",), "$12.00", None, ["the minimum of the bill"]),
        ((), "$6.75", None, []),
    ],
)
def test_a_proof_opens_with_the_step_that_gives_the_amount(
    steps: tuple[str, ...], unrounded: str, said: int | None, left: list[str]
) -> None:
    line = LineProof(
        sequence=1,
        code="energy",
        label="Energy",
        quantity="",
        price="",
        amount_cents=0,
        steps=steps,
        unrounded=unrounded,
        rounding=Sentence(template=""),
        determinant=None,
        schedule="",
        version_on=AS_OF,
        clause="",
        citation="",
        status="verified",
        ledger_account="",
        ledger_title="",
        entry_id=None,
        entry_line=None,
    )
    assert desk.arithmetic(line) == {"said": unrounded if said is None else steps[said], "steps": left}
