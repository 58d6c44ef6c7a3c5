"""The words of a bill. They are translated when a frame is made, so that the frozen document holds what was said."""

from __future__ import annotations

from weatherhead.core.values import gettext_noop

WORDS = {
    "title_regular": gettext_noop("Your electric bill"),
    "title_final": gettext_noop("Your final electric bill"),
    "title_corrected": gettext_noop("Your corrected electric bill"),
    "title_summary": gettext_noop("Your electric bill summary"),
    "document_title": gettext_noop("%(title)s of %(issued)s, %(utility)s"),
    "summary_number": gettext_noop("Summary"),
    "accounts": gettext_noop("Accounts"),
    "account_count": gettext_noop("%(count)s, listed with their charges"),
    "accounts_title": gettext_noop("Your accounts"),
    "accounts_follow": gettext_noop(
        "Your %(count)s accounts are listed from page 2 on, each with its charges after it."
    ),
    "previous_balance": gettext_noop("Previous balance"),
    "payments": gettext_noop("Payments"),
    "other_movements": gettext_noop("Fees, other"),
    "new_charges": gettext_noop("New charges"),
    "balance": gettext_noop("Balance"),
    "credits_stay": gettext_noop("Credits that stay on their accounts"),
    "all_accounts": gettext_noop("All accounts"),
    "bill_numbered": gettext_noop("Bill %(number)s of %(issued)s, the bill of this account"),
    "cancelled_title": gettext_noop("Cancelled."),
    "cancelled_text": gettext_noop("Bill %(by)s, which follows, stands for this one."),
    "balance_then": gettext_noop("Balance then"),
    "left_out": gettext_noop("Not on this summary: account %(accounts)s. What is billed there comes by itself."),
    "left_out_many": gettext_noop("Not on this summary: %(count)s accounts. What is billed there comes by itself."),
    "account": gettext_noop("Account"),
    "name": gettext_noop("Name"),
    "bill": gettext_noop("Bill"),
    "service_at": gettext_noop("Service at"),
    "services": gettext_noop("%(count)s services, see the charges"),
    "period": gettext_noop("Period"),
    "period_days": gettext_noop("%(start)s to %(last)s, %(days)s days"),
    "issued": gettext_noop("Issued"),
    "page": gettext_noop("Page %(page)s of %(pages)s"),
    "last_balance": gettext_noop("Balance on your last bill"),
    "balance_at_start": gettext_noop("Balance when the account began"),
    "payment": gettext_noop("Payment %(on)s, thank you"),
    "payment_returned": gettext_noop("Payment taken back %(on)s"),
    "charge_added": gettext_noop("%(charge)s %(on)s"),
    "charge_waived": gettext_noop("%(charge)s taken off %(on)s"),
    "movements_short": gettext_noop("%(count)s payments and fees, listed on page 2"),
    "movements_below": gettext_noop("%(count)s payments and fees, listed below"),
    "balance_before": gettext_noop("Balance before this bill"),
    "cancelled": gettext_noop("Bill %(number)s, cancelled"),
    "current_charges": gettext_noop("Current charges"),
    "amount_due": gettext_noop("Amount due"),
    "credit": gettext_noop("Your credit"),
    "pay_by": gettext_noop("Please pay by"),
    "nothing_to_pay": gettext_noop("Nothing to pay"),
    "why_higher": gettext_noop("Why this bill is %(amount)s higher than the last"),
    "why_lower": gettext_noop("Why this bill is %(amount)s lower than the last"),
    "why_equal": gettext_noop("This bill and the last have the same charges"),
    "what_changed": gettext_noop("What changed"),
    "from_to": gettext_noop("From last to this"),
    "amount": gettext_noop("Amount"),
    "last_bill": gettext_noop("Charges of the last bill"),
    "this_bill": gettext_noop("Charges of this bill"),
    "step_days": gettext_noop("Days"),
    "step_use": gettext_noop("Use a day"),
    "step_price": gettext_noop("Average price"),
    "most_days_up": gettext_noop("Most of it comes from more days in the bill."),
    "most_days_down": gettext_noop("Most of it comes from fewer days in the bill."),
    "most_use_up": gettext_noop("Most of it comes from more electricity used each day."),
    "most_use_down": gettext_noop("Most of it comes from less electricity used each day."),
    "most_price_up": gettext_noop("Most of it comes from a higher average price for each kWh."),
    "most_price_down": gettext_noop("Most of it comes from a lower average price for each kWh."),
    "was": gettext_noop("%(after)s, was %(before)s"),
    "a_day": gettext_noop("%(energy)s kWh a day"),
    "a_kwh": gettext_noop("%(price)s¢ a kWh"),
    "since_year": gettext_noop("%(now)s kWh (%(now_day)s a day); a year before %(then)s kWh (%(then_day)s a day)"),
    "for_you": gettext_noop("For your account"),
    "usage_title": gettext_noop("Your electricity, kWh a bill"),
    "usage_alt": gettext_noop("Bar chart of kilowatt-hours by bill. %(rows)s."),
    "usage_row": gettext_noop("%(month)s: %(energy)s kWh"),
    "usage_row_estimated": gettext_noop("%(month)s: %(energy)s kWh, estimated"),
    "bill_of": gettext_noop("Bill of"),
    "days": gettext_noop("Days"),
    "estimated_mark": gettext_noop("E: estimated"),
    "wire_down": gettext_noop("Wire down or no power:"),
    "tear": gettext_noop(
        "Tear here. Send this part with a check payable to %(utility)s. Please no cash, staples or clips."
    ),
    "pay_heading": gettext_noop("Pay without signing in"),
    "pay_scan": gettext_noop("Scan with your phone, or go to"),
    "pay_code": gettext_noop("and type the code"),
    "pay_phone": gettext_noop("By phone, any hour:"),
    "pay_check": gettext_noop("Pay by check"),
    "pay_check_text": gettext_noop("Write the account number on your check and send it with this part."),
    "qr_alt": gettext_noop("QR code. It opens the page to pay this bill: %(url)s"),
    "amount_enclosed": gettext_noop("Amount enclosed"),
    "scan_line": gettext_noop("Scan line"),
    "charges_title": gettext_noop("How we worked out your charges"),
    "continued": gettext_noop("continued"),
    "charge": gettext_noop("Charge"),
    "how": gettext_noop("How"),
    "clause": gettext_noop("Tariff clause"),
    "rounding": gettext_noop("Each line is rounded to the cent as its tariff says."),
    "total_of_service": gettext_noop("Charges of this service"),
    "meter_title": gettext_noop("Your meter"),
    "meter": gettext_noop("Meter"),
    "previous_read": gettext_noop("Previous read"),
    "current_read": gettext_noop("Current read"),
    "difference": gettext_noop("Difference"),
    "multiplier": gettext_noop("Multiplier"),
    "used": gettext_noop("Used"),
    "demand": gettext_noop("Highest demand %(demand)s kW."),
    "movements_title": gettext_noop("What moved your balance since the last bill"),
    "day": gettext_noop("Day"),
    "what": gettext_noop("What"),
    "words_title": gettext_noop("What the words mean"),
    "rights_title": gettext_noop("Your rights"),
    "emergency_title": gettext_noop("Wire down, or no power?"),
    "emergency_text": gettext_noop("Keep away, and call at any hour:"),
    "talk_title": gettext_noop("Talk to us"),
    "relay": gettext_noop("relay 711"),
    "write_title": gettext_noop("Write to us"),
    "tell_title": gettext_noop("Tell us something"),
    "tell_text": gettext_noop("This part comes back to us with your check. Leave it blank if nothing has changed."),
    "tell_address": gettext_noop("New mailing address"),
    "tell_city": gettext_noop("City, state, ZIP"),
    "tell_phone": gettext_noop("Phone"),
    "tell_email": gettext_noop("E-mail"),
    "tell_foot": gettext_noop("We will call you about what you write here."),
    "kind_actual": gettext_noop("actual"),
    "kind_estimated": gettext_noop("estimated"),
    "kind_customer": gettext_noop("by the customer"),
    "kind_move_in": gettext_noop("at moving in"),
    "kind_move_out": gettext_noop("at moving out"),
    "kind_check": gettext_noop("check read"),
    "charge_late_charge": gettext_noop("Late charge"),
    "charge_returned_payment_fee": gettext_noop("Returned-payment fee"),
    "charge_reconnect_fee": gettext_noop("Reconnection fee"),
    "charge_after_hours_reconnect_fee": gettext_noop("After-hours reconnection"),
    "charge_connect_fee": gettext_noop("Connection fee"),
    "charge_meter_test_fee": gettext_noop("Meter test fee"),
    "charge_deposit": gettext_noop("Deposit"),
    "charge_bill": gettext_noop("Correction of a bill"),
    "charge_back_bill": gettext_noop("Correction of a bill"),
    "cancelled_many": gettext_noop("%(count)s bills, cancelled"),
    "later": gettext_noop("Due later, in installments"),
    "later_title": gettext_noop("Your installments"),
    "correction_title": gettext_noop("What we put right"),
    "correction_period": gettext_noop("Days"),
    "correction_was": gettext_noop("Was charged"),
    "correction_is": gettext_noop("Is charged"),
    "correction_difference": gettext_noop("Difference"),
    "correction_all": gettext_noop("All periods"),
    "correction_none": gettext_noop("nothing"),
    "correction_rule": gettext_noop("Rule: %(rule)s, clause %(clause)s."),
    "correction_left": gettext_noop("Left as they were, because the rule does not reach so far back: %(periods)s."),
    "due": gettext_noop("Due"),
}

