"""Kinds of files, each with exactly what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.payment_files.made import agencies, bai2, batch_header, detail, lockbox, overflow, scanned, stations


@dataclass(frozen=True, kw_only=True)
class Names:
    """The numbers of accounts: two are open and owe nothing, one is closed, one is the importer's own."""

    ada: str
    ben: str
    closed: str
    tied: str
    unknown: str  # a right check digit, and nobody's
    mistyped: str  # Ada's with two digits that changed places


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A file and what must come of it.

    posted: cents by whose account; suspended: (line, cents, why); problems: (line, field, code); totals: those that
    differ, (level, unit, said, found).
    """

    name: str
    source: str
    make: Callable[[Names], Sequence[str] | bytes]
    posted: dict[str, list[int]] = field(default_factory=dict)
    suspended: Sequence[tuple[int, int, str]] = ()
    problems: Sequence[tuple[int, str, str]] = ()
    totals: Sequence[tuple[str, str, int, int]] = ()
    refused: str = ""


def _box(names: Names) -> list[str]:
    """Lines 4 and 5 are Ada's and Ben's, line 8 is Ada's by her scan line."""
    return lockbox([[(7500, names.ada), (2000, names.ben)], [(1000, scanned(names.ada, cents=1000))]])


GOOD_BOX = {"ada": [7500, 1000], "ben": [2000]}


def _changed(lines: list[str], *changes: tuple[int, str]) -> list[str]:
    """Some lines, numbered from 1, replaced."""
    found = list(lines)
    for number, line in changes:
        found[number - 1] = line
    return found


def _without(lines: list[str], *numbers: int) -> list[str]:
    return [line for number, line in enumerate(lines, 1) if number not in numbers]


def _bank(names: Names) -> list[str]:
    """Line 4 is Ada's, line 5 a charge, line 6 Ben's."""
    return bai2(
        [
            ("165", 7500, "881", f"UTIL PMT ACCT {names.ada} ADA A"),
            ("495", -1200, "882", "WIRE FEE"),
            ("142", 2000, "883", f"ACCOUNT: {names.ben}"),
        ]
    )


def _station(names: Names) -> list[str]:
    return stations(
        [
            (names.ada, "75.00", "T1", "03/09/2026", "Ada Adler"),
            (names.ben, "20.00", "T2", "03/09/2026", "Ben Boyd"),
        ]
    )


def _agency(names: Names) -> list[str]:
    return agencies([("Helping Hand", "1", names.ada, "75.00"), ("Blue Door", "1", names.ben, "20.00")])


CARD = "4111111111111111"


def _split(names: Names, *, cents: int, further: str) -> list[str]:
    """A check for Ada on line 4, and what continues it."""
    lines = lockbox([[(cents, names.ada)]])
    return [*lines[:4], further, *lines[4:6], "9000008"]


def _continued(names: Names) -> list[str]:
    """Ada's account stands in the second line of the text, the record on line 4."""
    lines = bai2([("165", 7500, "881", "UTILITY PAYMENT"), ("165", 2000, "882", f"ACCT {names.ben}")])
    return [*lines[:4], f"88,ACCT {names.ada}", *lines[4:]]


