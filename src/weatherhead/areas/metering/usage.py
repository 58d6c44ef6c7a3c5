"""Energy between dial readings, and whether a read is to be believed. Pure.

A dial counts kilowatt-hours; the meter's multiplier says how many of them one step stands for. A dial of n digits
begins again at zero after 10**n steps. So that a bill never has to guess whether it did, every read carries `turns`,
how often the dial has passed zero since the meter's first read: `turns` × 10**n + the reading never jumps, and energy
is a difference of two such numbers, in whatever order reads were entered. Whether a lower reading means a turn or a
mistake is decided once, when the read arrives; what cannot be decided is held for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Literal, get_args

from weatherhead.core.values import Refusal, Sentence, gettext_noop

ReadKind = Literal["actual", "estimated", "customer", "move_in", "move_out", "check"]
READ_KINDS: tuple[ReadKind, ...] = get_args(ReadKind)
KINDS_NOT_BILLED: tuple[ReadKind, ...] = ("check",)
DIALS_MIN, DIALS_MAX = 4, 9

PERIODS_COMPARED = 12
"""Use is compared to the daily average of this many periods."""

_YEAR_DAYS = 365
_SAME_TIME_DAYS = 16
"""A period ends "at the same time a year before" when it ends within about half a month of that day."""

_ZERO_DAYS_MIN = 20
"""Fewer days without any use may be a journey."""

_FRESH_TURN_SHARE = 10
"""Without history, a turn is likely when the dial went on by at most one tenth of its range."""

MULTIPLIER_MAX = 1_000_000
"""Far above that of any instrument transformer; energy of a whole dial stays within 64 bits."""

_WH_PER_KWH = 1000
_HOURS_PER_DAY = 24


class MultiplierNotExact(Refusal):
    """One step of the dial would not be a whole number of watt-hours."""

    template = gettext_noop(
        "Multiplier %(multiplier)s cannot be used: give a number above zero and at most 1,000,000 with at most three "
        "decimals, such as 1 or 40."
    )


class ReadOutOfSequence(Refusal):
    """A read between two others that does not lie between them."""

    template = gettext_noop(
        "A reading of %(reading)s on %(read_on)s cannot stand: the meter read %(other)s on %(other_on)s. "
        "Check the date and the reading."
    )


@lru_cache(maxsize=1024)
def step_wh(multiplier: Decimal) -> int:
    """Watt-hours of one step of the dial: 1 kWh × multiplier, exactly.

    Raises:
        MultiplierNotExact: for a multiplier that is not positive, too large, or with more than three decimals.
    """
    if not multiplier.is_finite() or not 0 < multiplier <= MULTIPLIER_MAX:
        raise MultiplierNotExact(multiplier=multiplier)
    whole = Fraction(multiplier) * _WH_PER_KWH
    if whole.denominator != 1:
        raise MultiplierNotExact(multiplier=multiplier)
    return whole.numerator


def energy_wh_between(*, start_reading: int, end_reading: int, turns: int, dials: int, multiplier: Decimal) -> int:
    """Energy in Wh from one reading of a meter to a later one, exactly.

    `turns` is how often the dial passed zero between them. Without a turn a lower end gives negative energy: the start
    was read (or estimated) too high.
    """
    return (end_reading - start_reading + turns * _range_steps(dials)) * step_wh(multiplier)


def _range_steps(dials: int) -> int:
    steps: int = 10**dials
    return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """What turns steps into energy: the number of digits and the multiplier."""

    dials: int
    multiplier: Decimal

    @property
    def range_steps(self) -> int:
        """Steps until the dial stands at zero again."""
        return _range_steps(self.dials)

    @property
    def step_wh(self) -> int:
        """Watt-hours of one step."""
        return step_wh(self.multiplier)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRead:
    """A read as far as arithmetic needs it. `read_on` is the local day at whose start it was taken."""

    meter_id: int
    read_on: date
    kind: str
    dial_reading: int
    turns: int
    demand_w_max: int | None = None

    def steps(self, dial: Dial) -> int:
        """Steps since the dial stood at zero for the first time."""
        return self.turns * dial.range_steps + self.dial_reading


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRead:
    """A read that somebody brings. `demand_w_max` in W, multiplier applied."""

    read_on: date
    kind: ReadKind
    dial_reading: int
    demand_w_max: int | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsePeriod:
    """Energy in Wh between two billable reads of one meter, `[start_on, end_on)`."""

    meter_id: int
    start_on: date
    end_on: date
    energy_wh: int
    estimated: bool

    @property
    def days(self) -> int:
        """Number of days, at least 1."""
        return (self.end_on - self.start_on).days


@dataclass(frozen=True, slots=True, kw_only=True)
class UseBounds:
    """Outside these a read waits for a person; `floor_wh` is the difference in a period below which none does."""

    ratio_low: Decimal
    ratio_high: Decimal
    floor_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What came of a read: its turns, and why it is held if it is.

    `since` is the billable read before, with `energy_wh` used since; both None for a first read. `usual_wh` is what the
    days since then take on the average of the last periods, `year_before_wh` at the rate of a year before.
    """

    turns: int
    exception: str  # "" for an accepted read
    sentence: Sentence | None
    since: DialRead | None
    energy_wh: int | None
    usual_wh: int | None
    year_before_wh: int | None

    @property
    def held(self) -> bool:
        """Whether the read waits for a person."""
        return self.exception != ""