MESSAGES = {
    "corrected": (
        gettext_noop("This bill replaces another."),
        gettext_noop(
            "It takes the place of bill %(number)s, which had charged %(before_cents)s. The same days are charged"
            " again, now %(after_cents)s. What you paid stays counted."
        ),
    ),
    "corrected_many": (
        gettext_noop("This bill replaces %(count)s others."),
        gettext_noop(
            "They had charged %(before_cents)s. The same days are charged again, now %(after_cents)s. What you paid"
            " stays counted. What changed stands on the following pages, period by period."
        ),
    ),
    "cause_read": (
        gettext_noop("Why."),
        gettext_noop("A read of your meter was wrong. It is set aside, and the right one takes its place."),
    ),
    "cause_meter": (
        gettext_noop("Why."),
        gettext_noop("We had your meter and another one mixed up. Your bills now go by the meter that is yours."),
    ),
    "cause_meter_test": (
        gettext_noop("Why."),
        gettext_noop(
            "A test found that meter %(meter)s had registered %(percent)s %% of the energy that passed through it."
            " Your bills now go by what passed."
        ),
    ),
    "cause_multiplier": (
        gettext_noop("Why."),
        gettext_noop("Your meter's dial counts in steps of so many kWh, and we had that number wrong."),
    ),
    "cause_rate": (
        gettext_noop("Why."),
        gettext_noop("We had billed you on a rate that is not yours. Now you are billed on the right one."),
    ),
    "cause_class": (
        gettext_noop("Why."),
        gettext_noop("We had you in the wrong class of customers. Now you are billed as the class that you belong to."),
    ),
    "cause_tax": (
        gettext_noop("Why."),
        gettext_noop("The sales tax on your bills was wrong."),
    ),
    "cause_dates": (
        gettext_noop("Why."),
        gettext_noop("We had the wrong day for the beginning or the end of your service."),
    ),
    "cause_premise": (
        gettext_noop("Why."),
        gettext_noop("We had billed you for a place that is not yours. Now you are billed for your own."),
    ),
    "cause_price": (
        gettext_noop("Why."),
        gettext_noop("A price in our rate book was wrong. Everyone who was billed on it gets a corrected bill."),
    ),
    "cause_tampering": (
        gettext_noop("Why."),
        gettext_noop("Your meter did not count all that was used, because somebody had tampered with it."),
    ),
    "refund": (
        gettext_noop("You get money back."),
        gettext_noop("We had charged %(amount_cents)s too much. It counts as paid, and lowers what you owe."),
    ),
    "fewer_parts": (
        gettext_noop("Less to pay."),
        gettext_noop(
            "We had charged %(amount_cents)s too much. It lowers what you owe, the last of your installments first."
        ),
    ),
    "payback": (
        gettext_noop("Time to pay."),
        gettext_noop(
            "We had charged %(amount_cents)s too little. You may pay it in %(count)s monthly parts, the first of"
            " %(each_cents)s by %(first_on)s. You owe no late charge on parts that are not due yet."
        ),
    ),
    "back_bill": (
        gettext_noop("What is to pay."),
        gettext_noop("We had charged %(amount_cents)s too little. It is part of the amount due."),
    ),
    "final": (
        gettext_noop("This is your last bill here."),
        gettext_noop("Service ended on %(end_on)s. Please keep your mailing address with us until all is settled."),
    ),
    "first": (
        gettext_noop("Welcome."),
        gettext_noop("This is your first bill; there is no earlier one to compare it with."),
    ),
    "estimated": (
        gettext_noop("We estimated your use."),
        gettext_noop("We could not read meter %(meter)s. The next actual read puts right whatever we guessed wrong."),
    ),
    "past_due": (
        gettext_noop("Past due."),
        gettext_noop("%(amount_cents)s of the amount due should have been paid before. Call us if that is hard."),
    ),
    "credit": (
        gettext_noop("Nothing to pay."),
        gettext_noop("You have a credit of %(amount_cents)s, which your next bills use up."),
    ),
    "credit_final": (
        gettext_noop("Nothing to pay."),
        gettext_noop("You have a credit of %(amount_cents)s. Call us, and we pay it back to you."),
    ),
    "waiting": (
        gettext_noop("We hold money for you."),
        gettext_noop(
            "%(amount_cents)s that was paid for you is not in this bill yet. It will be applied to the charges that it"
            " is meant for."
        ),
    ),
    "average": (
        gettext_noop("Your year."),
        gettext_noop("Your last %(count)s bills together came to %(total_cents)s, on average %(average_cents)s."),
    ),
}
