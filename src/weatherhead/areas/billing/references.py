"""When a payment record is a good credit reference: a dated, cited rule in ``credit_reference.yaml``."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.statements import ReferenceTerms
from weatherhead.core.values import DatedRule, RuleVersion

FILE = "credit_reference.yaml"


class ReferenceVersion(RuleVersion):
    """From a day on: of the last `months`, at most so many late bills and returned payments, of so many bills."""

    months: Annotated[int, Field(ge=1, le=24)]
    late_most: Annotated[int, Field(ge=0, le=24)]
    returned_most: Annotated[int, Field(ge=0, le=24)]
    bills_least: Annotated[int, Field(ge=1, le=24)]

    @property
    def terms(self) -> ReferenceTerms:
        """As the record is judged."""
        return ReferenceTerms(
            months=self.months,
            late_most=self.late_most,
            returned_most=self.returned_most,
            bills_least=self.bills_least,
        )


class CreditReference(DatedRule[ReferenceVersion]):
    """When a record is a good reference."""


def reference_terms(*, on: date) -> ReferenceTerms | None:
    """The terms in force on a day; None where the utility has no such rule, or none yet: then nothing is judged.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation(FILE)
    if not path.exists():
        return None
    found = load_rules(path, model=CreditReference).in_force(on)
    return None if found is None else found.terms
