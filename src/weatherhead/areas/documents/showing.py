"""What a bill shows, as texts: one composition for paper and page, in the language of its frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import segno
from babel.dates import format_date

from weatherhead.areas.customers.numbers import group_number
from weatherhead.areas.documents.window import fit_window
from weatherhead.core.statements import (
    BillDocument,
    Change,
    CorrectionFacts,
    DocumentService,
    Message,
    Movement,
    Use,
    plain_text,
)
from weatherhead.core.values import format_cents

MOVEMENTS_ON_FIRST_PAGE = 2
MESSAGES_ON_FIRST_PAGE = 3
_DAY = timedelta(days=1)
_WH_PER_KWH = 1000
_PERMILLE = 1000
_QR_MASK = 3

Row = list[str]
View = dict[str, Any]


def bill_view(document: BillDocument, *, listed: str = "movements_short") -> View:
    """Everything that a bill shows, in reading order. Values are texts; bars are in thousandths of the longest.

    `listed` is the word for movements that are summed at first and listed later.
    """
    frame = document.frame
    words, language = frame["words"], frame["language"]
    say = Words(words, language=language)
    title = words[f"title_{document.kind}"]
    account = group_number(document.account_number, groups=frame["account_groups"])
    issued = say.day(document.issued_on)
    # The same for every bill of a day: typst then keeps what it laid out for the bill before.
    named = {"title": title, "issued": issued, "utility": frame["utility"]["name"]}
    messages = [say.message(item, wording=frame["messages"]) for item in document.messages]
    return {
        "language": language,
        "words": words,
        "utility": frame["utility"],
        "title": title,
        "document_title": words["document_title"] % named,
        "mail": list(document.mail),
        "window": window_view(document.mail),
        "account": account,
        "number": document.number,
        "issued": issued,
        "head": _head(document, say=say, account=account, issued=issued),
        "summary": _summary(document, say=say, listed=listed),
        "charges": money(document.charges_cents),
        "due": due_view(document.amount_due_cents, due_on=document.due_on, say=say),
        "change": _change(document.since_last, say=say),
        "messages": messages[:MESSAGES_ON_FIRST_PAGE],
        "more_messages": messages[MESSAGES_ON_FIRST_PAGE:],
        "usage": _usage(document, say=say),
        "stub": stub_view(
            frame,
            say=say,
            label=say["account"],
            account=account,
            name=document.customer_name,
            amount_cents=document.amount_due_cents,
            due_on=document.due_on,
            code=document.pay_code,
            scan_line=document.scan_line,
        ),
        "services": [_service(item, say=say) for item in document.services],
        "meters": [row for item in document.services for row in _meters(item, say=say)],
        "demands": [
            words["demand"] % {"demand": _kilo(item.demand_w_max)}
            for item in document.services
            if item.demand_w_max is not None
        ],
        "movements": [
            [say.day(item.on), say.movement(item, short=False), money(item.amount_cents)] for item in document.movements
        ]
        if len(document.movements) > MOVEMENTS_ON_FIRST_PAGE
        else [],
        "correction": _correction(document.correction, say=say),
        "later": [[say.day(item.due_on), money(item.amount_cents)] for item in document.later],
        "paragraphs": frame["paragraphs"],
        "language_line": frame["language_line"],
        "running_head": f"{words['account']} {account} · {words['bill']} {document.number} · {issued}",
    }


def window_view(mail: Sequence[str]) -> View:
    """The address as it is set: what the window holds."""
    fitted = fit_window(mail)
    return {"lines": list(fitted.lines), "size": fitted.size}


class Words:
    """Says days, money and movements in the frame's language."""

    def __init__(self, words: Mapping[str, str], *, language: str) -> None:
        self.words = words
        self.language = language

    def __getitem__(self, name: str) -> str:
        return self.words[name]

    def day(self, on: date) -> str:
        return _format(on, "long", self.language)

    def short_day(self, on: date) -> str:
        return _format(on, "MMM d", self.language)

    def medium_day(self, on: date) -> str:
        return _format(on, "medium", self.language)

    def month_of_year(self, on: date) -> str:
        return _format(on, "MMMM y", self.language)

    def weekday(self, on: date) -> str:
        return _format(on, "EEEE, MMM d, y", self.language)

    def month(self, on: date, *, year: bool) -> str:
        return _format(on, "MMM ’yy" if year else "MMM", self.language)

    def span(self, *, start: date, last: date, days: int) -> str:
        """A period with its days; the year stands once when both ends share it."""
        begins = _format(start, "MMM d" if start.year == last.year else "medium", self.language)
        return self.words["period_days"] % {
            "start": begins,
            "last": _format(last, "medium", self.language),
            "days": days,
        }

    def short_span(self, *, start: date, last: date) -> str:
        """A period in a column."""
        return f"{self.short_day(start)} – {self.short_day(last)}"

    def movement(self, item: Movement, *, short: bool) -> str:
        """What moved the balance: a payment, a fee, or one taken back or off."""
        on = self.short_day(item.on) if short else ""
        if item.charge == "payment":
            template = self.words["payment" if item.amount_cents < 0 else "payment_returned"]
            return " ".join((template % {"on": on}).replace(" ,", ",").split())
        template = self.words["charge_added" if item.amount_cents > 0 else "charge_waived"]
        return " ".join((template % {"charge": self._charge(item.charge), "on": on}).split())

    def _charge(self, code: str) -> str:
        """A charge's name; one that the frame does not know is told by its code, in words."""
        return self.words.get(f"charge_{code}") or code.replace("_", " ").capitalize()

    def message(self, item: Message, *, wording: Mapping[str, Sequence[str]]) -> Row:
        """A message's title and text with its figures."""
        title, text = wording[item.code]
        shown: dict[str, str] = {}
        for name, value in item.params.items():
            if name.endswith("_cents"):
                shown[name] = money(int(value))
            elif name.endswith("_on"):
                shown[name] = self.day(date.fromisoformat(str(value)))
            else:
                shown[name] = str(value)
        return [title, text % shown]


