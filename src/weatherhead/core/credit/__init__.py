"""Credit without a database or the books: interest by dated rates, months."""

from weatherhead.core.credit.interest import DatedRate, Interest, PrincipalStep, simple_interest
from weatherhead.core.credit.months import months_before

__all__ = ["DatedRate", "Interest", "PrincipalStep", "months_before", "simple_interest"]
