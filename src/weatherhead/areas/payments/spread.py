"""Which part of which tender pays which account, when several tenders pay several accounts at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def spread(tenders: Sequence[int], applications: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """The parts, as (place of the tender, place of the application, cents), for amounts that come to the same.

    In the order in which they are given: the first tender pays the first account, what is left of it the next. So each
    part has one tender and one account, a tender that comes back undoes just its parts, and there are fewer parts than
    tenders and applications together.

    Raises:
        ValueError: the two sums differ, or an amount is not positive.
    """
    if sum(tenders) != sum(applications) or not all(cents > 0 for cents in (*tenders, *applications)):
        raise ValueError("tenders and applications must be positive and come to the same")
    place, left = 0, applications[0] if applications else 0
    for number, whole in enumerate(tenders):
        unused = whole
        while unused:
            part = min(unused, left)
            yield number, place, part
            unused, left = unused - part, left - part
            if not left and place + 1 < len(applications):
                place += 1
                left = applications[place]