LOCKBOX = [
    Kind(name="good", source="lockbox", make=_box, posted=GOOD_BOX),
    Kind(
        name="accounts that are none",
        source="lockbox",
        make=lambda n: lockbox(
            [[(100, n.unknown), (200, n.mistyped), (300, n.closed), (400, n.tied), (500, ""), (600, "J SMITH")]]
        ),
        suspended=[
            (4, 100, "account_unknown"),
            (5, 200, "account_mistyped"),
            (6, 300, "account_closed"),
            (7, 400, "own_account"),
            (8, 500, "account_missing"),
            (9, 600, "account_mistyped"),
        ],
    ),
    Kind(
        name="a scan line with a wrong digit",
        source="lockbox",
        make=lambda n: lockbox([[(1000, "9" + scanned(n.ada, cents=1000)[1:])]]),
        suspended=[(4, 1000, "scan_line_unreadable")],
    ),
    Kind(
        name="a number filled with zeros, and one with spaces",
        source="lockbox",
        make=lambda n: lockbox([[(100, n.ada.zfill(15)), (200, f"{n.ben[:4]} {n.ben[4:]}")]]),
        posted={"ada": [100], "ben": [200]},
    ),
    Kind(
        name="one check for two accounts",
        source="lockbox",
        make=lambda n: _split(n, cents=9500, further=overflow(1, 1, account=n.ben, cents=2000, payer="ADLER AND BOYD")),
        posted={"ada": [7500], "ben": [2000]},
    ),
    Kind(
        name="further accounts come to more than the check",
        source="lockbox",
        make=lambda n: _split(n, cents=1000, further=overflow(1, 1, account=n.ben, cents=2000)),
        problems=[(4, "amount", "overflow_above_check")],
    ),
    Kind(
        name="a further account whose amount cannot be read",
        source="lockbox",
        make=lambda n: _split(
            n, cents=9500, further=overflow(1, 1, account=n.ben, cents=2000).replace("0000002000", "000000200O")
        ),
        problems=[(5, "amount", "further_unreadable")],
    ),
    Kind(
        name="a line cut off within its amount",
        source="lockbox",
        make=lambda n: _changed(_box(n), (5, _box(n)[4][:16])),
        posted={"ada": [7500, 1000]},
        problems=[(5, "amount", "amount_unreadable")],
        totals=[("batch 001", "cents", 9500, 7500), ("lockbox 0004711", "cents", 10500, 8500)],
    ),
    Kind(
        name="bytes that are no text, and control characters",
        source="lockbox",
        make=lambda n: (
            ("\n".join(_box(n)) + "\n")
            .encode()
            .replace(b"104000016        11000001041", b"1040\xff0016        11\x00\x1b0001041", 1)
            .replace(b"70010000004711", b"7001000000\xff711")
        ),
        posted=GOOD_BOX,
    ),
    Kind(
        name="the year before, and a year that was mistyped",
        source="lockbox",
        make=lambda n: [
            line.replace("260309", "250309" if place < 6 else "250310") for place, line in enumerate(_box(n))
        ],
        posted={"ada": [1000]},
        problems=[(4, "date", "too_long_ago"), (5, "date", "too_long_ago")],
    ),
    Kind(
        name="a continuation of nothing",
        source="lockbox",
        make=lambda n: _changed([*_box(n)[:3], overflow(1, 9, payer="LOST"), *_box(n)[3:]], (12, "9000012")),
        posted=GOOD_BOX,
        problems=[(4, "record", "overflow_alone")],
    ),
    Kind(
        name="an amount that is none",
        source="lockbox",
        make=lambda n: _changed(_box(n), (5, detail(1, 2, 2000, n.ben).replace("0000002000", "00000020.0"))),
        posted={"ada": [7500, 1000]},
        problems=[(5, "amount", "amount_unreadable")],
        totals=[("batch 001", "cents", 9500, 7500), ("lockbox 0004711", "cents", 10500, 8500)],
    ),
    Kind(
        name="an amount of nothing",
        source="lockbox",
        make=lambda n: lockbox([[(0, n.ada), (2000, n.ben)]]),
        posted={"ben": [2000]},
        problems=[(4, "amount", "amount_not_positive")],
    ),
    Kind(
        name="a batch that claims another sum",
        source="lockbox",
        make=lambda n: _changed(_box(n), (6, _box(n)[5].replace("0000009500", "0000009400"))),
        posted=GOOD_BOX,
        totals=[("batch 001", "cents", 9400, 9500)],
    ),
    Kind(
        name="a check is missing",
        source="lockbox",
        make=lambda n: _without(_box(n), 5),
        posted={"ada": [7500, 1000]},
        totals=[
            ("batch 001", "items", 2, 1),
            ("batch 001", "cents", 9500, 7500),
            ("lockbox 0004711", "items", 3, 2),
            ("lockbox 0004711", "cents", 10500, 8500),
            ("file", "records", 11, 10),
        ],
    ),
    Kind(
        name="a check twice",
        source="lockbox",
        make=lambda n: [*_box(n)[:5], _box(n)[4], *_box(n)[5:]],
        posted=GOOD_BOX,
        problems=[(6, "reference", "twice_in_file")],
        totals=[
            ("batch 001", "items", 2, 3),
            ("batch 001", "cents", 9500, 11500),
            ("lockbox 0004711", "items", 3, 4),
            ("lockbox 0004711", "cents", 10500, 12500),
            ("file", "records", 11, 12),
        ],
    ),
    Kind(
        name="cut off",
        source="lockbox",
        make=lambda n: _box(n)[:8],
        posted=GOOD_BOX,
        problems=[(8, "record", "trailer_missing")],
    ),
    Kind(
        name="a batch without header",
        source="lockbox",
        make=lambda n: _without(_box(n), 7),
        posted=GOOD_BOX,
        problems=[(7, "record", "batch_header_missing")],
        totals=[("file", "records", 11, 10)],
    ),
    Kind(
        name="a batch without total",
        source="lockbox",
        make=lambda n: _without(_box(n), 6),
        posted=GOOD_BOX,
        problems=[(6, "record", "batch_total_missing")],
        totals=[("file", "records", 11, 10)],
    ),
    Kind(
        name="a day that is none",
        source="lockbox",
        make=lambda n: _changed(_box(n), (3, batch_header(1, day="260231"))),
        posted=GOOD_BOX,
        problems=[(3, "deposited_on", "frame_day_unreadable")],
    ),
    Kind(
        name="a day to come",
        source="lockbox",
        make=lambda n: lockbox([[(7500, n.ada)]], day="260312"),
        problems=[(4, "date", "still_to_come")],
    ),
    Kind(
        name="records after the end, and one that is none",
        source="lockbox",
        make=lambda n: [*_changed([*_box(n)[:3], "X what is this", *_box(n)[3:]], (12, "9000012")), "6more"],
        posted=GOOD_BOX,
        problems=[(4, "record", "unknown"), (13, "record", "after_trailer")],
    ),
    Kind(
        name="a line that is too long, and a total that is no number",
        source="lockbox",
        make=lambda n: _changed(
            _box(n), (5, _box(n)[4].ljust(80) + "2"), (9, _box(n)[8].replace("0000001000", "1O00"))
        ),
        posted={"ada": [7500, 1000]},
        problems=[(5, "record", "line_too_long"), (9, "amount", "total_unreadable")],
        totals=[
            ("batch 001", "items", 2, 1),
            ("batch 001", "cents", 9500, 7500),
            ("lockbox 0004711", "items", 3, 2),
            ("lockbox 0004711", "cents", 10500, 8500),
        ],
    ),
    Kind(
        name="a card's number where the account belongs",
        source="lockbox",
        make=lambda n: lockbox([[(7500, CARD), (2000, n.ben)]]),
        posted={"ben": [2000]},
        problems=[(4, "line", "card_number")],
    ),
    Kind(name="a CSV for a lockbox", source="lockbox", make=_station, refused="NoSuchFormat"),
    Kind(name="empty", source="lockbox", make=lambda _: b" \r\n\r\n", refused="PaymentFileEmpty"),
    Kind(name="a frame and nothing in it", source="lockbox", make=lambda _: lockbox([]), refused="FileWithoutPayments"),
    Kind(name="a workbook", source="lockbox", make=lambda _: b"PK\x03\x04 and so on", refused="FileIsWorkbook"),
]