@lru_cache(maxsize=4096)
def _format(on: date, form: str, language: str, /) -> str:
    return format_date(on, format=form, locale=language.replace("-", "_"))


def money(cents: int, *, plus: bool = False) -> str:
    """Dollars for people: "$137.63", "−$90.64", with a plus where a difference is meant."""
    sign = "−" if cents < 0 else "+" if plus else ""
    return f"{sign}${format_cents(abs(cents))}"


def kwh(energy_wh: int) -> str:
    """Whole kWh with thousands; what is less shows its decimals."""
    whole, rest = divmod(abs(energy_wh), _WH_PER_KWH)
    sign = "−" if energy_wh < 0 else ""
    return f"{sign}{whole:,}" + (f".{rest:03d}".rstrip("0") if rest else "")


def _kilo(value: int) -> str:
    return kwh(value)


def _about_kwh(energy_wh: int) -> str:
    """kWh a day, to whole ones from ten on and to a tenth below."""
    tenths = (energy_wh + 50) // 100
    if tenths >= 100:
        return f"{(energy_wh + 500) // 1000:,}"
    return f"{tenths // 10}.{tenths % 10}"


def _head(document: BillDocument, *, say: Words, account: str, issued: str) -> list[Row]:
    places = list(dict.fromkeys(item.address for item in document.services))
    where = places[0] if len(places) == 1 else say["services"] % {"count": len(document.services)}
    days = (document.last_on - document.start_on).days + 1
    return [
        [say["account"], account],
        [say["service_at"], where],
        [say["period"], say.span(start=document.start_on, last=document.last_on, days=days)],
        [say["issued"], issued],
    ]


def _summary(document: BillDocument, *, say: Words, listed: str) -> list[Row]:
    """How the amount due came about, line by line; more movements than fit are summed here and listed later."""
    first = say["last_balance"] if document.last_bill else say["balance_at_start"]
    rows = [[first, money(document.last_balance_cents)]]
    if len(document.movements) > MOVEMENTS_ON_FIRST_PAGE:
        moved = sum(item.amount_cents for item in document.movements)
        rows.append([say[listed] % {"count": len(document.movements)}, money(moved)])
    else:
        rows += [[say.movement(item, short=True), money(item.amount_cents)] for item in document.movements]
    rows.append([say["balance_before"], money(document.balance_before_cents)])
    if document.cancelled is not None:
        label = say["cancelled"] % {"number": document.cancelled.number}
        replaced = {item.number for item in document.correction.periods} if document.correction else set()
        if len(replaced) > 1:
            label = say["cancelled_many"] % {"count": len(replaced)}
        rows.append([label, money(-document.cancelled.amount_cents)])
    rows.append([say["current_charges"], money(document.charges_cents)])
    if document.later:
        rows.append([say["later"], money(-document.later_cents)])
    return rows


