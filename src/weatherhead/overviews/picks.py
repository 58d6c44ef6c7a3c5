"""What a form may be about, found by what people say: a place by its address, a customer by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from weatherhead.areas.agreements.queries import vacant_points
from weatherhead.areas.customers.queries import (
    CustomerFacts,
    NoSuchCustomer,
    account_numbers_of_customers,
    customer,
    customers_named,
)
from weatherhead.areas.metering.queries import meter_of_service_points
from weatherhead.areas.premises.queries import (
    NoSuchPremise,
    NoSuchServicePoint,
    PremiseFacts,
    ServicePointFacts,
    premise,
    premises_at,
    service_point,
    service_points_at,
)
from weatherhead.areas.records.text import fold
from weatherhead.core.values import Refusal, Sentence, gettext_noop

PICKS_MAX = 8
_HUNG_READ = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One thing that may be chosen: its record's number, what people call it, and what tells it from its like."""

    number: int
    title: str
    note: str


class PickUnknown(Refusal):
    """Nothing is called so."""

    template = gettext_noop("Nothing is found for “%(text)s”. Type part of the name, or house number and street.")


class PickAmbiguous(Refusal):
    """Several are called so."""

    template = gettext_noop("“%(text)s” may be %(titles)s. Choose one of the list, or type more.")


def picks(kind: str, text: str, *, limit: int = PICKS_MAX) -> tuple[Pick, ...]:
    """What may be chosen for some text, the best match first. `kind` is one of `KINDS`."""
    return _FIND[kind](text, limit) if fold(text) else ()


def pick_of(kind: str, number: int) -> Pick | None:
    """The pick of a number; None for an unknown one."""
    try:
        return _OF_NUMBER[kind](number)
    except (NoSuchCustomer, NoSuchPremise, NoSuchServicePoint):
        return None


def the_pick(kind: str, text: str) -> Pick:
    """The one thing that some text means: what is called exactly so, else what alone is like it.

    Raises:
        PickUnknown, PickAmbiguous: as they say.
    """
    # What a service point is called ends in its label, which no address does.
    found = picks(kind, text) or picks(kind, text.rpartition(",")[0])
    exact = [item for item in found if fold(item.title) == fold(text)]
    among = exact or found
    if not among:
        raise PickUnknown(text=text)
    if len(among) > 1:
        raise PickAmbiguous(text=text, titles=_titles(among))
    return among[0]


def _titles(found: Iterable[Pick]) -> Sentence:
    names = [f"{item.title} ({item.note})" for item in found]
    return Sentence("%(names)s", {"names": "; ".join(names[:3]) + (" …" if len(names) > 3 else "")})


def _of_point(item: ServicePointFacts) -> Pick:
    return Pick(number=item.service_point_id, title=f"{item.address}, {item.label}", note=item.city_line)


def _of_premise(item: PremiseFacts) -> Pick:
    street = f"{item.street}, {item.unit}" if item.unit else item.street
    return Pick(number=item.premise_id, title=street, note=f"{item.city} {item.state} {item.postal_code}")


def _of_customer(item: CustomerFacts) -> Pick:
    return _with_numbers([item])[0]


def _with_numbers(found: Sequence[CustomerFacts]) -> tuple[Pick, ...]:
    """Namesakes are told apart by their accounts."""
    numbers = account_numbers_of_customers(item.customer_id for item in found)
    none = gettext("no account yet")
    return tuple(
        Pick(number=item.customer_id, title=item.name, note=", ".join(numbers.get(item.customer_id, ())) or none)
        for item in found
    )


def _vacant(text: str, limit: int) -> tuple[Pick, ...]:
    return tuple(_of_point(item) for item in vacant_points(text, limit=limit))


def _points(text: str, limit: int) -> tuple[Pick, ...]:
    return tuple(_of_point(item) for item in service_points_at(text, limit=limit))


def _meterless(text: str, limit: int) -> tuple[Pick, ...]:
    found = [item for item in service_points_at(text, limit=_HUNG_READ) if item.kind == "metered"]
    hanging = meter_of_service_points(item.service_point_id for item in found)
    return tuple(_of_point(item) for item in found if item.service_point_id not in hanging)[:limit]


def _premises(text: str, limit: int) -> tuple[Pick, ...]:
    return tuple(_of_premise(item) for item in premises_at(text, limit=limit))


def _customers(text: str, limit: int) -> tuple[Pick, ...]:
    return _with_numbers(customers_named(text, limit=limit))


_FIND: Mapping[str, Callable[[str, int], tuple[Pick, ...]]] = {
    "vacant_point": _vacant,
    "meterless_point": _meterless,
    "service_point": _points,
    "premise": _premises,
    "customer": _customers,
}
_OF_NUMBER: Mapping[str, Callable[[int], Pick]] = {
    "vacant_point": lambda number: _of_point(service_point(number)),
    "meterless_point": lambda number: _of_point(service_point(number)),
    "service_point": lambda number: _of_point(service_point(number)),
    "premise": lambda number: _of_premise(premise(number)),
    "customer": lambda number: _of_customer(customer(number)),
}
KINDS = frozenset(_FIND)
"""The kinds of things: a service point where nobody takes service, or where no meter hangs, any one, and so on."""
