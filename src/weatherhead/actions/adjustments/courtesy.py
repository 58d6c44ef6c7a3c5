"""What the courtesy policy offers on a fee: its history gathered, as days and nothing else."""

from __future__ import annotations

from datetime import date

from weatherhead.areas.billing.courtesy import CourtesyHistory, Offer, courtesy_offer, courtesy_policy
from weatherhead.areas.billing.facts import AdjustmentFacts
from weatherhead.areas.billing.queries import adjustments_of_account
from weatherhead.areas.payments.queries import payments_of_account

_PAYMENTS_READ = 400
_BANKS_OWN = "bank_error"
"""A return that the customer did not cause."""


def offer_on(found: AdjustmentFacts, *, as_of: date) -> Offer | None:
    """What the policy offers on a fee on a day; None where the utility has no policy, or it is about other charges."""
    policy = courtesy_policy()
    if policy is None or found.kind != "fee" or found.charge != policy.charge:
        return None
    return courtesy_offer(history_of(found), policy=policy, as_of=as_of)


def history_of(found: AdjustmentFacts) -> CourtesyHistory:
    """The days that the policy may see."""
    beside = adjustments_of_account(found.account_id)
    alike = [item for item in beside if item.charge == found.charge]
    payments = payments_of_account(found.account_id, limit=_PAYMENTS_READ)
    return CourtesyHistory(
        charge=found.charge,
        others=tuple(
            item.adjusted_on
            for item in alike
            if item.kind == "fee" and item.reversed_by_id is None and item.adjustment_id != found.adjustment_id
        ),
        waived=tuple(item.adjusted_on for item in alike if item.kind == "waiver"),
        returned=tuple(
            sorted(
                {
                    item.came_back_on
                    for item in payments
                    if item.came_back_on is not None and item.return_reason != _BANKS_OWN
                }
            )
        ),
    )
