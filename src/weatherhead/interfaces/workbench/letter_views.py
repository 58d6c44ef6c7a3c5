"""Prepared letters at the desk: as a page, and as the file that is printed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from weatherhead.door.looks import look
from weatherhead.interfaces.workbench.seat import Seat, at_desk
from weatherhead.interfaces.workbench.views import CONTACT_DETAILS, pdf_answer, revealed_until
from weatherhead.overviews.letter import letter_file, letter_page


@require_GET
@at_desk
def letter_document(request: HttpRequest, seat: Seat, letter_id: int) -> HttpResponse:
    """A letter as the customer has it; the mailing address only while the account's details are shown."""
    shown = letter_page(letter_id)
    until = revealed_until(request, account_id=shown.account_id, moment=seat.moment)
    context = {
        "letter": shown,
        "said": shown.said,
        "mail": shown.said["mail"] if until else None,
        "until": until,
        "may_look": CONTACT_DETAILS in seat.grant.looks,
    }
    return render(request, "workbench/letter.html", context)


@require_GET
@at_desk
def letter_pdf(request: HttpRequest, seat: Seat, letter_id: int) -> HttpResponse:
    """The PDF of a letter. It names the mailing address, so each opening is a look."""
    shown = letter_page(letter_id)
    if revealed_until(request, account_id=shown.account_id, moment=seat.moment) is None:
        return redirect("workbench:letter", letter_id)
    reason = f"PDF of letter {letter_id}"
    look(CONTACT_DETAILS, account_id=shown.account_id, actor=seat.actor, moment=seat.moment, reason=reason)
    return pdf_answer(letter_file(letter_id), name=f"letter-{letter_id}")
