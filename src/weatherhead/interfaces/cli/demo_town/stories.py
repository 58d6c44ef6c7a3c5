"""What happened to some people of the town: what a representative meets in a year, each once."""

from __future__ import annotations

from datetime import date, datetime

from weatherhead.areas.customers.queries import account
from weatherhead.interfaces.cli.demo_town.life import Months, Oddity, Script
from weatherhead.interfaces.cli.demo_town.telling import Deed, Telling
from weatherhead.interfaces.cli.demo_town.town import Town

MISREAD_ON = date(2026, 10, 20)
_CLOSED = "Closed until October 1: a read of that day, by photo, shows how little was used in September"

SCRIPT = Script(
    oddities={
        ("warsame", date(2026, 11, 12)): Oddity(),  # the meter stopped: no use at all
        ("brandt", MISREAD_ON): Oddity(off_by=300, left_held=False),  # a 4 taken for a 7; found after the bill
        ("eichelberger", date(2026, 11, 12)): Oddity(off_by=-2_700),  # two digits turned around
    },
    bills_left_held=frozenset({("sorensen", date(2026, 11, 4))}),
    reads_decided_by_story=frozenset({("sorensen", date(2026, 11, 4))}),
    extra_rows={
        # A meter that nobody has put on file yet, and a line cut off in the middle: reported, and nothing is lost.
        (8, date(2026, 8, 11)): (
            ("77999001", "2026-08-11", "actual", "412", "", ""),
            ("77410", "2026-08-", "", "", "", ""),
        ),
    },
)


