"""The bank's lockbox of the day before the demo's: most checks find their account, two wait, one cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from weatherhead.actions.payments.import_payment_file import inputs_for
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.interfaces.cli.demo_town.reading_days import TODAY
from weatherhead.interfaces.cli.demo_town.town import Town

IMPORTER = "okafor"
_AT = time(7, 20)
_CHECKS = 9
_AHEAD_CENTS = 50_00
_FIRST_CHECK = 4_411
_BOX = "0004711"
_WITHOUT_STUB = (61_40, "MARTENS HARDWARE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check in the box: cents as the bank wrote them, the account as it stands on the stub, who signed."""

    cents: int
    account: str
    payer: str = ""
    readable: bool = True


def plan_lockbox(town: Town) -> None:
    """The file is imported before the counter opens, and posted by the worker."""
    town.diary.write(town.clock.add(TODAY, -1), _AT, lambda at: _import(town, at=at))


def _import(town: Town, *, at: datetime) -> None:
    checks = _checks(town, on=at.date())
    if not checks:
        return  # a town so small that only people of the stories live in it
    content = "".join(f"{line}\n" for line in lockbox_lines(checks, on=at.date())).encode("ascii")
    name = f"lockbox-{at.date()}.txt"
    inputs = inputs_for(name=name, source="lockbox", content=content)
    town.do("import_payment_file", by=IMPORTER, at=at, what=name, inputs=inputs)
    town.work(at)


def _checks(town: Town, *, on: date) -> list[Check]:
    """What some residents owe, or a little ahead; one has two digits turned around, the last is smudged."""
    known = [
        known.account_id
        for ref, known in town.known.items()
        if known.account_id and ref.startswith("resident-") and town.members[ref].ends_on is None
    ]
    owed = balance_of(known)

    def order(number: int) -> tuple[bool, int]:
        return owed[number] <= 0, town.chance.whole(0, 1_000_000, "lockbox", str(number), on.isoformat())

    some = sorted(known, key=order)[:_CHECKS]
    facts = accounts(some)
    checks = [
        Check(cents=owed[number] if owed[number] > 0 else _AHEAD_CENTS, account=facts[number].number) for number in some
    ]
    if len(checks) < 2:
        return []
    *right, turned, smudged = checks
    return [
        *right,
        Check(cents=turned.cents, account=_turned_around(turned.account)),
        Check(cents=_WITHOUT_STUB[0], account="", payer=_WITHOUT_STUB[1]),
        Check(cents=smudged.cents, account=smudged.account, readable=False),
    ]


def _turned_around(number: str) -> str:
    """An account number with the first two neighboring digits that differ exchanged."""
    place = next(place for place in range(len(number) - 1) if number[place] != number[place + 1])
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def lockbox_lines(checks: Sequence[Check], *, on: date) -> list[str]:
    """The records of a file of one batch, 80 columns each; docs/payment-files.md names them."""
    day = f"{on:%y%m%d}"
    lines = [
        f"101{'PRAIRIE':<10}{'0104000016':<10}{day}0630",
        f"2{'PRAIRIE':<10}{'0104000016':<10}{'':<10}400080008000",
        f"5001000{_BOX}{day}{'0104000016':<10}{'WEATHERHEAD':<10}",
    ]
    for place, check in enumerate(checks, 1):
        amount = f"{check.cents:010d}" if check.readable else f"{check.cents:010d}"[:-2] + "?0"
        number = _FIRST_CHECK + 7 * place
        lines.append(f"6001{place:03d}{amount}104000016{place:>10}{number:09d}{check.account:<35}")
        if check.payer:
            lines.append(f"4001{place:03d}6019{'':<20}{0:010d}{check.payer:<39}")
    total = sum(check.cents for check in checks)
    lines.append(f"7001000{_BOX}{day}{len(checks):03d}{total:010d}")
    lines.append(f"8000000{_BOX}{day}{len(checks):04d}{total:010d}")
    lines.append(f"9{len(lines) + 1:06d}")
    return lines
