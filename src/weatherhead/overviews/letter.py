"""A prepared letter as a page and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.frames import bill_frame
from weatherhead.areas.documents.letters import letter
from weatherhead.areas.documents.rendering import render_letter
from weatherhead.areas.documents.showing_letter import letter_view
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterView:
    """A letter. `said` holds every text; its `mail` is for those only to whom the account's details are shown."""

    letter_id: int
    account_id: int
    account_number_grouped: str
    customer_name: str
    receipt_id: int
    said: Mapping[str, Any]


def letter_page(letter_id: int) -> LetterView:
    """Compose a letter, to the name and address that the account has now.

    Raises:
        NoSuchLetter, LetterChanged: as they say.
    """
    found = letter(letter_id)
    holder = account(found.account_id)
    street = f"{holder.mail_street} {holder.mail_unit}" if holder.mail_unit else holder.mail_street
    city = f"{holder.mail_city} {holder.mail_state} {holder.mail_postal_code}"
    return LetterView(
        letter_id=letter_id,
        account_id=found.account_id,
        account_number_grouped=holder.number_grouped,
        customer_name=holder.customer_name,
        receipt_id=found.receipt_id,
        said=letter_view(
            found,
            frame=bill_frame(current_utility(), rate_book=rate_book()).body,
            account=holder.number_grouped,
            name=holder.customer_name,
            mail=[line.upper() for line in (holder.customer_name, street, city)],
        ),
    )


def letter_file(letter_id: int) -> bytes:
    """The PDF of a letter.

    Raises:
        NoSuchLetter, LetterChanged, RenderingFailed: as they say.
    """
    found = letter(letter_id)
    return render_letter(dict(letter_page(letter_id).said), prepared_on=found.prepared_on).content
