"""Meters, where they hang, and their reads, as frozen values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from weatherhead.areas.metering.accuracy import EXACT
from weatherhead.areas.metering.intake import InstallationFacts
from weatherhead.areas.metering.models import CycleDay, Meter, MeterInstallation, MeterTest, Read, RouteStop
from weatherhead.areas.metering.usage import KINDS_NOT_BILLED, Dial, DialRead
from weatherhead.areas.records.canonical import stored_sentence
from weatherhead.areas.records.database import any_of, chunks
from weatherhead.core.values import Refusal, Sentence, gettext_noop


class NoSuchMeter(Refusal):
    """No meter has that number."""

    template = gettext_noop("There is no meter %(meter)s. Check the serial number on the meter.")


class NoSuchRead(Refusal):
    """No read has that number."""

    template = gettext_noop("There is no read %(read)s. Open the list of held reads again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterFacts:
    """A meter, and where it hangs now: both None for one in the store."""

    meter_id: int
    serial: str
    dials: int
    multiplier: Decimal
    has_demand: bool
    service_point_id: int | None
    installed_on: date | None

    @property
    def dial(self) -> Dial:
        """What turns its readings into energy."""
        return Dial(dials=self.dials, multiplier=self.multiplier)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableRead:
    """An accepted read that bills may use, with what turns it into energy. `demand_w_max`: multiplier applied.

    `accuracy` is the meter's from this read to its next one, in hundredths of a percent, as far as corrections know.
    """

    read_id: int
    meter_id: int
    serial: str
    dials: int
    multiplier: Decimal
    read_on: date
    kind: str
    dial_reading: int
    turns: int
    demand_w_max: int | None
    tested: bool
    accuracy: int = EXACT
    wrong_since_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFacts:
    """A read in whatever state. `why` says what held it, `decision` why it was then released or rejected."""

    read_id: int
    meter_id: int
    serial: str
    dials: int
    multiplier: Decimal
    service_point_id: int | None
    read_on: date
    kind: str
    dial_reading: int
    turns: int
    demand_w_max: int | None
    state: str  # accepted, held, rejected
    exception: str
    why: Sentence | None
    note: str
    batch_id: int | None
    receipt_id: int
    decided_on: date | None
    decision: str

    def as_dial_read(self) -> DialRead:
        """The read as arithmetic needs it."""
        return DialRead(
            meter_id=self.meter_id,
            read_on=self.read_on,
            kind=self.kind,
            dial_reading=self.dial_reading,
            turns=self.turns,
            demand_w_max=self.demand_w_max,
        )


# ------------------------------------------------------------------------------------------------------------- meters
def meter(meter_id: int) -> MeterFacts:
    """One meter.

    Raises:
        NoSuchMeter: for an unknown number.
    """
    found = _meters(Meter.objects.filter(pk=meter_id))
    if not found:
        raise NoSuchMeter(meter=meter_id)
    return found[0]


def meter_by_serial(serial: str) -> MeterFacts | None:
    """The meter with a serial number, if there is one."""
    return next(iter(_meters(Meter.objects.filter(serial=serial))), None)


def find_meters(text: str, *, limit: int) -> tuple[MeterFacts, ...]:
    """Meters whose serial number begins with some text, in any case."""
    if not text.strip():
        return ()
    return _meters(Meter.objects.filter(serial__istartswith=text.strip()).order_by("serial")[:limit])


def meter_of_service_points(service_point_ids: Iterable[int]) -> dict[int, MeterFacts]:
    """The meter that hangs at each service point now; none where none hangs."""
    found: dict[int, MeterFacts] = {}
    for chunk in chunks(sorted(set(service_point_ids))):
        rows = MeterInstallation.objects.select_related("meter").filter(
            service_point_id__in=chunk, removed_on__isnull=True
        )
        for row in rows:
            found[row.service_point_id] = _meter(row.meter, installation=row)
    return found


def _meters(rows: QuerySet[Meter]) -> tuple[MeterFacts, ...]:
    found = list(rows)
    hanging = MeterInstallation.objects.filter(meter_id__in=[row.pk for row in found], removed_on__isnull=True)
    of_meter = {row.meter_id: row for row in hanging}
    return tuple(_meter(row, installation=of_meter.get(row.pk)) for row in found)


def _meter(row: Meter, *, installation: MeterInstallation | None) -> MeterFacts:
    return MeterFacts(
        meter_id=row.pk,
        serial=row.serial,
        dials=row.dials,
        multiplier=row.multiplier,
        has_demand=row.has_demand,
        service_point_id=installation.service_point_id if installation else None,
        installed_on=installation.installed_on if installation else None,
    )


# ------------------------------------------------------------------------------------------------------ installations
def installation_at(service_point_id: int, *, on: date) -> InstallationFacts | None:
    """The installation in force at a service point on a day, if any."""
    row = (
        MeterInstallation.objects.filter(
            Q(removed_on__isnull=True) | Q(removed_on__gt=on), service_point_id=service_point_id, installed_on__lte=on
        )
        .order_by("-installed_on")
        .first()
    )
    return installation_facts(row) if row else None


def installations_at(service_point_id: int) -> tuple[InstallationFacts, ...]:
    """Every installation that there was at a service point, oldest first."""
    rows = MeterInstallation.objects.filter(service_point_id=service_point_id).order_by("installed_on", "pk")
    return tuple(installation_facts(row) for row in rows)


def installation_facts(row: MeterInstallation) -> InstallationFacts:
    """A row of an installation as a frozen value."""
    return InstallationFacts(
        installation_id=row.pk,
        meter_id=row.meter_id,
        service_point_id=row.service_point_id,
        installed_on=row.installed_on,
        removed_on=row.removed_on,
    )


# -------------------------------------------------------------------------------------------------------------- reads
def billable_reads(service_point_ids: Iterable[int]) -> dict[int, tuple[BillableRead, ...]]:
    """The accepted reads that bills may use (all kinds but check) of each service point, by day.

    On the day of an exchange the last read of the old meter comes before the first of the new one.
    """
    return _billable(service_point_ids)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReads:
    """What some service points hold: meters that hang there now, billable reads, and the held reads of those meters.

    `next_read_on` is when the cycle that was asked for is read next; None where that is not planned or nothing hangs.
    `routes` is each service point's route and its place there, where it is on one.
    """

    meters: Mapping[int, MeterFacts]
    reads: Mapping[int, tuple[BillableRead, ...]]
    held: tuple[ReadFacts, ...]
    next_read_on: date | None
    routes: Mapping[int, tuple[str, int]]


def place_reads(service_point_ids: Iterable[int], *, cycle: int = 0, as_of: date = date.max) -> PlaceReads:
    """Everything about some service points in two queries, with the next read day of a cycle from a day on."""
    installations, reads, held = _billable(service_point_ids, held_too=True, cycle=cycle, as_of=as_of)
    hanging = {row.service_point_id: _meter(row.meter, installation=row) for row in installations if not row.removed_on}
    now = {meter.meter_id for meter in hanging.values()}
    # Where two installations hold its day, the later one is its place.
    waiting = {
        row.pk: _read(row, meter=item.meter, place_id=item.service_point_id)
        for item, row in held
        if row.meter_id in now
    }
    days = {getattr(row, "next_read_on", None) for row in installations}
    return PlaceReads(
        meters=hanging,
        reads=reads,
        held=tuple(sorted(waiting.values(), key=lambda item: (item.read_on, item.read_id))),
        next_read_on=next(iter(days), None) if hanging else None,
        routes={
            row.service_point_id: (code, getattr(row, "route_sequence", 0))
            for row in installations
            if (code := getattr(row, "route_code", None))
        },
    )


def _billable(
    service_point_ids: Iterable[int],
    *,
    held_too: bool = False,
    cycle: int = 0,
    as_of: date = date.max,
) -> tuple[list[MeterInstallation], dict[int, tuple[BillableRead, ...]], list[tuple[MeterInstallation, Read]]]:
    """Whatever meter ever hung at the service points, the reads of each point that bills may use, and held ones."""
    hung_ever: list[MeterInstallation] = []
    held_reads: list[tuple[MeterInstallation, Read]] = []
    states = ["accepted", "held"] if held_too else ["accepted"]
    found: defaultdict[int, list[BillableRead]] = defaultdict(list)
    for chunk in chunks(sorted(set(service_point_ids))):
        hung = MeterInstallation.objects.select_related("meter").filter(service_point_id__in=chunk)
        hung = hung.annotate(tested=Exists(MeterTest.objects.filter(meter_id=OuterRef("meter_id"))))
        if cycle:
            planned = CycleDay.objects.filter(cycle=cycle, read_on__gte=as_of).order_by("read_on")
            stop = RouteStop.objects.filter(service_point_id=OuterRef("service_point_id"))
            hung = hung.annotate(
                next_read_on=Subquery(planned.values("read_on")[:1]),
                route_code=Subquery(stop.values("route__code")),
                route_sequence=Subquery(stop.values("sequence")),
            )
        installations = list(hung.order_by("installed_on", "pk"))
        hung_ever += installations
        reads: defaultdict[int, list[Read]] = defaultdict(list)
        rows = Read.objects.filter(meter_id__in={row.meter_id for row in installations}, state__in=states)
        for read in rows.exclude(Q(kind__in=KINDS_NOT_BILLED), state="accepted").order_by("read_on"):
            reads[read.meter_id].append(read)
        for row in installations:
            place = installation_facts(row)
            here = [read for read in reads[row.meter_id] if place.holds(read.read_on)]
            found[row.service_point_id] += [
                _billable_read(read, meter=row.meter, tested=row.tested) for read in here if read.state == "accepted"
            ]
            held_reads += [(row, read) for read in here if read.state == "held"]
    # Stable: on one day the older installation stays first.
    billable = {point: tuple(sorted(reads, key=lambda read: read.read_on)) for point, reads in found.items()}
    return hung_ever, billable, held_reads


def _billable_read(row: Read, *, meter: Meter, tested: bool) -> BillableRead:
    return BillableRead(
        read_id=row.pk,
        meter_id=meter.pk,
        serial=meter.serial,
        dials=meter.dials,
        multiplier=meter.multiplier,
        read_on=row.read_on,
        kind=row.kind,
        dial_reading=row.dial_reading,
        turns=row.turns,
        demand_w_max=row.demand_w_max,
        tested=tested,
    )


def read(read_id: int) -> ReadFacts:
    """One read.

    Raises:
        NoSuchRead: for an unknown number.
    """
    found = _reads(Read.objects.filter(pk=read_id))
    if not found:
        raise NoSuchRead(read=read_id)
    return found[0]


def reads_with_numbers(read_ids: Iterable[int]) -> dict[int, ReadFacts]:
    """Reads by number; unknown numbers are missing."""
    found: dict[int, ReadFacts] = {}
    for chunk in chunks(sorted(set(read_ids))):
        found |= {facts.read_id: facts for facts in _reads(Read.objects.filter(pk__in=chunk))}
    return found


def held_reads(*, limit: int | None = None) -> tuple[ReadFacts, ...]:
    """The reads that wait for a person, oldest first."""
    return _reads(Read.objects.filter(state="held").order_by("read_on", "pk")[:limit])


def held_reads_of(meter_ids: Iterable[int]) -> tuple[ReadFacts, ...]:
    """The reads of some meters that wait for a person, oldest first."""
    rows = Read.objects.filter(state="held", meter_id__in=sorted(set(meter_ids)))
    return _reads(rows.order_by("read_on", "pk"))


def reads_of_meter(meter_id: int) -> tuple[ReadFacts, ...]:
    """Every read of a meter in whatever state, oldest first."""
    return _reads(Read.objects.filter(meter_id=meter_id).order_by("read_on", "pk"))


def _reads(rows: QuerySet[Read]) -> tuple[ReadFacts, ...]:
    """Reads, each with the place where its meter hung; the one it came to when it was moved that day."""
    hung = MeterInstallation.objects.filter(
        Q(removed_on__isnull=True) | Q(removed_on__gte=OuterRef("read_on")),
        meter_id=OuterRef("meter_id"),
        installed_on__lte=OuterRef("read_on"),
    ).order_by("-installed_on", "-pk")
    placed = rows.select_related("meter").annotate(place_id=Subquery(hung.values("service_point_id")[:1]))
    return tuple(_read(row, meter=row.meter, place_id=row.place_id) for row in placed)


def _read(row: Read, *, meter: Meter, place_id: int | None) -> ReadFacts:
    return ReadFacts(
        read_id=row.pk,
        meter_id=row.meter_id,
        serial=meter.serial,
        dials=meter.dials,
        multiplier=meter.multiplier,
        service_point_id=place_id,
        read_on=row.read_on,
        kind=row.kind,
        dial_reading=row.dial_reading,
        turns=row.turns,
        demand_w_max=row.demand_w_max,
        state=row.state,
        exception=row.exception,
        why=stored_sentence(row.detail) if row.detail else None,
        note=row.note,
        batch_id=row.batch_id,
        receipt_id=row.receipt_id,
        decided_on=row.decided_on,
        decision=row.decision,
    )


def accepted_count(meter_ids: Iterable[int]) -> int:
    """How many accepted reads some meters have: it grows with every read entered or released, and never shrinks."""
    wanted = sorted(set(meter_ids))
    if not wanted:
        return 0
    chosen, given = any_of("meter_id", wanted)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM metering_read WHERE state = 'accepted' AND {chosen}", [given])  # noqa: S608
        [counted] = cursor.fetchone()
    return int(counted)
