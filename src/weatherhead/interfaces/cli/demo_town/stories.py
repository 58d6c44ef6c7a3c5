"""What happened to some people of the town: what a representative meets in a year, each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from weatherhead.areas.billing.queries import fees_to_waive
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.queries import ReadFacts, meter_by_serial, reads_of_meter
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.demo_town.life import Months, Oddity, Script
from weatherhead.interfaces.cli.demo_town.town import Town

MISREAD_ON = date(2026, 10, 20)
_REFUNDED_LEAST_CENTS = 2_00
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

Deed = Callable[[datetime], None]


class Stories:
    """The stories of a town; those of people who do not live in a smaller one are left out."""

    def __init__(self, town: Town, *, months: Months) -> None:
        """Write them into the diary."""
        self._town, self._months = town, months
        for plan in (
            self._ruth,
            self._sorensen,
            self._waivers,
            self._households,
            self._lindgren,
            self._decided,
            self._misread,
            self._corrections,
            self._misposted,
            self._refunded,
            self._desk_work,
            self._landlord,
            self._agency,
        ):
            plan()

    def _on(self, ref: str, month: int, day: int, hour: int, minute: int, deed: Deed) -> None:
        """Plan a deed of 2026 about an account, if it is in this town."""
        if ref in self._town.members:
            self._town.diary.write(date(2026, month, day), time(hour, minute), deed)

    def _act(
        self,
        action: str,
        *,
        by: str,
        at: datetime,
        what: str,
        asks: str = "",
        **inputs: Any,  # noqa: ANN401 - texts of a form
    ) -> dict[str, Any]:
        done = self._town.do(action, by=by, at=at, what=f"story {what}", inputs=inputs, note=asks)
        return dict(done.body)

    def _fee(self, ref: str, charge: str) -> int:
        """The latest fee of a kind on an account of which something is left."""
        fees = fees_to_waive(self._town.known[ref].account_id)
        return next(item.adjustment_id for item in fees if item.charge == charge)

    def _charge(self, ref: str, charge: str, *, reason: str = "service_rendered", by: str, note: str = "") -> Deed:
        return lambda at: self._months.assess(ref, charge=charge, reason=reason, by=by, at=at, note=note)

    def _waive(self, ref: str, charge: str, *, by: str, reason: str, note: str, evidence: str = "") -> Deed:
        """Waive the latest fee of a kind; over the limit this becomes a request, which is remembered."""

        def deed(at: datetime) -> None:
            body = self._act(
                "waive_fee",
                by=by,
                at=at,
                what=f"waive {ref} {charge} {at.date()}",
                asks=note,
                adjustment_id=self._fee(ref, charge),
                reason=reason,
                note=note,
                evidence=evidence,
            )
            if "request" in body:
                self._town.known[ref].request_ids.append(body["request"])

        return deed

    def _ruth(self) -> None:
        """Behind since September; a check came back; the fee for it waived; a late charge of November 9 stands."""
        ref = "kowalczyk"

        def pay(amount_cents: int, check_number: str, channel: str) -> Deed:
            return lambda at: self._months.take_payment(
                ref,
                amount_cents=amount_cents,
                check_number=check_number,
                channel=channel,
                by="nguyen",
                at=at,
                what=f"story {ref} {at.date()}",
            )

        self._on(ref, 10, 14, 10, 12, pay(60_00, "", "counter"))
        self._on(ref, 10, 27, 9, 41, pay(74_00, "2204", "mail"))
        self._on(ref, 10, 29, 8, 20, lambda at: self._take_back(ref, at=at))
        self._on(
            ref,
            11,
            13,
            10,
            44,
            self._waive(
                ref,
                "returned_payment_fee",
                by="reyes",
                reason="first_in_12_months",
                note="First returned check since 2019",
            ),
        )
        self._on(ref, 11, 13, 15, 2, self._tried_by_cashier)

    def _take_back(self, ref: str, *, at: datetime) -> None:
        number = self._town.known[ref].payment_ids[-1]
        self._act(
            "return_payment",
            by="dvorak",
            at=at,
            what=f"return {number}",
            payment_id=number,
            reason="insufficient_funds",
            note="Check 2204 returned unpaid",
        )

    def _tried_by_cashier(self, at: datetime) -> None:
        """A cashier's job includes no waiver: refused, and written down."""
        try:
            self._waive("kowalczyk", "late_charge", by="nguyen", reason="hardship", note="Asked at the counter")(at)
        except Refusal:
            return
        raise AssertionError("a cashier waived a fee")

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

    def _release(self, ref: str, *, by: str, reason: str) -> Deed:
        """Release the one read of an account that is held."""

        def deed(at: datetime) -> None:
            (held,) = (item for item in self._reads_of(ref) if item.state == "held")
            self._act("release_read", by=by, at=at, what=f"release {held.read_id}", read_id=held.read_id, reason=reason)

        return deed

    def _waivers(self) -> None:
        """Over a representative's limit: it waits for the supervisor, due today."""
        ref = "whitehorse"
        self._on(ref, 11, 12, 17, 40, self._charge(ref, "after_hours_reconnect_fee", by="dvorak"))
        self._on(
            ref,
            11,
            16,
            9,
            15,
            self._waive(
                ref,
                "after_hours_reconnect_fee",
                by="reyes",
                reason="hardship",
                note="Letter of Prairie Community Action on file; two children at home",
                evidence="Letter of November 12",
            ),
        )

    def _households(self) -> None:
        """Fees on accounts of the staff's own families: who is tied to them never decides alone."""
        for username, ref, month, day in (("alvarez", "tomas-alvarez", 10, 1), ("reyes", "whitfield", 10, 1)):
            self._on(ref, month, day, 8, 30, lambda at, username=username, ref=ref: self._link(username, ref, at=at))  # type: ignore[misc]
        self._on("tomas-alvarez", 10, 30, 11, 5, self._charge("tomas-alvarez", "reconnect_fee", by="reyes"))
        self._on(
            "tomas-alvarez",
            11,
            17,
            13,
            22,
            self._waive(
                "tomas-alvarez",
                "reconnect_fee",
                by="dvorak",
                reason="our_error",
                note="Cut by mistake for the house next door",
            ),
        )
        self._on(
            "whitfield",
            11,
            17,
            16,
            31,
            self._waive(
                "whitfield",
                "late_charge",
                by="reyes",
                reason="mail_or_bank_delay",
                note="The envelope is postmarked October 20",
                evidence="Envelope, postmarked October 20",
            ),
        )

    def _link(self, username: str, ref: str, *, at: datetime) -> None:
        self._act(
            "link_employee",
            by="larsen",
            at=at,
            what=f"link {username} {ref}",
            username=username,
            relation="household",
            account_id=self._town.known[ref].account_id,
        )

    def _lindgren(self) -> None:
        """Two waivers of $30 within thirty days: the second is over what is left of $50."""
        ref = "lindgren"
        for month, day, number in ((10, 20, "881"), (11, 3, "894")):
            self._on(
                ref,
                month,
                day,
                8,
                50,
                self._charge(
                    ref,
                    "returned_payment_fee",
                    reason="returned_payment",
                    by="dvorak",
                    note=f"Check {number} returned unpaid",
                ),
            )
            if month == 10:
                self._on(
                    ref,
                    10,
                    26,
                    14,
                    8,
                    self._waive(
                        ref,
                        "returned_payment_fee",
                        by="reyes",
                        reason="our_error",
                        note="Bank's routing number had changed",
                    ),
                )
        self._on(
            ref,
            11,
            18,
            10,
            57,
            self._waive(
                ref,
                "returned_payment_fee",
                by="reyes",
                reason="our_error",
                note="The same change of routing number again",
            ),
        )

    def _decided(self) -> None:
        """One request approved, one declined."""
        self._on("brandt", 9, 29, 10, 0, self._charge("brandt", "reconnect_fee", by="reyes"))
        self._on(
            "brandt",
            10,
            1,
            9,
            20,
            self._waive(
                "brandt",
                "reconnect_fee",
                by="dvorak",
                reason="our_error",
                note="Payment of September 28 had been posted late",
            ),
        )
        self._on(
            "brandt",
            10,
            1,
            15,
            45,
            lambda at: self._decide("brandt", at=at, action="approve_request", note="Posting date checked: our error"),
        )
        self._on(
            "brandt-rental", 10, 15, 18, 10, self._charge("brandt-rental", "after_hours_reconnect_fee", by="reyes")
        )
        self._on(
            "brandt-rental",
            10,
            16,
            11,
            30,
            self._waive(
                "brandt-rental",
                "after_hours_reconnect_fee",
                by="reyes",
                reason="mail_or_bank_delay",
                note="Says the mail was late",
                evidence="His word on the phone",
            ),
        )
        self._on(
            "brandt-rental",
            10,
            19,
            8,
            55,
            lambda at: self._decide(
                "brandt-rental", at=at, action="decline_request", note="No evidence of a delay; ask for the envelope"
            ),
        )

    def _decide(self, ref: str, *, at: datetime, action: str, note: str) -> None:
        number = self._town.known[ref].request_ids[-1]
        self._act(action, by="alvarez", at=at, what=f"decide {number}", request_id=number, note=note)

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

    def _reads_of(self, ref: str) -> tuple[ReadFacts, ...]:
        """Every read of an account's first meter."""
        meter = self._town.members[ref].services[0].meter
        found = meter_by_serial(meter.serial) if meter else None
        if found is None:
            raise LookupError(f"the meter of {ref} is not on file")
        return reads_of_meter(found.meter_id)

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

    def _misposted(self) -> None:
        """A tenant's check posted to the landlord, and moved where it belongs: both get a letter."""
        landlord, tenant = "bluestem-house-a", "watanabe"
        if tenant not in self._town.members or landlord not in self._town.members:
            return

        def post(at: datetime) -> None:
            self._months.take_payment(
                landlord,
                amount_cents=142_20,
                check_number="3067",
                channel="mail",
                by="nguyen",
                at=at,
                what="story misposted",
            )

        def move(at: datetime) -> None:
            number = self._town.known[landlord].payment_ids[-1]
            self._act(
                "move_payment",
                by="dvorak",
                at=at,
                what=f"move {number}",
                payment_id=number,
                to_account=account(self._town.known[tenant].account_id).number,
                reason="wrong_stub",
                note="Check 3067 is the tenant's, of apartment 1500 Bluestem",
            )

        self._on(landlord, 10, 20, 9, 12, post)
        self._on(landlord, 10, 22, 13, 35, move)

    def _refunded(self) -> None:
        """Whoever paid most ahead asks for it back: a second person approves, and a check is to be written."""
        asked: list[int] = []
        why = "Paid ahead by standing order, and has ended it"

        def ask(at: datetime) -> None:
            known = [known.account_id for known in self._town.known.values() if known.account_id]
            owed = balance_of(known)
            ahead = min(known, key=lambda number: owed[number])
            if owed[ahead] > -_REFUNDED_LEAST_CENTS:
                return
            body = self._act(
                "request_refund",
                by="reyes",
                at=at,
                what=f"refund {ahead}",
                asks=why,
                account_id=ahead,
                reason="overpaid",
                note=why,
            )
            asked.append(body["request"])

        def approve(at: datetime) -> None:
            for number in asked:
                note = "Paid by check all along; in credit since October"
                self._act("approve_request", by="alvarez", at=at, what=f"decide {number}", request_id=number, note=note)

        self._town.diary.write(date(2026, 11, 17), time(11, 2), ask)
        self._town.diary.write(date(2026, 11, 18), time(15, 20), approve)

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
