"""What a summary bill shows, as texts: a cover with its accounts, then each account as its bill shows it."""

from __future__ import annotations

from dataclasses import replace

from weatherhead.areas.customers.numbers import group_number
from weatherhead.areas.documents.showing import (
    View,
    Words,
    bill_view,
    due_view,
    kwh,
    money,
    stub_view,
    window_view,
)
from weatherhead.core.statements import SUMMARY, BillDocument, SummaryAccount, SummaryDocument

CREDIT = ("credit", "credit_final")  # the message of a bill that leaves its account in credit
LINES_ON_COVER = 14
"""How many lines of accounts the cover holds; more begin on the second page."""
_PLACE_LETTERS = 25  # that surely stand on one line of its column
_LEFT_OUT_NAMED = 3


def summary_view(document: SummaryDocument) -> View:
    """Everything that a summary bill shows, in reading order. Values are texts."""
    frame = document.frame
    words, language = frame["words"], frame["language"]
    say = Words(words, language=language)
    title, issued = words[f"title_{SUMMARY}"], say.day(document.issued_on)
    rows = [row for item in document.accounts for row in _rows(item, document=document, say=say)]
    lines = sum(1 + -(-len(row[1]) // _PLACE_LETTERS) for row in rows)
    return {
        "language": language,
        "words": words,
        "utility": frame["utility"],
        "title": title,
        "document_title": words["document_title"]
        % {"title": title, "issued": issued, "utility": frame["utility"]["name"]},
        "mail": list(document.mail),
        "window": window_view(document.mail),
        "number": document.number,
        "head": _head(document, say=say, issued=issued),
        "summary": _summary(document, say=say),
        "due": due_view(document.amount_due_cents, due_on=document.due_on, say=say),
        "on_cover": lines <= LINES_ON_COVER,
        "accounts_follow": words["accounts_follow"] % {"count": len(document.accounts)},
        "accounts": rows,
        "accounts_total": [
            words["all_accounts"],
            kwh(document.energy_wh),
            money(document.previous_cents),
            money(document.paid_cents),
            money(document.other_cents),
            money(document.charges_cents),
            money(document.balance_cents),
        ],
        "left_out": _left_out(document, say=say),
        "stub": stub_view(
            frame,
            say=say,
            label=words["summary_number"],
            account=document.number,
            name=document.customer_name,
            amount_cents=document.amount_due_cents,
            due_on=document.due_on,
            code=document.pay_code,
            scan_line=document.scan_line,
        ),
        "bills": [
            _bill(bill, by=item.replaced_by.get(bill.number), say=say)
            for item in document.accounts
            for bill in item.bills
        ],
        "paragraphs": frame["paragraphs"],
        "language_line": frame["language_line"],
        "running_head": f"{words['summary_number']} {document.number} · {issued}",
    }


def _head(document: SummaryDocument, *, say: Words, issued: str) -> list[list[str]]:
    start = min(item.start_on for item in document.accounts)
    last = max(item.last_on for item in document.accounts)
    return [
        [say["summary_number"], document.number],
        [say["name"], document.customer_name],
        [say["accounts"], say["account_count"] % {"count": len(document.accounts)}],
        [say["period"], say.span(start=start, last=last, days=(last - start).days + 1)],
        [say["issued"], issued],
    ]


def _summary(document: SummaryDocument, *, say: Words) -> list[list[str]]:
    """How the amount due came about: the sums of the accounts' columns; what is in credit is asked of nobody."""
    rows = [
        [say["previous_balance"], money(document.previous_cents)],
        [say["payments"], money(document.paid_cents)],
        [say["other_movements"], money(document.other_cents)],
        [say["new_charges"], money(document.charges_cents)],
    ]
    if document.later_cents:
        rows.append([say["later"], money(-document.later_cents)])
    if document.credits_cents:
        rows.append([say["credits_stay"], money(document.credits_cents)])
    return rows


def _rows(item: SummaryAccount, *, document: SummaryDocument, say: Words) -> list[list[str]]:
    """Account, place, period, kWh, previous balance, payments, fees and other, new charges, balance.

    What of the balance is due later stands below it, and is taken off.
    """
    places = item.places
    number = group_number(item.number, groups=document.frame["account_groups"])
    row = [
        number,
        places[0] if len(places) == 1 else say["services"] % {"count": len(places)},
        say.short_span(start=item.start_on, last=item.last_on),
        kwh(item.energy_wh),
        money(item.previous_cents),
        money(item.paid_cents),
        money(item.other_cents),
        money(item.charges_cents),
        money(item.whole_cents),
    ]
    if not item.later_cents:
        return [row]
    return [row, [number, say["later"], "", "", "", "", "", "", money(-item.later_cents)]]


def _left_out(document: SummaryDocument, *, say: Words) -> str:
    groups = document.frame["account_groups"]
    numbers = [group_number(number, groups=groups) for number in document.left_out]
    if len(numbers) > _LEFT_OUT_NAMED:
        return say["left_out_many"] % {"count": len(numbers)}
    return say["left_out"] % {"accounts": ", ".join(numbers)} if numbers else ""


def _bill(bill: BillDocument, *, by: str | None, say: Words) -> View:
    """One account's part: what its own bill shows beside the cover.

    `by` is the number of the bill after it that cancels it, if one does. That an account is in credit is left to its
    figures: "nothing to pay" would mislead beside a total that is due.
    """
    told = tuple(item for item in bill.messages if item.code not in CREDIT)
    shown = bill_view(replace(bill, messages=told), listed="movements_below")
    messages = [*shown["messages"], *shown["more_messages"]]
    label, amount = shown["due"]["label"], shown["due"]["amount"]
    if by is not None:
        messages = [[say["cancelled_title"], say["cancelled_text"] % {"by": by}]]
        label, amount = say["balance_then"], money(bill.amount_due_cents)
    places = tuple(dict.fromkeys(item.address for item in bill.services))
    place = places[0] if len(places) == 1 else say["services"] % {"count": len(places)}
    return {
        "title": f"{say['account']} {shown['account']}, {place}",
        "note": say["bill_numbered"] % {"number": bill.number, "issued": shown["issued"]},
        "number": bill.number,
        "due": shown["due"],
        "summary": [*shown["summary"], [label, amount]],
        "messages": messages,
        "services": shown["services"],
        "charges": shown["charges"],
        "meters": shown["meters"],
        "demands": shown["demands"],
        "movements": shown["movements"],
        "correction": shown["correction"],
        "later": shown["later"],
    }
