"""The adverse-action letter: what a customer is told whose consumer report a deposit rests on. Pure.

Contents: 15 USC 1681m(a) (FCRA: the action, the agency, that it did not decide, the free copy within 60 days, the right
to dispute, the score and its factors where one was used) and 12 CFR 1002.9(a)(2) and (b) (ECOA, Regulation B: the
creditor, the notice of rights with the administering agency, the principal reasons or the right to them).
"""

from __future__ import annotations

import textwrap

from weatherhead.areas.credit.queries import NoticeFacts
from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.records.utility import Utility
from weatherhead.core.values import format_cents

WIDTH = 78
ECOA_AGENCY = "Federal Trade Commission, Equal Credit Opportunity, Washington, DC 20580"
"""Who administers compliance of a utility: 12 CFR part 1002, appendix A, "all other creditors"."""


def adverse_action_letter(notice: NoticeFacts, *, account: AccountFacts, utility: Utility) -> str:
    """The letter as plain text, each line at most 78 characters."""
    street = f"{account.mail_street}, {account.mail_unit}" if account.mail_unit else account.mail_street
    paragraphs = [
        *_lines(utility.name, utility.address.street, _city(utility), utility.phone),
        "",
        f"{notice.prepared_on:%B} {notice.prepared_on.day}, {notice.prepared_on.year}",
        "",
        account.customer_name,
        street,
        f"{account.mail_city} {account.mail_state} {account.mail_postal_code}",
        "",
        f"Account {account.number_grouped}",
        "",
        "NOTICE OF ADVERSE ACTION",
        "",
        *_wrap(
            f"We ask for a security deposit of ${format_cents(notice.amount_cents)} as a condition of electric service "
            "on this account. This decision was based in whole or in part on information in a report from the consumer "
            "reporting agency named below."
        ),
        *_wrap(f"Agency: {notice.agency_name}, {notice.agency_address}, telephone {notice.agency_phone}"),
        *_wrap(
            "The agency did not make this decision and cannot tell you the specific reasons for it. You have the right "
            "to a free copy of your report from the agency if you ask for it within 60 days of receiving this notice, "
            "and the right to dispute with the agency the accuracy or completeness of anything in it."
        ),
        *_score(notice),
        *_wrap(
            "If the reasons for this decision are not stated here, you have the right to a statement of the specific "
            f"reasons, if you ask for it within 60 days: write to us at the address above or call {utility.phone}. We "
            "will send it within 30 days of your request."
        ),
        *_wrap(
            "Notice: The federal Equal Credit Opportunity Act prohibits creditors from discriminating against credit "
            "applicants on the basis of race, color, religion, national origin, sex, marital status, age (provided the "
            "applicant has the capacity to enter into a binding contract); because all or part of the applicant's "
            "income derives from any public assistance program; or because the applicant has in good faith exercised "
            "any right under the Consumer Credit Protection Act. The federal agency that administers compliance with "
            f"this law concerning this creditor is: {ECOA_AGENCY}."
        ),
    ]
    return "\n".join(paragraphs).rstrip() + "\n"


def _score(notice: NoticeFacts) -> list[str]:
    if not notice.score:
        return []
    on = f" on {notice.score_on}" if notice.score_on is not None else ""
    said = (
        f"We used your credit score from this agency: {notice.score}, created{on}. Scores range {notice.score_range}."
    )
    factors = [f"  - {factor}" for factor in notice.factors]
    return [*_wrap(said), "Key factors that adversely affected it:", *factors, ""]


def _city(utility: Utility) -> str:
    where = utility.address
    return f"{where.city} {where.state} {where.postal_code}"


def _lines(*lines: str) -> list[str]:
    return [line for line in lines if line]


def _wrap(text: str) -> list[str]:
    return [*textwrap.wrap(text, width=WIDTH, break_on_hyphens=False), ""]
