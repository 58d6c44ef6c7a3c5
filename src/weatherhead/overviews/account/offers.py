"""What may be done on an account, and what of it is likely."""

from __future__ import annotations

from dataclasses import dataclass, replace

from weatherhead.areas.billing.facts import BillOfHistory
from weatherhead.areas.ledger.queries import waiting_credit_of
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.jobs import Grant
from weatherhead.door.registry import registry
from weatherhead.overviews.account.gathered import Holdings, holdings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionOffer:
    """An action that this actor may do here, and a word on it."""

    name: str
    title: Sentence
    duty: int
    key: str  # one letter, or ""
    hint: Sentence | None
    likely: bool


_LIKELY_MAX = 6
_LIKELY = ("take_payment", "waive_fee", "enter_read", "bill_account", "change_mailing_address", "assess_fee")
ON_ACCOUNT = frozenset({"account", "agreement", "bill", "payment", "adjustment", "exception", "read", "meter"})


def offers_on(account_id: int, *, bills: tuple[BillOfHistory, ...], grant: Grant) -> tuple[ActionOffer, ...]:
    """The actions that these jobs grant on an account, for a page that has read its bills already."""
    waits_cents = waiting_credit_of([account_id])[account_id]
    return offers_of(holdings_of(account_id, bills=bills, waits_cents=waits_cents), grant=grant)


def offers_of(found: Holdings, *, grant: Grant, on_summary: bool | None = None) -> tuple[ActionOffer, ...]:
    """The actions that these jobs grant on an account, the likeliest first.

    `on_summary` is whether its bills go onto a summary bill; None where there is no other account to go with.
    """
    offers = [
        ActionOffer(
            name=action.name,
            title=Sentence(action.title),
            duty=action.duty,
            key=action.key,
            hint=_hint(action.name, found=found),
            likely=False,
        )
        for action in registry
        if action.on in ON_ACCOUNT
        and action.name in grant.actions
        and _possible(action.name, found=found, on_summary=on_summary)
    ]
    offers.sort(key=lambda offer: _LIKELY.index(offer.name) if offer.name in _LIKELY else len(_LIKELY))
    return tuple(replace(offer, likely=position < _LIKELY_MAX) for position, offer in enumerate(offers))


def _possible(name: str, *, found: Holdings, on_summary: bool | None) -> bool:
    """Whether the account holds what the action acts on."""
    needs: dict[str, bool] = {
        "waive_fee": any(item.kind == "fee" and item.left_cents > 0 for item in found.adjustments),
        "reverse_adjustment": any(
            item.kind != "reversal" and item.reversed_by_id is None and not item.waived_cents
            for item in found.adjustments
        ),
        "reverse_payment": any(item.reversed_on is None for item in found.payments),
        "email_receipt": any(item.reversed_on is None for item in found.payments),
        "move_payment": any(item.reversed_on is None for item in found.payments),
        "return_payment": any(item.reversed_on is None and item.tender_kind != "cash" for item in found.payments),
        "end_service": any(item.agreement.end_on is None for item in found.services),
        "move_service": any(item.agreement.end_on is None for item in found.services),
        "exchange_meter": bool(found.meters),
        "cancel_and_rebill": any(item.active for item in found.bills),
        "release_exception": bool(found.exceptions),
        "release_read": bool(found.held_reads),
        "reject_read": bool(found.held_reads),
        "hold_billing": bool(found.services),
        "bill_account": bool(found.services),
        "enter_read": bool(found.meters),
        "estimate_read": bool(found.meters),
        "request_reread": bool(found.meters),
        "record_check_read": bool(found.meters),
        "put_on_summary": on_summary is False,
        "take_off_summary": on_summary is True,
        "correct_read": any(found.reads.values()),
        "apply_credit": found.waits_cents > 0,
        "pay_deposit": any(item.left_cents for item in found.deposits),
        "withdraw_deposit": any(item.asked_on and not item.closed_on for item in found.deposits),
        "apply_deposit": any(item.held_cents for item in found.deposits),
        "write_off_account": all(item.agreement.end_on is not None for item in found.services),
        "correct_bills": any(item.active for item in found.bills),
        "correct_terms": bool(found.services),
        "correct_service_dates": bool(found.services),
        "swap_services": bool(found.services),
        "correct_multiplier": bool(found.meters),
        "record_meter_test": bool(found.meters),
        "swap_meters": bool(found.meters),
    }
    return needs.get(name, True)


def _hint(name: str, *, found: Holdings) -> Sentence | None:
    if name == "waive_fee":
        fee_left = next((item for item in found.adjustments if item.kind == "fee" and item.left_cents > 0), None)
        return Sentence("%(left_cents)s", {"left_cents": fee_left.left_cents}) if fee_left else None
    if name == "enter_read":
        reads = [item for group in found.reads.values() for item in group]
        last = max((item.read_on for item in reads), default=None)
        return Sentence(gettext_noop("last %(on)s"), {"on": last}) if last else None
    if name == "bill_account":
        last_on = found.bills[0].end_on if found.bills else None
        return Sentence(gettext_noop("billed to %(on)s"), {"on": last_on}) if last_on else None
    return None