def use_periods(reads: Iterable[DialRead], *, dial: Dial) -> tuple[UsePeriod, ...]:
    """The periods between the billable reads of one meter at one place, oldest first; `reads` are sorted by day."""
    billable = [read for read in reads if read.kind not in KINDS_NOT_BILLED]
    step = dial.step_wh
    return tuple(
        UsePeriod(
            meter_id=second.meter_id,
            start_on=first.read_on,
            end_on=second.read_on,
            energy_wh=(second.steps(dial) - first.steps(dial)) * step,
            estimated="estimated" in (first.kind, second.kind),
        )
        for first, second in pairwise(billable)
    )


def judge_read(
    read: DialRead, *, dial: Dial, reads: Sequence[DialRead], periods: Sequence[UsePeriod], bounds: UseBounds
) -> Judgement:
    """Judge a new read against what is known.

    Args:
        read: the new read; its `turns` are not looked at, they are what is decided.
        dial: of its meter.
        reads: the accepted reads of the same meter at the same place, sorted by day, none of them on the read's day.
        periods: the place's periods of use, oldest first; those that end after the read's day are not compared.
        bounds: when to hold.

    Raises:
        ReadOutOfSequence: a later read says that the dial cannot have stood there.
    """
    before = next((other for other in reversed(reads) if other.read_on < read.read_on), None)
    after = next((other for other in reads if other.read_on > read.read_on), None)
    since = _billable_before(read, reads=reads)
    known = [period for period in periods if period.end_on <= read.read_on][-PERIODS_COMPARED:]
    usual = _Usual.of(known, periods=periods, since=since, read_on=read.read_on, bounds=bounds)
    turns, doubt = _turns(read, dial=dial, before=before, after=after, usual=usual, since=since)
    steps = turns * dial.range_steps + read.dial_reading
    energy_wh = None if since is None else (steps - since.steps(dial)) * dial.step_wh
    exception, sentence = "", None
    if doubt:
        exception, sentence = doubt, _say_doubt(doubt, read=read, before=before)
    elif energy_wh is not None:
        exception, sentence = usual.judge(energy_wh)
    if not exception:
        exception, sentence = _judge_demand(read, since=since, energy_wh=energy_wh)
    return Judgement(
        turns=turns,
        exception=exception,
        sentence=sentence,
        since=since,
        energy_wh=energy_wh,
        usual_wh=usual.average_wh,
        year_before_wh=usual.year_before_wh,
    )


def expected_use(
    periods: Sequence[UsePeriod], *, since: DialRead, read_on: date, bounds: UseBounds
) -> tuple[int, int] | None:
    """The least and most Wh since a read that `judge_read` would believe on a day; None without history."""
    known = [period for period in periods if period.end_on <= read_on][-PERIODS_COMPARED:]
    usual = _Usual.of(known, periods=periods, since=since, read_on=read_on, bounds=bounds)
    references = [value for value in (usual.average_wh, usual.year_before_wh) if value is not None]
    if not references:
        return None
    least, most = min(references), max(references)
    low = min(_floor(Fraction(bounds.ratio_low) * least), least - bounds.floor_wh)
    high = max(_floor(Fraction(bounds.ratio_high) * most), most + bounds.floor_wh)
    return max(low, 0), high


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def sequence_refusal(read: DialRead, *, dial: Dial, reads: Sequence[DialRead]) -> ReadOutOfSequence | None:
    """Why an accepted later read forbids to believe this one with the turns that it has, or None."""
    after = next((other for other in reads if other.read_on > read.read_on), None)
    if after is None or read.steps(dial) <= after.steps(dial):
        return None
    return _out_of_sequence(read, other=after)


