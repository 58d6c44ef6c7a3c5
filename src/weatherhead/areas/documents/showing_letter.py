"""What a letter shows, as texts: the page and the PDF say the same. It names nobody but whom it is for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext

from weatherhead.areas.documents.letters import BILLS_CANCELLED, LetterFacts
from weatherhead.areas.documents.showing import View, Words, money, window_view
from weatherhead.core.values import gettext_noop

_TENDERS = {
    "cash": gettext_noop("Cash received on %(on)s"),
    "check": gettext_noop("Check received on %(on)s"),
    "money_order": gettext_noop("Money order received on %(on)s"),
    "card": gettext_noop("Card payment of %(on)s"),
    "bank": gettext_noop("Bank payment of %(on)s"),
    "agency": gettext_noop("Agency payment of %(on)s"),
}


_CAUSES = {
    "read": gettext_noop("A read of your meter was wrong."),
    "meter": gettext_noop("They went by a meter that is not yours."),
    "multiplier": gettext_noop("We had wrong what one step of your meter's dial counts."),
    "rate": gettext_noop("They went by a rate that is not yours."),
    "class": gettext_noop("We had you in the wrong class of customers."),
    "tax": gettext_noop("Their sales tax was wrong."),
    "dates": gettext_noop("We had the wrong day for the beginning or the end of your service."),
    "premise": gettext_noop("They were for a place that is not yours."),
    "price": gettext_noop("A price in our rate book was wrong."),
    "tampering": gettext_noop("Your meter did not count what was used."),
}
"""Why bills are cancelled that no other takes the place of."""


def letter_view(letter: LetterFacts, *, frame: Mapping[str, Any], account: str, name: str, mail: Sequence[str]) -> View:
    """Everything that a letter shows, in reading order."""
    say = Words(frame["words"], language=frame["language"])
    told = (
        _of_cancelled(letter.payload, say=say) if letter.kind == BILLS_CANCELLED else _of_moved(letter.payload, say=say)
    )
    return {
        "language": frame["language"],
        "words": frame["words"],
        "utility": frame["utility"],
        "paragraphs": frame["paragraphs"],
        "language_line": frame["language_line"],
        "document_title": told.title,
        "title": told.title,
        "window": window_view(mail),
        "mail": list(mail),
        "date_label": gettext("Date"),
        "date": say.day(letter.prepared_on),
        "account_label": gettext("Account"),
        "account": account,
        "opening": [gettext("Dear %(name)s,") % {"name": name}, told.opening],
        "columns": [gettext("What changed"), gettext("Your balance")],
        "rows": told.rows,
        "total": [
            gettext("Your balance on %(on)s") % {"on": say.day(letter.prepared_on)},
            _balance(letter.payload["balance_cents"]),
        ],
        "closing": told.closing,
        "ask": gettext("Questions, or do you see it differently?"),
    }


class _Told(NamedTuple):
    """What a letter of one kind says."""

    title: str
    opening: str
    rows: list[list[str]]
    closing: list[str]


def _of_moved(said: Mapping[str, Any], *, say: Words) -> _Told:
    """That a payment was posted to the wrong account."""
    rows = [
        *_payments(said["away"], sign=1, what=gettext("%(payment)s, taken off this account"), say=say),
        *_payments(said["here"], sign=-1, what=gettext("%(payment)s, now on this account"), say=say),
    ]
    for on, owed_cents, right_cents in said["late_charges"]:
        label = (
            gettext("Late charge of %(on)s, taken back")
            if not right_cents
            else gettext("Late charge of %(on)s, corrected")
        )
        rows.append([label % {"on": say.day(date.fromisoformat(on))}, money(right_cents - owed_cents)])
    for on, cents in said["late_charges_added"]:
        label = gettext("Late charge of %(on)s, which the wrong posting had kept off")
        rows.append([label % {"on": say.day(date.fromisoformat(on))}, money(cents)])
    title = gettext("We corrected where a payment was posted")
    return _Told(title=title, opening=_opening(said), rows=rows, closing=_closing(said))


def _of_cancelled(said: Mapping[str, Any], *, say: Words) -> _Told:
    """That bills were cancelled, and that none takes their place."""
    label = gettext("Bill %(number)s of %(on)s, cancelled")
    rows = [
        [label % {"number": number, "on": say.day(date.fromisoformat(on))}, money(-cents)]
        for number, on, cents in said["bills"]
    ]
    opening = gettext(
        "We had sent you bills for days that should not have been billed to you. They are cancelled, and no others "
        "take their place: you owe nothing for those days. We are sorry."
    )
    why = gettext(_CAUSES[said["cause"]]) if said["cause"] else ""
    closing = [gettext("What you paid stays counted. Please throw the cancelled bills away.")]
    if said["balance_cents"] < 0:
        closing.append(
            gettext("Your account is in credit. It lowers your next bill; if you get none, call us and we pay it back.")
        )
    return _Told(
        title=gettext("We cancelled bills that were not yours to pay"),
        opening=f"{opening} {why}".strip(),
        rows=rows,
        closing=closing,
    )


def _balance(cents: int) -> str:
    return money(cents) if cents >= 0 else gettext("%(amount)s credit") % {"amount": money(-cents)}


def _payments(rows: Sequence[Sequence[Any]], *, sign: int, what: str, say: Words) -> list[list[str]]:
    return [
        [what % {"payment": gettext(_TENDERS[kind]) % {"on": say.day(date.fromisoformat(on))}}, money(sign * cents)]
        for on, kind, cents in rows
    ]


def _opening(said: Mapping[str, Any]) -> str:
    if said["away"]:
        return gettext(
            "A payment that was not meant for this account was posted to it by mistake. We have moved it to the "
            "account that it was meant for. This was our correction; nothing that you did caused it."
        )
    return gettext(
        "A payment that was meant for this account was posted to another one by mistake. We have moved it here, as of "
        "the day on which we received it. We are sorry."
    )


def _closing(said: Mapping[str, Any]) -> list[str]:
    found = []
    if said["late_charges"]:
        found.append(
            gettext("Late charges that would not have been made without the mistake are corrected, as listed above.")
        )
    if said["away"]:
        found.append(
            gettext(
                "Bills that the payment had seemed to cover are due as they were. If you cannot pay them at once, call "
                "us: we will agree on a way."
            )
        )
    else:
        found.append(gettext("You need do nothing. Your next bill shows the payment and what was corrected."))
    return found
