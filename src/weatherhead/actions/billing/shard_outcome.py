"""What is told of a shard that was tried or issued."""

from __future__ import annotations

from typing import Any

import numpy as np

from weatherhead.actions.billing.shard import ShardFacts, ShardPricing
from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop

LISTED_MAX = 500
"""Held and refused accounts listed in an outcome; all are counted."""


def outcome_of(facts: ShardFacts, *, pricing: ShardPricing) -> dict[str, Json]:
    """Counts and sums of a shard; what is held or refused with its reason. Cents and Wh."""
    priced = pricing.priced
    by_schedule: dict[str, Json] = {}
    schedule_of = facts.columns.schedule_of[pricing.billed]
    for place, schedule in enumerate(facts.columns.schedules):
        members = pricing.billed[schedule_of == place]
        if len(members):
            by_schedule[schedule.schedule.code] = {
                "segments": len(members),
                "amount_cents": int(priced.total_cents[members].sum()),
                "energy_wh": int(priced.energy_wh[members].sum()),
            }
    held_accounts = {item.account_id for item in pricing.held}
    return {
        "accounts": len(facts.account_ids),
        "bills": len(pricing.bill_accounts),
        "amount_cents": int(priced.total_cents[pricing.billed].sum()),
        "energy_wh": int(priced.energy_wh[pricing.billed].sum()),
        "estimated": int(np.count_nonzero(priced.estimated[pricing.billed])),
        "by_schedule": by_schedule,
        "nothing": pricing.nothing,
        "held": len(held_accounts),
        "held_list": [
            {"account": item.account_id, "agreement": item.agreement_id, "code": item.code, "said": to_json(item.text)}
            for item in pricing.held[:LISTED_MAX]
        ],
        "refused": len(pricing.refused),
        "refused_list": [
            {"account": item.account_id, "refusal": item.refusal.code, "said": str(item.refusal)}
            for item in pricing.refused[:LISTED_MAX]
        ],
    }


def changes_of(outcome: dict[str, Any]) -> tuple[Change, ...]:
    """The figures that people compare."""
    figures = (
        ("bills", gettext_noop("Bills"), Unit.COUNT),
        ("amount_cents", gettext_noop("Charges"), Unit.CENTS),
        ("energy_wh", gettext_noop("Energy billed"), Unit.ENERGY_WH),
        ("held", gettext_noop("Held for a person"), Unit.COUNT),
        ("refused", gettext_noop("Cannot be billed"), Unit.COUNT),
    )
    return tuple(
        Change(code=code, label=Sentence(label), unit=unit, before=None, after=outcome[code])
        for code, label, unit in figures
    )
