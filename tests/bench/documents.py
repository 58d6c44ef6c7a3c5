"""PDFs of bills: two-page bills must come fast enough to print a city overnight.

python -m tests.bench.documents prints bills a second on every processor at once, and the memory that takes;
`make bench` measures the ratio.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import cache
from multiprocessing import get_context
from typing import TYPE_CHECKING

from tests.bench import Ratio, Work

if TYPE_CHECKING:
    from weatherhead.core.statements import BillDocument

BILLS = 200
WARM = 10
TWO_PAGES = 2


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()


@cache
def _documents(count: int, seed: int) -> list[BillDocument]:
    """Residential bills that differ in everything that bills of one day differ in."""
    _django()
    from tests.core.statements import bills
    from weatherhead.areas.documents.frames import bill_frame
    from weatherhead.areas.records.utility import current_utility
    from weatherhead.areas.tariffs.queries import rate_book
    from weatherhead.core.statements import Movement, Use, bill_payload, numbered, parse_payload

    chance = random.Random(seed)
    frame = bill_frame(current_utility(), rate_book=rate_book())
    made = []
    for place in range(count):
        kwh, paid = chance.randint(300, 2500), chance.randint(3000, 20000)
        cents = kwh * 858 // 100
        lines = [
            bills.LINES[0],
            bills.LINES[1]._replace(how=f"{kwh:,} kWh × $0.0858", amount_cents=cents),
            bills.LINES[2]._replace(amount_cents=cents // 20),
            bills.LINES[3]._replace(amount_cents=cents // 14),
        ]
        read = bills.service().reads[0]._replace(serial=str(chance.randint(10**7, 10**8)), energy_wh=kwh * 1000)
        history = [
            Use(
                bills.END_ON - timedelta(days=32 + 30 * (11 - month)),
                chance.randint(28, 33),
                chance.randint(300, 2500) * 1000,
                False,
                chance.randint(3000, 20000),
            )
            for month in range(12)
        ]
        facts = bills.facts(
            account_number=f"{chance.randint(0, 10**9 - 1):09d}",
            customer_name=f"Customer {place} {chance.randint(0, 10**6)}",
            mail=(f"CUSTOMER {place}", f"{chance.randint(1, 9999)} MAIN ST", "PRAIRIE CITY NE 68900"),
            movements=[Movement(date(2018, 7, chance.randint(1, 10)), -paid, "payment")],
            services=[bills.service(lines=lines, energy_wh=kwh * 1000, reads=[read])],
            history=history,
        )
        payload = numbered(bill_payload(facts, frame=frame), number=f"{chance.randint(1, 10**8 - 1):08d}")
        made.append(parse_payload(payload, frame=frame.body))
    return made


def ratios() -> Iterator[Ratio]:
    """A warm compiler against one that is made anew: what every bill of a run has in common is laid out once."""
    documents = _documents(BILLS, 1)
    from weatherhead.areas.documents import rendering

    fresh = iter(documents * 1000)

    def anew() -> None:
        rendering._compiler.cache_clear()
        rendering.render_bill(next(fresh))

    def warm() -> None:
        for _ in range(WARM):
            rendering.render_bill(next(fresh))

    yield Ratio(
        title="PDFs from one compiler against a compiler for each",
        unit="bill",
        baseline=Work(name="a compiler each", run=anew, units=1),
        subject=Work(name="one compiler", run=warm, units=WARM),
        least=1.0,
    )


def render_many(seed: int) -> tuple[int, float, float, int]:
    """Render `BILLS` bills after some to warm up: bills, seconds, seconds of processor, most memory in KiB."""
    documents = _documents(BILLS + WARM, seed)
    from weatherhead.areas.documents.rendering import render_bill

    for document in documents[:WARM]:
        render_bill(document)
    started, worked = time.perf_counter(), time.process_time()
    pages = sum(render_bill(document).pages for document in documents[WARM:])
    taken, worked = time.perf_counter() - started, time.process_time() - worked
    if pages != TWO_PAGES * BILLS:
        raise ValueError(f"{BILLS} bills have {pages} pages")
    return BILLS, taken, worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _told(workers: int) -> str:
    """What so many processes do together."""
    # Made anew, not forked: the renderer's threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(render_many, range(workers)))
    rate = sum(count / taken for count, taken, _, _ in done)
    worked_ms = 1000 * sum(worked for _, _, worked, _ in done) / sum(count for count, _, _, _ in done)
    memory = max(kib for _, _, _, kib in done) // 1024
    return (
        f"{workers} processes: {rate:.0f} two-page bills/s, {worked_ms:.1f} ms of processor a bill, {memory} MiB each"
    )


def section() -> list[str]:
    """The page's part on documents."""
    told = [f"- {_told(workers)}" for workers in sorted({1, os.cpu_count() or 1})]
    return [
        "## Documents",
        "",
        "PDF/UA bills of two pages, rendered and hashed (`tests/bench/documents.py`):",
        "",
        *told,
    ]


def main() -> None:
    """Print what every processor together does."""
    for workers in sorted({1, os.cpu_count() or 1}):
        sys.stdout.write(f"{_told(workers)}; load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