def _billable_before(read: DialRead, *, reads: Sequence[DialRead]) -> DialRead | None:
    return next(
        (other for other in reversed(reads) if other.read_on < read.read_on and other.kind not in KINDS_NOT_BILLED),
        None,
    )


def _turns(
    read: DialRead,
    *,
    dial: Dial,
    before: DialRead | None,
    after: DialRead | None,
    usual: _Usual,
    since: DialRead | None,
) -> tuple[int, str]:
    """How often the dial has passed zero at this read, and the exception when that is not certain."""
    if before is None:
        turns = 0 if after is None else after.turns
        if after is not None and read.dial_reading > after.dial_reading:
            raise _out_of_sequence(read, other=after)
        return turns, ""
    turns = before.turns if read.dial_reading >= before.dial_reading else before.turns + 1
    steps = turns * dial.range_steps + read.dial_reading
    if after is not None:
        if steps > after.steps(dial):
            raise _out_of_sequence(read, other=before if turns > before.turns else after)
        return turns, ""  # the later read proves it, turn and all
    if turns == before.turns:
        return turns, ""
    start = since or before
    rolled_wh = (steps - start.steps(dial)) * dial.step_wh
    if usual.average_wh is not None:
        return (turns, "") if not usual.is_high(rolled_wh) else (before.turns, "negative")
    if (steps - before.steps(dial)) * _FRESH_TURN_SHARE <= dial.range_steps:
        return turns, "rollover"
    return before.turns, "negative"


def _out_of_sequence(read: DialRead, *, other: DialRead) -> ReadOutOfSequence:
    return ReadOutOfSequence(
        reading=format_reading(read.dial_reading),
        read_on=read.read_on,
        other=format_reading(other.dial_reading),
        other_on=other.read_on,
    )


def _say_doubt(doubt: str, *, read: DialRead, before: DialRead | None) -> Sentence:
    if before is None:
        raise ValueError("a doubt about the dial compares to a read before")
    params = {
        "reading": format_reading(read.dial_reading),
        "before": format_reading(before.dial_reading),
        "before_on": before.read_on,
    }
    if doubt == "rollover":
        template = gettext_noop(
            "%(reading)s is less than %(before)s on %(before_on)s. The dial may have passed zero, but there is "
            "no history "
            "of use that shows it."
        )
    elif before.kind == "estimated":
        template = gettext_noop(
            "%(reading)s is less than %(before)s on %(before_on)s, which was estimated and may have been too high."
        )
    else:
        template = gettext_noop(
            "%(reading)s is less than %(before)s on %(before_on)s, and too much use for the dial to have passed zero."
        )
    return Sentence(template=template, params=params)