def _correction(facts: CorrectionFacts | None, *, say: Words) -> View | None:
    """What was put right, period by period, and by which rule; what the rule does not reach in a sentence."""
    if facts is None:
        return None
    rows = [
        [
            say.short_span(start=item.start_on, last=item.end_on - _DAY) + f", {item.end_on - _DAY:%Y}",
            item.number,
            money(item.before_cents),
            money(item.after_cents),
            money(item.after_cents - item.before_cents, plus=True),
        ]
        for item in facts.periods
    ]
    before = sum(item.before_cents for item in facts.periods)
    after = sum(item.after_cents for item in facts.periods)
    left = ", ".join(say.short_span(start=item.start_on, last=item.end_on - _DAY) for item in facts.left)
    return {
        "rows": rows,
        "total": [say["correction_all"], money(before), money(after), money(after - before, plus=True)],
        "rule": say["correction_rule"] % {"rule": facts.rule, "clause": facts.clause},
        "left": say["correction_left"] % {"periods": left} if left else "",
    }


def due_view(amount_due_cents: int, *, due_on: date, say: Words) -> dict[str, str]:
    """What is asked for, and by when; a credit asks for nothing."""
    if amount_due_cents < 0:
        return {
            "label": say["credit"],
            "amount": money(-amount_due_cents),
            "by": "",
            "note": say["nothing_to_pay"],
        }
    if amount_due_cents == 0:
        return {"label": say["amount_due"], "amount": money(0), "by": "", "note": say["nothing_to_pay"]}
    return {
        "label": say["amount_due"],
        "amount": money(amount_due_cents),
        "by": say["pay_by"],
        "note": say.weekday(due_on),
    }


def _change(since: Change | None, *, say: Words) -> View | None:
    """The steps from the last bill's charges to this one's, each with its bar."""
    if since is None or not since.steps:
        return None
    higher = since.amount_cents
    name = "why_higher" if higher > 0 else "why_lower" if higher < 0 else "why_equal"
    before, after = since.before.amount_cents, since.after.amount_cents
    levels, run = [before], before
    for step in since.steps:
        run += step.amount_cents
        levels.append(run)
    longest = max(*levels, after, 1)
    rows = [_bar_row(say["last_bill"], "", money(before), ends=(0, before), longest=longest)]
    run = before
    for step in since.steps:
        was = _step_note(step.code, before=step.before, after=step.after, say=say)
        ends = (run, run + step.amount_cents)
        rows.append(
            _bar_row(say[f"step_{step.code}"], was, money(step.amount_cents, plus=True), ends=ends, longest=longest)
        )
        run += step.amount_cents
    rows.append(_bar_row(say["this_bill"], "", money(after), ends=(0, after), longest=longest))
    most = max(since.steps, key=lambda step: step.amount_cents * (1 if higher >= 0 else -1))
    sentence = say[f"most_{most.code}_{'up' if most.after >= most.before else 'down'}"] if higher else ""
    return {"title": say[name] % {"amount": money(abs(higher))}, "sentence": sentence, "rows": rows}


