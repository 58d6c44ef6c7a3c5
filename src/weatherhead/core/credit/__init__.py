"""Deposits and credit, without a database: interest by dated rates, and whether bills were paid promptly."""

from weatherhead.core.credit.history import PaymentHistory, months_before, payment_history
from weatherhead.core.credit.interest import DatedRate, Interest, PrincipalStep, simple_interest

__all__ = [
    "DatedRate",
    "Interest",
    "PaymentHistory",
    "PrincipalStep",
    "months_before",
    "payment_history",
    "simple_interest",
]