BAI2 = [
    Kind(name="good statement", source="bank-statement", make=_bank, posted={"ada": [7500], "ben": [2000]}),
    Kind(
        name="text on more lines",
        source="bank-statement",
        make=lambda n: _changed(_continued(n), (7, "49,59500,5/"), (8, "98,59500,1,7/"), (9, "99,59500,1,9/")),
        posted={"ada": [7500], "ben": [2000]},
    ),
    Kind(
        name="funds types that bring fields, and a number cut in two",
        source="bank-statement",
        make=lambda n: _changed(
            _bank(n),
            (4, f"16,165,7500,S,2500,2500,2500,881,,ACCT {n.ada}"),
            (6, f"16,142,2000,V,260309,0800,883,,ACCT {n.ben[:4]} {n.ben[4:]}"),
        ),
        posted={"ada": [7500], "ben": [2000]},
    ),
    Kind(
        name="a receipt of nobody",
        source="bank-statement",
        make=lambda _: bai2([("195", 8800, "884", "INVOICE 12")]),
        suspended=[(4, 8800, "account_missing")],
    ),
    Kind(
        name="no bank reference, the same twice",
        source="bank-statement",
        make=lambda n: bai2([("165", 500, "", f"ACCT {n.ada}"), ("165", 500, "", f"ACCT {n.ada}")]),
        posted={"ada": [500, 500]},
    ),
    Kind(
        name="an account's total differs",
        source="bank-statement",
        make=lambda n: _changed(_bank(n), (7, _bank(n)[6].replace("58300", "58301"))),
        refused="FileTotalsDiffer",
    ),
    Kind(
        name="a transaction is missing",
        source="bank-statement",
        make=lambda n: _without(_bank(n), 6),
        refused="FileTotalsDiffer",
    ),
    Kind(name="cut off statement", source="bank-statement", make=lambda n: _bank(n)[:6], refused="FileTotalsDiffer"),
    Kind(
        name="an amount with a point",
        source="bank-statement",
        make=lambda n: _changed(_bank(n), (4, f"16,165,75.00,0,881,,ACCT {n.ada}")),
        refused="FileTotalsDiffer",
    ),
    Kind(
        name="a funds type that is none",
        source="bank-statement",
        make=lambda n: _changed(_bank(n), (4, f"16,165,7500,Q,881,,ACCT {n.ada}")),
        posted={"ben": [2000]},
        problems=[(4, "funds_type", "funds_type_unknown")],
    ),
    Kind(
        name="a card's number in the text",
        source="bank-statement",
        make=lambda n: _changed(_bank(n), (4, f"16,165,7500,0,881,,CARD {CARD} ACCT {n.ada}")),
        posted={"ben": [2000]},
        problems=[(4, "line", "card_number")],
    ),
    Kind(
        name="euros",
        source="bank-statement",
        make=lambda n: _changed(_bank(n), (3, "03,7788990011,EUR,010,50000,,/")),
        refused="FileTotalsDiffer",
    ),
    Kind(
        name="another version",
        source="bank-statement",
        make=lambda n: _changed(_bank(n), (1, "01,104000016,WEATHERHEAD,260309,0630,1,80,,1/")),
        refused="NoSuchFormat",
    ),
    Kind(name="a lockbox for a statement", source="bank-statement", make=_box, refused="NoSuchFormat"),
    Kind(
        name="bytes that are no text in the text, the bank's reference and its account",
        source="bank-statement",
        make=lambda n: (
            ("\n".join(_bank(n)) + "\n").encode().replace(b",881,", b",8\xff\x001,").replace(b"ADA A", b"AD\xc1 \x1b")
        ).replace(b"7788990011", b"778899001\xff"),
        posted={"ada": [7500], "ben": [2000]},
    ),
    Kind(
        name="more money than there is",
        source="bank-statement",
        make=lambda n: bai2([("165", 10**12, "881", f"ACCT {n.ada}"), ("142", 2000, "882", f"ACCT {n.ben}")]),
        posted={"ben": [2000]},
        problems=[(4, "amount", "amount_too_large")],
    ),
]