def _bar_row(label: str, note: str, amount: str, *, ends: tuple[int, int], longest: int) -> list[Any]:
    low, high = (max(end, 0) * _PERMILLE // longest for end in sorted(ends))
    return [label, note, amount, low, high - low]


def _step_note(code: str, *, before: int, after: int, say: Words) -> str:
    if code == "use":
        shown = say["a_day"] % {"energy": _about_kwh(after)}, _about_kwh(before)
    elif code == "price":
        shown = say["a_kwh"] % {"price": f"{after // 10}.{after % 10}"}, f"{before // 10}.{before % 10}"
    else:
        shown = str(after), str(before)
    return say["was"] % {"after": shown[0], "before": shown[1]}


def _usage(document: BillDocument, *, say: Words) -> View | None:
    """Thirteen bars, and the year before in a sentence. None where no energy was ever measured."""
    most = max(item.energy_wh for item in document.uses)
    if most <= 0:
        return None
    bars = [_usage_bar(item, most=most, year=year, say=say) for item, year in _with_years(document.uses)]
    rows = "; ".join(
        say["usage_row_estimated" if item.estimated else "usage_row"]
        % {"month": say.month(item.end_on, year=True), "energy": kwh(item.energy_wh)}
        for item in document.uses
    )
    year = document.since_year
    aside = ""
    if year is not None:
        now, then = year.after, year.before
        aside = say["since_year"] % {
            "now": kwh(now.energy_wh),
            "now_day": _about_kwh(now.energy_wh // now.days),
            "then": kwh(then.energy_wh),
            "then_day": _about_kwh(then.energy_wh // then.days),
        }
    return {
        "title": say["usage_title"],
        "aside": aside,
        "alt": say["usage_alt"] % {"rows": rows},
        "bars": bars,
        "estimated": any(item.estimated for item in document.uses),
    }


def _with_years(uses: Sequence[Use]) -> list[tuple[Use, bool]]:
    """Each use, and whether its year stands beside its month: first, last, and where the year changes."""
    changes = {index for index in range(1, len(uses)) if uses[index - 1].end_on.year != uses[index].end_on.year}
    told = {0, len(uses) - 1} | changes
    return [(item, index in told) for index, item in enumerate(uses)]


def _usage_bar(item: Use, *, most: int, year: bool, say: Words) -> list[Any]:
    """Month, kWh, height, days, estimated."""
    height = max(item.energy_wh, 0) * _PERMILLE // most
    mark = " E" if item.estimated else ""
    return [say.month(item.end_on, year=year), kwh(item.energy_wh) + mark, height, str(item.days), item.estimated]


def stub_view(
    frame: Mapping[str, Any],
    *,
    say: Words,
    label: str,
    account: str,
    name: str,
    amount_cents: int,
    due_on: date,
    code: str,
    scan_line: str,
) -> View:
    """The part that comes back with a check: what `label` names stands on it as `account`."""
    url = f"{frame['pay_url']}{code}" if frame["pay_url"] else ""
    due = max(amount_cents, 0)
    return {
        "tear": say["tear"] % {"utility": frame["utility"]["name"]},
        "url": url,
        "qr": qr_rows(url.upper()) if url and due else [],
        "qr_alt": say["qr_alt"] % {"url": url},
        "code": code,
        "site": frame["pay_url"].removeprefix("https://").rstrip("/"),
        "label": label,
        "account": account,
        "name": name,
        "due_on": say.day(due_on) if due else say["nothing_to_pay"],
        "amount": money(due),
        "scan_line": scan_line,
    }


def qr_rows(text: str) -> list[list[int]]:
    """A QR code (ISO/IEC 18004, error level M) without its quiet zone: each row as runs, dark and light by turns.

    A row that begins light has a first dark run of 0. The mask is always the same one: any is valid, and trying all
    eight for the prettiest takes six times as long.
    """
    code = segno.make(text, error="m", micro=False, boost_error=False, mask=_QR_MASK)
    rows = []
    for row in code.matrix:
        runs, dark = [0], True
        for module in row:
            if bool(module) != dark:
                runs.append(0)
                dark = not dark
            runs[-1] += 1
        rows.append(runs if len(runs) % 2 == 0 else [*runs, 0])
    return rows


def _service(item: DocumentService, *, say: Words) -> View:
    span = say.span(start=item.start_on, last=item.last_on, days=item.days)
    return {
        "title": item.schedule_name,
        "text": f"{item.address}. {span}.",
        "rows": [[line.label, line.how, line.clause, money(line.amount_cents)] for line in item.lines],
        "total": money(item.amount_cents),
    }


def _meters(item: DocumentService, *, say: Words) -> list[Row]:
    """A row for each two reads: meter, both reads with day and kind, multiplier, energy."""
    return [
        [
            read.serial,
            f"{read.start_reading:,}",
            f"{say.short_day(read.start_on)}, {say[f'kind_{read.start_kind}']}",
            f"{read.end_reading:,}",
            f"{say.short_day(read.end_on)}, {say[f'kind_{read.end_kind}']}",
            f"× {_multiplier(read.multiplier)}",
            f"{kwh(read.energy_wh)} kWh",
        ]
        for read in item.reads
    ]


def _multiplier(text: str) -> str:
    return plain_text(Decimal(text))
