"""The published layout of a migration set: its files, their columns, and what each column refers to. Pure data.

docs/migration.md holds the same tables, word for word; a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from weatherhead.areas.metering.fields import NOTE_LENGTH_MAX
from weatherhead.areas.metering.usage import DIALS_MAX, DIALS_MIN
from weatherhead.areas.migration import fields
from weatherhead.areas.migration.fields import Parse
from weatherhead.areas.programs.models import PROGRAMS
from weatherhead.core.values import gettext_noop

CONTROL_FILE = "control.yaml"
AGES = ("not_yet_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "days_over_90")
TOTAL_NAMES = (
    *(f"receivable.{age}" for age in (*AGES, "credit")),
    "deposit",
    "history_kwh",
    "history_amount",
)
"""Every control total by its path in control.yaml."""

CYCLES_MAX = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: how its text is read, what it says for people, and the file whose key it names.

    `default` is what an empty field stands for; a column that is not `optional` may not be empty.
    """

    name: str
    about: str
    parse: Parse
    optional: bool = False
    default: str | int | None = None
    refers: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLayout:
    """A file. `unique` are the columns whose values together name one row."""

    name: str
    about: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in the published order."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> str:
        """The column by which other files refer to its rows."""
        return self.columns[0].name

    @property
    def references(self) -> tuple[Column, ...]:
        """The columns that name a row of another file."""
        return tuple(column for column in self.columns if column.refers)


def _key(name: str, about: str) -> Column:
    return Column(name=name, about=about, parse=fields.parse_key)


def _refers(name: str, file: str, about: str) -> Column:
    return Column(name=name, about=about, parse=fields.parse_key, refers=file)


def _day(name: str, about: str, *, optional: bool = False) -> Column:
    return Column(name=name, about=about, parse=fields.day, optional=optional)


def _address(prefix: str = "") -> tuple[Column, ...]:
    return (
        Column(name=f"{prefix}street", about=gettext_noop("street and number, at most 120 characters"),
               parse=fields.words(120)),
        Column(name=f"{prefix}unit", about=gettext_noop("apartment or suite, or empty"), parse=fields.words(40),
               optional=True, default=""),
        Column(name=f"{prefix}city", about=gettext_noop("city"), parse=fields.words(80)),
        Column(name=f"{prefix}state", about=gettext_noop("two capital letters: `NE`"), parse=fields.state),
        Column(name=f"{prefix}postal_code", about=gettext_noop("ZIP code of five digits, or nine with a hyphen"),
               parse=fields.postal_code),
    )  # fmt: skip


