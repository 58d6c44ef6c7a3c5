"""Where things stand in Prairie City, Nebraska: a town that is on no map, with a ZIP code that is no town's."""

from __future__ import annotations

from dataclasses import dataclass

CITY, STATE, POSTAL_CODE = "Prairie City", "NE", "68900"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An address of the town."""

    street: str
    unit: str = ""


HOME_STREETS = (
    "Cottonwood St", "Depot St", "Platte St", "Bluestem Ave", "Switchgrass Ln", "Meadowlark Dr", "Sandhill Rd",
    "Linden St", "Harvest Ave", "Windmill Ct", "Roundhouse Rd", "Chokecherry Ln", "Pioneer Ave", "Sod House Rd",
    "Buffalo Grass Way", "Grange St", "Railway Ave", "Plum Creek Rd", "Sunflower Dr", "N 4th St",
)  # fmt: skip
_APARTMENTS = "600 Platte St"
_MORE_APARTMENTS = ("1200 Prairie View Dr", "1240 Prairie View Dr", "300 Court St", "815 College Ave", "90 Mill St")
_APARTMENTS_EACH = 36
_UNITS_SHARE = 9  # every ninth home is an apartment


def homes(count: int, *, taken: frozenset[str]) -> tuple[Place, ...]:
    """Different addresses of dwellings, street after street, with some apartments among them."""
    found: list[Place] = []
    number, unit = 0, 0
    while len(found) < count:
        number += 1
        if number % _UNITS_SHARE == 0:
            unit += 1
            house = (unit - 1) // _APARTMENTS_EACH
            street = _APARTMENTS if not house else _MORE_APARTMENTS[(house - 1) % len(_MORE_APARTMENTS)]
            story = 0 if not house else (house - 1) // len(_MORE_APARTMENTS)
            door = (unit - 1) % _APARTMENTS_EACH + 1 + 100 * story
            found.append(Place(street=street, unit=f"Apt {door}"))
            continue
        street = HOME_STREETS[number % len(HOME_STREETS)]
        line = f"{104 + 100 * (number // len(HOME_STREETS)) + 7 * (number % 11)} {street}"
        if line not in taken:
            found.append(Place(street=line))
    return tuple(found)
