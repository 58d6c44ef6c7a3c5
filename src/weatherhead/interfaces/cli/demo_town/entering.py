"""The town comes in: its old system's export is written, loaded through ``weatherhead import``, and signed off."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from weatherhead.actions.migration.batch import Silent, check_directory, forget_staging, load_checked
from weatherhead.areas.agreements.queries import agreements_with_points_of
from weatherhead.areas.customers.numbers import account_number
from weatherhead.areas.customers.queries import account_ids_by_number, accounts
from weatherhead.areas.migration.check_set import Checked
from weatherhead.areas.migration.staging import open_staging
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.interfaces.cli.demo_town.conversion import convert, write_set
from weatherhead.interfaces.cli.demo_town.life import Months
from weatherhead.interfaces.cli.demo_town.members import Member
from weatherhead.interfaces.cli.demo_town.old_system import Frame, OldAccount
from weatherhead.interfaces.cli.demo_town.town import Town

_LOAD_AT, _SIGN_AT = time(18, 0), time(8, 30)


class SetNotGood(Refusal):
    """The export of the town's old system is not loaded as it is."""

    template = gettext_noop("The town's own migration set has %(count)s problems, first: %(first)s")


def plan_entering(town: Town, *, frame: Frame, months: Months, order: Sequence[str]) -> None:
    """Plan the evening of the cut-over and the sign-off the morning after. `order` is that of the account numbers."""
    on = frame.cut_over_on
    town.diary.write(on, _LOAD_AT, lambda at: _enter(town, frame=frame, months=months, order=order, at=at))
    town.diary.write(town.business_day(on + timedelta(days=1)), _SIGN_AT, lambda at: _sign(town, at=at))


def _enter(town: Town, *, frame: Frame, months: Months, order: Sequence[str], at: datetime) -> None:
    form = current_utility().account_number
    numbers = {ref: account_number(place, form=form) for place, ref in enumerate(order, 1)}
    rates = {code: facts.schedule for code, facts in rate_book().items()}
    converted = convert(list(town.members.values()), numbers=numbers, frame=frame, dials=town.dials, rates=rates)
    with tempfile.TemporaryDirectory(prefix="weatherhead-town-") as scratch:
        directory = Path(scratch) / "set"
        write_set(converted, directory)
        checked = check_directory(directory, progress=Silent())
        try:
            _require_good(checked)
            done = load_checked(
                checked, good_rows=False, actor=town.actors["okafor"], moment=town.moment(at), progress=Silent()
            )
        finally:
            forget_staging(checked.files)
    town.performed += done.shards + 1
    town.set_id = done.set.set_id
    _know(town, converted.accounts, numbers=numbers)
    for item in converted.accounts:
        for pays_on in item.pays_on:
            months.expect(item.member, on=pays_on)


def _require_good(checked: Checked) -> None:
    """The town's own set has no bad row; if it had, the first would say which."""
    if not checked.problems:
        return
    staging = open_staging(checked.files.sha256)
    try:
        first = next(iter(staging.problems(limit=1)))
    finally:
        staging.close()
    said = f"{first.file}:{first.line}:{first.column} {first.what}"
    raise SetNotGood(count=sum(checked.problems.values()), first=said)


def _sign(town: Town, *, at: datetime) -> None:
    inputs = {"set_id": town.set_id, "difference_cents": "0", "note": ""}
    town.do("sign_off_migration", by="alvarez", at=at, what="set", inputs=inputs)


def _know(town: Town, entered: Sequence[OldAccount], *, numbers: Mapping[str, str]) -> None:
    """The numbers under which the records know what came in."""
    ids = account_ids_by_number(numbers[item.member.ref] for item in entered)
    names = {key: facts.customer_name for key, facts in accounts(ids.values()).items()}
    customer_ids = {facts.customer_name: facts.customer_id for facts in accounts(ids.values()).values()}
    town.customers |= {name: customer_ids[name] for name in names.values()}
    agreements: defaultdict[int, list[tuple[date, int]]] = defaultdict(list)
    for found in agreements_with_points_of(ids.values()):
        point, agreement = found.point, found.agreement
        agreements[agreement.account_id].append((agreement.start_on, agreement.agreement_id))
        town.premises[point.street, point.unit] = point.premise_id
        town.points[point.street, point.unit, point.label] = point.service_point_id
    for item in entered:
        known = town.known[item.member.ref]
        known.account_id = ids[numbers[item.member.ref]]
        known.agreement_ids += [number for _, number in sorted(agreements[known.account_id])]


def numbering(members: Sequence[Member], *, first: Sequence[str]) -> list[str]:
    """The order in which accounts are numbered: some first, in their order, then the others as they stand."""
    known = {member.ref for member in members}
    ahead = [ref for ref in first if ref in known]
    return [*ahead, *(member.ref for member in members if member.ref not in set(ahead))]
