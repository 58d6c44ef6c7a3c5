"""What happened with some people's money: what came back, was waived, decided, moved and refunded, each once."""

from __future__ import annotations

from datetime import date, datetime, time

from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.demo_town.life import Months
from weatherhead.interfaces.cli.demo_town.telling import Deed, Telling
from weatherhead.interfaces.cli.demo_town.town import Town

_REFUNDED_LEAST_CENTS = 2_00


class MoneyStories(Telling):
    """The stories of money in a town."""

    def __init__(self, town: Town, *, months: Months) -> None:
        """Write them into the diary."""
        super().__init__(town, months=months)
        for plan in (
            self._ruth,
            self._waivers,
            self._households,
            self._lindgren,
            self._decided,
            self._misposted,
            self._refunded,
        ):
            plan()

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
