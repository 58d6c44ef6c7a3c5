"""Values that every storey shares: cents, rounding, spans, clocks, proration, refusals and rule files."""

from weatherhead.core.values.cards import holds_card_number
from weatherhead.core.values.clocks import YEARS, BankingDays, BusinessDays, BusinessHours, CalendarDays, DayClock
from weatherhead.core.values.datafile import DataFileInvalid, DataModel, DataProblem, ProblemsAt, load_yaml
from weatherhead.core.values.dated import CitedRule, DatedRule, RuleNotInForce, RuleStatus, RuleVersion
from weatherhead.core.values.figures import Change, Comparison, Rule, Unit, number_of
from weatherhead.core.values.money import (
    LARGEST_AMOUNT_CENTS,
    AmountCommasMisplaced,
    AmountDecimalsWrong,
    AmountMissing,
    AmountNotUnderstood,
    AmountTooLarge,
    format_cents,
    parse_cents,
)
from weatherhead.core.values.proration import MonthRule, apportion, apportion_rows
from weatherhead.core.values.refusals import Refusal, gettext_noop
from weatherhead.core.values.rounding import (
    Int64Array,
    RoundingRule,
    add_exactly,
    multiply_exactly,
    round_ratio,
    round_ratios,
)
from weatherhead.core.values.sentence import Sentence
from weatherhead.core.values.span import Span, SpanIsEmpty

__all__ = [
    "LARGEST_AMOUNT_CENTS",
    "YEARS",
    "AmountCommasMisplaced",
    "AmountDecimalsWrong",
    "AmountMissing",
    "AmountNotUnderstood",
    "AmountTooLarge",
    "BankingDays",
    "BusinessDays",
    "BusinessHours",
    "CalendarDays",
    "Change",
    "CitedRule",
    "Comparison",
    "DataFileInvalid",
    "DataModel",
    "DataProblem",
    "DatedRule",
    "DayClock",
    "Int64Array",
    "MonthRule",
    "ProblemsAt",
    "Refusal",
    "RoundingRule",
    "Rule",
    "RuleNotInForce",
    "RuleStatus",
    "RuleVersion",
    "Sentence",
    "Span",
    "SpanIsEmpty",
    "Unit",
    "add_exactly",
    "apportion",
    "apportion_rows",
    "format_cents",
    "gettext_noop",
    "holds_card_number",
    "load_yaml",
    "multiply_exactly",
    "number_of",
    "parse_cents",
    "round_ratio",
    "round_ratios",
]