FILES: tuple[FileLayout, ...] = (
    FileLayout(
        name="customers",
        about=gettext_noop("The people and businesses that are served."),
        unique=("customer",),
        columns=(
            _key("customer", gettext_noop("key")),
            Column(name="kind", about=gettext_noop("`person` or `business`"),
                   parse=fields.choice("person", "business")),
            Column(name="name", about=gettext_noop("at most 160 characters"), parse=fields.words(160)),
            Column(name="language", about=gettext_noop("a language code of two letters, or empty for `en`"),
                   parse=fields.language, optional=True, default="en"),
            _day("since_on", gettext_noop("the day the customer came")),
        ),
    ),
    FileLayout(
        name="contacts",
        about=gettext_noop("Phone numbers and e-mail addresses."),
        unique=("customer", "kind", "value"),
        columns=(
            _refers("customer", "customers", gettext_noop("a customer")),
            Column(name="kind", about=gettext_noop("`phone` or `email`"), parse=fields.choice("phone", "email")),
            Column(name="value", about=gettext_noop("a phone number with its area code, or an e-mail address"),
                   parse=fields.words(254)),
            _day("since_on", gettext_noop("since when it is on file; one of 30 days or more may verify a caller")),
        ),
    ),
    FileLayout(
        name="accounts",
        about=gettext_noop("What is billed: who is responsible, where the bills go, and when they are made."),
        unique=("account",),
        columns=(
            _key("account", gettext_noop("key: the old account number, as the customer knows it")),
            _refers("customer", "customers", gettext_noop("a customer: who is responsible")),
            *_address("mail_"),
            Column(name="cycle", about=gettext_noop("the bill cycle, 1 to 31"), parse=fields.count(1, CYCLES_MAX)),
            Column(name="revenue_class", about=gettext_noop("a class of the books, such as `residential`"),
                   parse=fields.words(20)),
            _day("opened_on", gettext_noop("the day the account was opened")),
            _day("closed_on", gettext_noop("the day it was closed, or empty"), optional=True),
        ),
    ),
    FileLayout(
        name="premises",
        about=gettext_noop("Places that take service. An address stands once in the set, however abbreviated."),
        unique=("premise",),
        columns=(_key("premise", gettext_noop("key")), *_address()),
    ),
    FileLayout(
        name="service_points",
        about=gettext_noop("Where meters hang, and lights without one."),
        unique=("service_point",),
        columns=(
            _key("service_point", gettext_noop("key")),
            _refers("premise", "premises", gettext_noop("a premise")),
            Column(name="label", about=gettext_noop("what people call it, once at its premise: `house`, `barn`"),
                   parse=fields.words(60)),
            Column(name="kind", about=gettext_noop("`metered` or `unmetered`"),
                   parse=fields.choice("metered", "unmetered")),
        ),
    ),
    FileLayout(
        name="meters",
        about=gettext_noop(
            "A row for each place where a meter hangs or hung; one that was moved has a row for each, with the same "
            "plate."
        ),
        unique=("meter", "installed_on"),
        columns=(
            Column(name="meter", about=gettext_noop("the serial number"), parse=fields.serial),
            _refers("service_point", "service_points", gettext_noop("a metered service point")),
            _day("installed_on", gettext_noop("the day it was hung")),
            _day("removed_on", gettext_noop("the day it was taken down, or empty while it hangs"), optional=True),
            Column(name="dials", about=gettext_noop("digits of the dial, 4 to 9"),
                   parse=fields.count(DIALS_MIN, DIALS_MAX)),
            Column(name="multiplier", about=gettext_noop("kWh of a step: above zero, up to 1,000,000, three decimals"),
                   parse=fields.multiplier),
            Column(name="has_demand", about=gettext_noop("`yes` when the meter measures demand, else `no`"),
                   parse=fields.yes_no),
        ),
    ),
    FileLayout(
        name="agreements",
        about=gettext_noop("An account takes service at a place on a rate schedule; one agreement a place and day."),
        unique=("agreement",),
        columns=(
            _key("agreement", gettext_noop("key")),
            _refers("account", "accounts", gettext_noop("an account")),
            _refers("service_point", "service_points", gettext_noop("a service point")),
            Column(name="schedule", about=gettext_noop("the code of a rate schedule of the rate book"),
                   parse=fields.words(60)),
            Column(name="options", about=gettext_noop("what the schedule asks for: `phase=single;lamps=2`, or empty"),
                   parse=fields.options, optional=True, default="{}"),
            _day("start_on", gettext_noop("the first day of service")),
            _day("end_on", gettext_noop("the day after the last, or empty while service goes on"), optional=True),
        ),
    ),
    FileLayout(
        name="reads",
        about=gettext_noop("History of reads, at least the last read of each meter that hangs."),
        unique=("meter", "read_on"),
        columns=(
            Column(name="meter", about=gettext_noop("a meter"), parse=fields.serial, refers="meters"),
            _day("read_on", gettext_noop("the local day at whose start it was read; it hung somewhere on that day")),
            Column(
                name="kind",
                about=gettext_noop("`actual`, `estimated`, `customer`, `move_in`, `move_out` or `check`"),
                parse=fields.read_kind,
            ),
            Column(name="reading", about=gettext_noop("the digits of the dial, before the multiplier"),
                   parse=fields.reading),
            Column(
                name="turned",
                about=gettext_noop(
                    "`yes` when the dial passed zero since the read before, `no` when it did not, or empty: see below"
                ),
                parse=fields.yes_no, optional=True,
            ),
            Column(name="demand_kw", about=gettext_noop("the highest demand since the read before, or empty"),
                   parse=fields.demand_w, optional=True),
            Column(name="note", about=gettext_noop("at most 500 characters, or empty"),
                   parse=fields.words(NOTE_LENGTH_MAX), optional=True, default=""),
        ),
    ),
    FileLayout(
        name="history",
        about=gettext_noop("What the old system billed, period by period."),
        unique=("agreement", "start_on"),
        columns=(
            _refers("agreement", "agreements", gettext_noop("an agreement")),
            _day("start_on", gettext_noop("the first day that was billed")),
            _day("end_on", gettext_noop("the day after the last; periods of an agreement do not overlap")),
            Column(name="days", about=gettext_noop("`end_on` less `start_on`, as the old system has it"),
                   parse=fields.count(1, 9999)),
            Column(name="kwh", about=gettext_noop("energy of the period"), parse=fields.energy_wh),
            Column(name="demand_kw", about=gettext_noop("the demand that was billed, or empty"),
                   parse=fields.demand_w, optional=True),
            Column(name="estimated", about=gettext_noop("`yes` when the period ended with an estimate, else `no`"),
                   parse=fields.yes_no),
            _day("billed_on", gettext_noop("the day of the bill")),
            Column(name="bill", about=gettext_noop("the old bill's number, or empty"), parse=fields.words(40),
                   optional=True, default=""),
            Column(name="amount", about=gettext_noop("what was billed for the period, taxes included"),
                   parse=fields.amount_cents),
        ),
    ),
    FileLayout(
        name="opening_balances",
        about=gettext_noop("Each piece of what a customer owes, or has to their credit, at the cut-over."),
        unique=("item",),
        columns=(
            _key("item", gettext_noop("key: the old system's open item")),
            _refers("account", "accounts", gettext_noop("an account")),
            Column(
                name="charge",
                about=gettext_noop("what it is for, in lower_snake_case: `bill`, `late_charge`; `credit` for a credit"),
                parse=fields.charge,
            ),
            _day("due_on", gettext_noop("the day it falls or fell due; empty for a credit, or when `age` is given"),
                 optional=True),
            Column(
                name="age",
                about=gettext_noop(
                    "where the old system keeps only ages: `not_yet_due`, `days_1_to_30`, `days_31_to_60`, "
                    "`days_61_to_90` or `days_over_90`; otherwise empty"
                ),
                parse=fields.choice(*AGES), optional=True,
            ),
            Column(name="amount", about=gettext_noop("above zero for what is owed, below zero for a credit"),
                   parse=fields.amount_cents),
        ),
    ),
    FileLayout(
        name="deposits",
        about=gettext_noop("Security deposits that are held."),
        unique=("item",),
        columns=(
            _key("item", gettext_noop("key")),
            _refers("account", "accounts", gettext_noop("an account")),
            Column(name="amount", about=gettext_noop("what is held, above zero"), parse=fields.amount_cents),
            _day("held_since_on", gettext_noop("the day it was taken")),
        ),
    ),
    FileLayout(
        name="programs",
        about=gettext_noop("Enrollments, as facts."),
        unique=("account", "program"),
        columns=(
            _refers("account", "accounts", gettext_noop("an account")),
            Column(
                name="program",
                about=gettext_noop("`budget_billing`, `bank_billing`, `paperless_billing` or `online_bill_pay`"),
                parse=fields.choice(*PROGRAMS),
            ),
            _day("since_on", gettext_noop("the day of enrollment")),
            Column(name="monthly_amount", about=gettext_noop("the level amount, for `budget_billing` only"),
                   parse=fields.amount_above_zero, optional=True),
        ),
    ),
    FileLayout(
        name="notes",
        about=gettext_noop("What was written about an account."),
        unique=("account", "noted_on", "text"),
        columns=(
            _refers("account", "accounts", gettext_noop("an account")),
            _day("noted_on", gettext_noop("the day of the note")),
            Column(name="author", about=gettext_noop("who wrote it, at most 80 characters, or empty"),
                   parse=fields.words(80), optional=True, default=""),
            Column(name="text", about=gettext_noop("at most 2,000 characters"), parse=fields.words(2000)),
        ),
    ),
)  # fmt: skip
"""In the order in which they are checked: a file comes after those that it refers to."""

BY_NAME = {layout.name: layout for layout in FILES}


def layout_markdown() -> str:
    """The tables of docs/migration.md."""
    return "\n\n".join(_section(layout) for layout in FILES)


def _section(layout: FileLayout) -> str:
    rows = (f"| `{column.name}` | {column.about} |" for column in layout.columns)
    head = (f"### {layout.name}.csv", "", layout.about, "", "| column | what it holds |", "|---|---|")
    return "\n".join(chain(head, rows))