def _judge_demand(read: DialRead, *, since: DialRead | None, energy_wh: int | None) -> tuple[str, Sentence | None]:
    """Nobody uses more energy than the highest demand would give if it lasted all the time."""
    if read.demand_w_max is None or since is None or energy_wh is None:
        return "", None
    # One day more: reads are dated by the day, and clocks change.
    hours = ((read.read_on - since.read_on).days + 1) * _HOURS_PER_DAY
    if energy_wh <= read.demand_w_max * hours:
        return "", None
    template = gettext_noop(
        "%(demand)s kW cannot have given %(energy)s kWh in %(days)s days. Check the demand, the reading and the "
        "multiplier."
    )
    params = {
        "demand": format_kwh(read.demand_w_max),
        "energy": format_kwh(energy_wh),
        "days": (read.read_on - since.read_on).days,
    }
    return "demand", Sentence(template=template, params=params)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usual:
    """What the days since the read before usually take, in Wh; None where nothing is known."""

    days: int
    periods: int
    average_wh: int | None
    year_before_wh: int | None
    zero_before: bool
    bounds: UseBounds

    @classmethod
    def of(
        cls,
        known: Sequence[UsePeriod],
        *,
        periods: Sequence[UsePeriod],
        since: DialRead | None,
        read_on: date,
        bounds: UseBounds,
    ) -> _Usual:
        days = (read_on - since.read_on).days if since else 0
        average = year_before = None
        if known and days:
            average = _share(sum(p.energy_wh for p in known), days=days, of_days=sum(p.days for p in known))
            same = same_time_a_year_before(periods, read_on=read_on)
            year_before = None if same is None else _share(same.energy_wh, days=days, of_days=same.days)
        return cls(
            days=days,
            periods=len(known),
            average_wh=average,
            year_before_wh=year_before,
            zero_before=bool(known) and known[-1].energy_wh == 0,
            bounds=bounds,
        )

    def _references(self) -> list[int]:
        return [value for value in (self.average_wh, self.year_before_wh) if value is not None]

    def is_high(self, energy_wh: int) -> bool:
        """Whether use is beyond the high bound of everything that it is compared to."""
        most = max(self._references(), default=None)
        if most is None or energy_wh - most < self.bounds.floor_wh:
            return False
        return energy_wh > Fraction(self.bounds.ratio_high) * most

    def is_low(self, energy_wh: int) -> bool:
        """Whether use is below the low bound of everything that it is compared to."""
        least = min(self._references(), default=None)
        if least is None or least - energy_wh < self.bounds.floor_wh:
            return False
        return energy_wh < Fraction(self.bounds.ratio_low) * least

    def judge(self, energy_wh: int) -> tuple[str, Sentence | None]:
        if self.average_wh is None:
            return "", None
        if energy_wh == 0 and self.zero_before:
            return "", None  # somebody has looked at the zero before this one
        if energy_wh == 0 and self.days >= _ZERO_DAYS_MIN and self.average_wh > 0:
            template = gettext_noop(
                "No use in %(days)s days, where %(usual)s kWh are usual. The meter may have stopped."
            )
            params = {"days": self.days, "usual": format_whole_kwh(self.average_wh)}
            return "zero", Sentence(template=template, params=params)
        if self.is_high(energy_wh):
            return "high", self._say(energy_wh, high=True)
        if self.is_low(energy_wh):
            return "low", self._say(energy_wh, high=False)
        return "", None

    def _say(self, energy_wh: int, *, high: bool) -> Sentence:
        params: dict[str, object] = {
            "energy": format_kwh(energy_wh),
            "days": self.days,
            "usual": format_whole_kwh(self.average_wh or 0),
            "periods": self.periods,
        }
        if self.year_before_wh is None:
            template = (
                gettext_noop("%(energy)s kWh in %(days)s days is high: %(usual)s kWh by the last %(periods)s periods.")
                if high
                else gettext_noop(
                    "%(energy)s kWh in %(days)s days is low: %(usual)s kWh by the last %(periods)s periods."
                )
            )
        else:
            params["year_before"] = format_whole_kwh(self.year_before_wh)
            template = (
                gettext_noop(
                    "%(energy)s kWh in %(days)s days is high: %(usual)s kWh by the last %(periods)s periods, "
                    "%(year_before)s kWh by the same time a year before."
                )
                if high
                else gettext_noop(
                    "%(energy)s kWh in %(days)s days is low: %(usual)s kWh by the last %(periods)s periods, "
                    "%(year_before)s kWh by the same time a year before."
                )
            )
        return Sentence(template=template, params=params)


def _share(energy_wh: int, *, days: int, of_days: int) -> int:
    """Energy of some days at the daily rate of others, to the nearest Wh below."""
    return energy_wh * days // of_days


def same_time_a_year_before(periods: Sequence[UsePeriod], *, read_on: date) -> UsePeriod | None:
    """The period that ends nearest to a year before a day, if one ends within about half a month of it."""
    wanted = read_on - timedelta(days=_YEAR_DAYS)
    near = [period for period in periods if abs((period.end_on - wanted).days) <= _SAME_TIME_DAYS]
    return min(near, key=lambda period: abs((period.end_on - wanted).days), default=None)


def format_kwh(energy_wh: int) -> str:
    """Watt-hours as kilowatt-hours for people, exactly: 1397000 gives "1,397", 1250 gives "1.25"."""
    whole = Decimal(energy_wh).scaleb(-3)
    return f"{whole.quantize(Decimal(1)) if energy_wh % _WH_PER_KWH == 0 else whole.normalize():,f}"


def format_whole_kwh(energy_wh: int) -> str:
    """Watt-hours that were averaged or spread, to the nearest kilowatt-hour, a half up: 523931 gives "524"."""
    return format_kwh(to_whole_kwh(energy_wh))


def to_whole_kwh(energy_wh: int) -> int:
    """Watt-hours rounded to the nearest kilowatt-hour, a half up: 523931 gives 524000. To show, never to bill."""
    return (energy_wh + _WH_PER_KWH // 2) // _WH_PER_KWH * _WH_PER_KWH


def format_reading(dial_reading: int) -> str:
    """What a dial shows, for people: 49608 gives "49,608"."""
    return f"{dial_reading:,}"