CSV = [
    Kind(name="good stations", source="pay-stations", make=_station, posted={"ada": [7500], "ben": [2000]}),
    Kind(
        name="columns in another order, further ones, quotation marks, a mark of the encoding",
        source="pay-stations",
        make=lambda n: (
            "\ufeffName,Store,Paid,Transaction,Amount,Account\r\n"
            f'"Adler, Ada",12,03/09/2026,T1,"1,275.00",{n.ada}\r\n'
            "TOTAL,1,1275.00,,,\r\n"
        ).encode(),
        posted={"ada": [127500]},
    ),
    Kind(
        name="amounts that are none",
        source="pay-stations",
        make=lambda n: [
            "Account,Amount,Transaction,Paid,Name",
            f"{n.ada},75.5,T1,03/09/2026,A",
            f"{n.ada},seven,T2,03/09/2026,A",
            f"{n.ada},,T3,03/09/2026,A",
            f"{n.ada},-5.00,T4,03/09/2026,A",
            f'{n.ada},"7,5.00",T5,03/09/2026,A',
            f"{n.ben},20.00,T6,03/09/2026,B",
            "TOTAL,6,15.00,,",
        ],
        posted={"ben": [2000]},
        problems=[
            (2, "amount", "amount_unreadable"),
            (3, "amount", "amount_unreadable"),
            (4, "amount", "amount_unreadable"),
            (5, "amount", "amount_not_positive"),
            (6, "amount", "amount_unreadable"),
        ],
    ),
    Kind(
        name="an amount of bytes that are no text",
        source="pay-stations",
        make=lambda n: ("\n".join(_station(n)) + "\n").encode().replace(b",75.00,", b",7\xff\x00.00,"),
        posted={"ben": [2000]},
        problems=[(2, "amount", "amount_unreadable")],
        totals=[("file", "cents", 9500, 2000)],
    ),
    Kind(
        name="a card's number in the place of the amount, and of the day",
        source="pay-stations",
        make=lambda n: [
            "Account,Amount,Transaction,Paid,Name",
            f"{n.ada},{CARD},T1,03/09/2026,A",
            f"{n.ada},75.00,T2,{CARD},A",
            f"{n.ada},75.00,T3,card {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]},A",
            f"{n.ben},20.00,T4,03/09/2026,B",
            f"TOTAL,{CARD},170.00,,",
        ],
        posted={"ben": [2000]},
        problems=[
            (2, "amount", "amount_unreadable"),
            (3, "paid_on", "day_unreadable"),
            (4, "paid_on", "day_unreadable"),
            (6, "items", "total_unreadable"),
        ],
    ),
    Kind(
        name="rows that are none",
        source="pay-stations",
        make=lambda n: [
            "Account,Amount,Transaction,Paid,Name",
            f"{n.ada},75.00,T1,03/09/2026",
            f"{n.ada},75.00,,03/09/2026,A",
            f"{n.ada},75.00,T3,2026-03-09,A",
            f'"{n.ada},75.00,T4,03/09/2026,A',
            f"{n.ben},20.00,T5,03/09/2026,B",
            f"{n.ben},21.00,T5,03/09/2026,B",
            "TOTAL,6,191.00,,",
        ],
        posted={"ben": [2000]},
        problems=[
            (2, "row", "fields"),
            (3, "reference", "no_reference"),
            (4, "paid_on", "day_unreadable"),
            (5, "row", "quotation_marks"),
            (7, "reference", "twice_in_file"),
        ],
    ),
    Kind(
        name="another total, and rows behind it",
        source="pay-stations",
        make=lambda n: [*_changed(_station(n), (4, "TOTAL,3,99.00,,")), f"{n.ada},1.00,T9,03/09/2026,A"],
        posted={"ada": [7500], "ben": [2000]},
        problems=[(5, "row", "after_total")],
        totals=[("file", "items", 3, 2), ("file", "cents", 9900, 9500)],
    ),
    Kind(
        name="without its total",
        source="pay-stations",
        make=lambda n: _station(n)[:3],
        posted={"ada": [7500], "ben": [2000]},
        problems=[(3, "row", "total_missing")],
    ),
    Kind(
        name="a card's number in a name",
        source="pay-stations",
        make=lambda n: _changed(_station(n), (2, f"{n.ada},75.00,T1,03/09/2026,Ada {CARD}")),
        posted={"ben": [2000]},
        problems=[(2, "line", "card_number")],
    ),
    Kind(
        name="bytes that are no text",
        source="pay-stations",
        make=lambda n: "\n".join(_station(n)).encode().replace(b"Ada Adler", b"Ada \xff Adler"),
        posted={"ada": [7500], "ben": [2000]},
    ),
    Kind(
        name="separated by semicolons",
        source="pay-stations",
        make=lambda n: [line.replace(",", ";") for line in _station(n)],
        refused="DelimiterWrong",
    ),
    Kind(
        name="columns that are not there",
        source="pay-stations",
        make=lambda n: [line.replace("Transaction", "Receipt") for line in _station(n)],
        refused="ColumnsMissing",
    ),
    Kind(
        name="a card processor's, whose rule refuses",
        source="card-processor",
        make=lambda n: ["account,amount,authorization,date", f"{n.ada},75.00,AU1,2026-03-09"],
        posted={"ada": [7500]},
    ),
]

AGENCIES = [
    Kind(name="good remittance", source="agencies", make=_agency, posted={"ada": [7500], "ben": [2000]}),
    Kind(
        name="an agency for nobody, and nobody's agency",
        source="agencies",
        make=lambda n: agencies([("Helping Hand", "1", n.unknown, "75.00"), ("", "2", n.ben, "20.00")]),
        suspended=[(2, 7500, "account_unknown")],
        problems=[(3, "agency", "no_agency")],
    ),
]

KINDS = [*LOCKBOX, *BAI2, *CSV, *AGENCIES]
