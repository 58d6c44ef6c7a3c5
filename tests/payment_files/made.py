"""Makers of small payment files that are right; the kinds in `kinds.py` damage what they give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from weatherhead.core.statements.scan_line import ScanLine, scan_line

DAY = date(2026, 3, 9)
DAY_TEXT = "260309"


def detail(batch: int, item: int, cents: int, account: str, *, check: int = 1042, payer_account: str = "11") -> str:
    """A check of a lockbox."""
    return f"6{batch:03d}{item:03d}{cents:010d}104000016{payer_account:>10}{check:09d}{account:<35}"


def _check_of(batch: int, item: int, cents: int, account: str) -> str:
    """Every check of a file has its own number."""
    return detail(batch, item, cents, account, check=1_000 * batch + 41 + item)


def overflow(batch: int, item: int, *, account: str = "", cents: int = 0, payer: str = "", sequence: int = 1) -> str:
    """What continues a check: a further account, or the payer's name."""
    return f"4{batch:03d}{item:03d}6{sequence:02d}9{account:<20}{cents:010d}{payer:<39}"


def batch_header(batch: int, *, lockbox: str = "0004711", day: str = DAY_TEXT) -> str:
    """The header of a batch."""
    return f"5{batch:03d}000{lockbox}{day}{'0104000016':<10}{'WEATHERHEAD':<10}"


def lockbox(batches: Sequence[Sequence[tuple[int, str]]], *, box: str = "0004711", day: str = DAY_TEXT) -> list[str]:
    """The lines of a file of batches of (cents, account)."""
    lines = [
        f"101{'PRAIRIE':<10}{'0104000016':<10}{day}0630",
        f"2{'PRAIRIE':<10}{'0104000016':<10}{'':<10}400080008000",
    ]
    items, cents = 0, 0
    for number, checks in enumerate(batches, 1):
        lines.append(batch_header(number, lockbox=box, day=day))
        lines += [_check_of(number, place, amount, account) for place, (amount, account) in enumerate(checks, 1)]
        lines.append(f"7{number:03d}000{box}{day}{len(checks):03d}{sum(amount for amount, _ in checks):010d}")
        items += len(checks)
        cents += sum(amount for amount, _ in checks)
    lines.append(f"8000000{box}{day}{items:04d}{cents:010d}")
    lines.append(f"9{len(lines) + 1:06d}")
    return lines


def scanned(account: str, *, cents: int) -> str:
    """The scan line of an account's bill."""
    return scan_line(
        ScanLine(account_number=account, bill_number="1", amount_due_cents=cents, due_on=date(2026, 3, 20))
    )


def bai2(transactions: Sequence[tuple[str, int, str, str]], *, day: str = DAY_TEXT) -> list[str]:
    """The lines of a statement: (type, cents, bank reference, text)."""
    total = 500_00 + sum(cents for _, cents, _, _ in transactions)
    lines = [f"01,104000016,WEATHERHEAD,{day},0630,1,80,,2/", f"02,WEATHERHEAD,104000016,1,{day},,USD,2/"]
    lines.append("03,7788990011,USD,010,50000,,/")
    lines += [f"16,{kind},{cents},0,{reference},,{text}" for kind, cents, reference, text in transactions]
    records = len(lines) - 2 + 1
    lines.append(f"49,{total},{records}/")
    lines.append(f"98,{total},1,{records + 2}/")
    lines.append(f"99,{total},1,{records + 4}/")
    return lines


def stations(rows: Sequence[tuple[str, str, str, str, str]]) -> list[str]:
    """The lines of a pay station's file: account, amount, transaction, day, name; the total is right."""
    from decimal import Decimal

    total = sum((Decimal(amount) for _, amount, _, _, _ in rows), Decimal(0))
    return [
        "Account,Amount,Transaction,Paid,Name",
        *(",".join(row) for row in rows),
        f"TOTAL,{len(rows)},{total},,",
    ]


def agencies(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """The lines of a remittance: agency, reference, account, amount; the total is right."""
    from decimal import Decimal

    total = sum((Decimal(amount) for _, _, _, amount in rows), Decimal(0))
    return [
        "agency,reference,account,amount,client,paid_on",
        *(",".join((*row, "C. Client", "2026-03-09")) for row in rows),
        f"TOTAL,,,{total},,",
    ]