class Stories(Telling):
    """The stories of a town but those of money."""

    def __init__(self, town: Town, *, months: Months) -> None:
        """Write them into the diary."""
        super().__init__(town, months=months)
        for plan in (
            self._sorensen,
            self._misread,
            self._corrections,
            self._desk_work,
            self._landlord,
            self._agency,
        ):
            plan()

    def _sorensen(self) -> None:
        """Five times the usual use: the read was right, the bill still waits; he had waited for the reader in vain."""

        reason = "Read again on November 5: the dial is right"
        self._on("sorensen", 11, 5, 8, 36, self._release("sorensen", by="dvorak", reason=reason))
        self._on("sorensen", 11, 6, 13, 5, self._credit)

    def _credit(self, at: datetime) -> None:
        """Goodwill, with what shows it, within a representative's limit."""
        self._act(
            "post_adjustment",
            by="dvorak",
            at=at,
            what=f"credit sorensen {at.date()}",
            account_id=self._town.known["sorensen"].account_id,
            type="goodwill_credit",
            reason="missed_appointment",
            amount_cents=20_00,
            evidence="Re-read of November 4, not kept",
            note="Waited all morning for the meter reader",
        )

    def _misread(self) -> None:
        """A digit misread, within bounds: the customer calls, the read is put right, and the bill is made again."""

        def correct(at: datetime) -> None:
            (found,) = (item for item in self._reads_of("brandt") if item.read_on == MISREAD_ON)
            self._act(
                "correct_read",
                by="dvorak",
                at=at,
                what=f"correct {found.read_id}",
                read_id=found.read_id,
                reading=found.dial_reading - 300,
                reason="The photo of the dial shows a 4, not a 7",
            )

        self._on("brandt", 10, 26, 10, 18, correct)
        self._on("brandt", 10, 27, 8, 55, lambda at: self._rebill("brandt", by="okafor", at=at, why="Misread meter"))

    def _corrections(self) -> None:
        """Reads of October 1 that came in late, from the week of the shops' closing: summer's share was far smaller."""
        for ref, day in (("cedar-lane-dental", 5), ("prairie-rose-bakery", 16)):
            self._on(ref, 11, day, 11, 15, lambda at, ref=ref: self._read_of_october(ref, at=at))  # type: ignore[misc]
            reason = "The shop was closed until October 1; so little is right"
            self._on(ref, 11, day, 15, 20, self._release(ref, by="okafor", reason=reason))
        self._on("cedar-lane-dental", 11, 6, 10, 40, lambda at: self._rebill("cedar-lane-dental", by="okafor", at=at))
        self._on(
            "prairie-rose-bakery", 11, 17, 9, 26, lambda at: self._rebill("prairie-rose-bakery", by="dvorak", at=at)
        )

    def _read_of_october(self, ref: str, *, at: datetime) -> None:
        first_of_october = date(2026, 10, 1)
        known = self._town.known[ref]
        self._act(
            "enter_read",
            by="dvorak",
            at=at,
            what=f"october read {ref}",
            account_id=known.account_id,
            meter="",
            read_on=first_of_october,
            kind="customer",
            reading=self._months.reading_of(ref, on=first_of_october),
            note="Photo of the dial, sent in by the customer",
        )

    def _rebill(self, ref: str, *, by: str, at: datetime, why: str = _CLOSED) -> None:
        known = self._town.known[ref]
        number = known.bill_ids[-1]
        body = self._act(
            "cancel_and_rebill",
            by=by,
            at=at,
            what=f"rebill {number}",
            bill_id=number,
            reason=why,
            asks=why,
        )
        known.bill_ids += body.get("made", {}).get("bill", [])

    def _landlord(self) -> None:
        """A landlord wants one envelope for all of her places: their mail goes to her office, then onto one summary."""
        for minute, ref in enumerate(("bluestem-house-a", "bluestem-house-b", "bluestem-laundry", "bluestem-lights")):
            if ref != "bluestem-house-a":
                self._on(ref, 8, 12, 10, 20 + minute, self._mail_to_office(ref))
            self._on(ref, 8, 12, 10, 30 + minute, self._onto_summary(ref))

    def _mail_to_office(self, ref: str) -> Deed:
        def deed(at: datetime) -> None:
            number = self._town.known[ref].account_id
            self._act(
                "change_mailing_address",
                by="reyes",
                at=at,
                what=f"mail {ref}",
                account_id=number,
                version=account(number).version,
                street="600 Platte St",
                city="Prairie City",
                state="NE",
                postal_code="68900",
            )

        return deed

    def _onto_summary(self, ref: str) -> Deed:
        return lambda at: self._act(  # type: ignore[return-value]
            "put_on_summary",
            by="reyes",
            at=at,
            what=f"summary {ref}",
            account_id=self._town.known[ref].account_id,
        )

    def _agency(self) -> None:
        """She asks an agency for help: they may be told how she pays and what she owes, and are."""
        ref = "lindgren"

        def told(at: datetime) -> None:
            number = self._town.known[ref].account_id
            done = self._act(
                "record_consent",
                by="reyes",
                at=at,
                what=f"consent {ref}",
                account_id=number,
                party_kind="agency",
                party_name="Platte Valley Community Action",
                payments=True,
                balance=True,
                given_how="written",
                until_on=date(2027, 6, 30),
                note="Release form of today",
            )
            self._act(
                "prepare_statement",
                by="reyes",
                at=at,
                what=f"history {ref}",
                account_id=number,
                kind="payment_history",
                consent_id=done["made"]["consent"][0],
            )

        self._on(ref, 11, 12, 15, 5, told)

    def _desk_work(self) -> None:
        """A hold while a meter is tested, and a change of address."""
        self._on(
            "petrov",
            11,
            2,
            11,
            10,
            lambda at: self._act(  # type: ignore[arg-type]
                "hold_billing",
                by="okafor",
                at=at,
                what="hold petrov",
                agreement_id=self._town.known["petrov"].agreement_ids[0],
                reason="Meter test of November 2 is not in yet",
            ),
        )

        def move_mail(at: datetime) -> None:
            number = self._town.known["featherstonehaugh"].account_id
            self._act(
                "change_mailing_address",
                by="reyes",
                at=at,
                what="mail featherstonehaugh",
                account_id=number,
                version=account(number).version,
                street="PO Box 118",
                city="Prairie City",
                state="NE",
                postal_code="68900",
            )

        self._on("featherstonehaugh", 9, 15, 14, 25, move_mail)
