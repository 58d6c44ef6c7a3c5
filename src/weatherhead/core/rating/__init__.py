"""Rate schedules as data, and rating: usage times prices, exact to the cent, with the proof of each line."""

from weatherhead.core.rating.columns import Column
from weatherhead.core.rating.engine import rate, rate_many
from weatherhead.core.rating.lines import RatedBill, RatedLine, RatedPrice
from weatherhead.core.rating.proof import line_of, price_of
from weatherhead.core.rating.rated import RatedArrays
from weatherhead.core.rating.schedule import PostsTo, PriceStatus, Schedule, load_schedule
from weatherhead.core.rating.usage import (
    MISSING,
    DemandMissing,
    EnergyByPeriodDoesNotSum,
    EnergyByPeriodMissing,
    FacilitiesLevelMissing,
    FacilitiesLevelNotKnown,
    NoVersionInForce,
    OptionMissing,
    OptionNotKnown,
    PartArrays,
    PartsDoNotMakePeriod,
    Usage,
    UsageArrays,
    UsageNotRatable,
    UsageOutOfRange,
    UsagePart,
    usage_arrays,
)

__all__ = [
    "MISSING",
    "Column",
    "DemandMissing",
    "EnergyByPeriodDoesNotSum",
    "EnergyByPeriodMissing",
    "FacilitiesLevelMissing",
    "FacilitiesLevelNotKnown",
    "NoVersionInForce",
    "OptionMissing",
    "OptionNotKnown",
    "PartArrays",
    "PartsDoNotMakePeriod",
    "PostsTo",
    "PriceStatus",
    "RatedArrays",
    "RatedBill",
    "RatedLine",
    "RatedPrice",
    "Schedule",
    "Usage",
    "UsageArrays",
    "UsageNotRatable",
    "UsageOutOfRange",
    "UsagePart",
    "line_of",
    "load_schedule",
    "price_of",
    "rate",
    "rate_many",
    "usage_arrays",
]
