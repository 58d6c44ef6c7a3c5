"""``utility.yaml``: who the utility is, its calendars, number formats, books and rule packs. Validated whole."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from pydantic import Field, field_validator, model_validator

from weatherhead.core.ledger import LEDGER_ACCOUNTS_REQUIRED, is_ledger_account
from weatherhead.core.values import (
    BankingDays,
    BusinessDays,
    DataFileInvalid,
    DataModel,
    DataProblem,
    ProblemsAt,
    load_yaml,
)

Rules = TypeVar("Rules", bound=DataModel)

_MODULUS_DIGITS_MIN, _MODULUS_DIGITS_MAX = 6, 12


class AccountNumberFormat(DataModel):
    """Digits with the check digit (Luhn) last, and how people group them.

    ``spread`` is coprime to 10: the n-th account gets n x spread modulo 10^(digits-1), so that neighbours in time are
    not neighbours in number and a slip of the hand does not land on a real account.
    """

    digits: Annotated[int, Field(ge=_MODULUS_DIGITS_MIN, le=_MODULUS_DIGITS_MAX)]
    groups: tuple[int, ...]
    spread: Annotated[int, Field(gt=1)]

    @model_validator(mode="after")
    def _consistent(self) -> AccountNumberFormat:
        problems: list[tuple[tuple[str | int, ...], str]] = []
        if sum(self.groups) != self.digits:
            problems.append((("groups",), f"the groups hold {sum(self.groups)} digits, not {self.digits}"))
        if self.spread % 2 == 0 or self.spread % 5 == 0:
            problems.append((("spread",), "must not be divisible by 2 or 5, or numbers would repeat"))
        if problems:
            raise ProblemsAt(problems)
        return self


class Bounds(DataModel):
    """Outside these a read or a bill waits for a person."""

    usage_ratio_low: Annotated[Decimal, Field(gt=0, lt=1)]
    usage_ratio_high: Annotated[Decimal, Field(gt=1)]
    usage_floor_kwh: Annotated[int, Field(ge=0)]  # differences below this many kWh are never exceptions
    days_low: Annotated[int, Field(ge=1)]
    days_high: Annotated[int, Field(ge=1)]
    amount_high_cents: Annotated[int, Field(gt=0)]

    @model_validator(mode="after")
    def _ordered(self) -> Bounds:
        if self.days_low > self.days_high:
            raise ProblemsAt([(("days_high",), f"is less than days_low, {self.days_low}")])
        return self


class Billing(DataModel):
    due_days: Annotated[int, Field(ge=1, le=60)]
    bounds: Bounds


class Address(DataModel):
    street: str
    city: str
    state: Annotated[str, Field(min_length=2, max_length=2)]
    postal_code: str


class GeneralLedgerAccount(DataModel):
    """Where a ledger account goes in the utility's books, and its FERC account (18 CFR 101)."""

    gl: str
    ferc: str
    title: str


class Utility(DataModel):
    """One installation's utility. Paths are relative to the file."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    state: Annotated[str, Field(min_length=2, max_length=2)]
    time_zone: str
    fictional: bool = False
    phone: str
    emergency_phone: str
    email: str
    address: Address
    account_number: AccountNumberFormat
    billing: Billing
    tariffs: str
    jobs: str
    regulations: str
    bill_texts: str = ""  # what bills say beside the figures; see docs/documents.md
    ledger_accounts: dict[str, GeneralLedgerAccount]
    directory: str = ""  # filled by the loader: where the file stands

    @field_validator("time_zone")
    @classmethod
    def _zone_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not a time zone; write it as America/Chicago") from error
        return value

    @field_validator("ledger_accounts")
    @classmethod
    def _accounts_known(cls, value: dict[str, GeneralLedgerAccount]) -> dict[str, GeneralLedgerAccount]:
        problems: list[tuple[tuple[str | int, ...], str]] = [
            ((code,), "is no ledger account that Weatherhead posts to") for code in value if not is_ledger_account(code)
        ]
        missing = [code for code in LEDGER_ACCOUNTS_REQUIRED if code not in value]
        if missing:
            problems.append(((), f"missing: {', '.join(missing)}"))
        if problems:
            raise ProblemsAt(problems)
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def business_days(self) -> BusinessDays:
        return BusinessDays(subdivision=self.state)

    @property
    def banking_days(self) -> BankingDays:
        return BankingDays()

    def path(self, name: str) -> Path:
        """A path of this file, made absolute."""
        return (Path(self.directory) / name).resolve()


def load_utility(path: Path) -> Utility:
    """Read and validate ``utility.yaml``.

    Raises:
        DataFileInvalid: naming file, line and key of every problem, or the file that cannot be read.
    """
    utility = load_yaml(read_text(path), name=str(path), model=Utility)
    utility = utility.model_copy(update={"directory": str(path.resolve().parent)})
    for key in ("tariffs", "jobs", "regulations"):
        directory = utility.path(getattr(utility, key))
        if not directory.is_dir():
            line = _line_of(path, key)
            text = f"{directory} is no directory"
            problem = DataProblem(name=str(path), line=line, key=key, text=text)
            raise DataFileInvalid(name=str(path), problems=(problem,))
    return utility


def regulation(name: str) -> Path:
    """Where a file of this utility's regulations stands, or would stand."""
    utility = current_utility()
    return utility.path(utility.regulations) / name


def load_rules(path: Path, *, model: type[Rules]) -> Rules:
    """A rule file as `model`, read once, and again when it changes.

    Raises:
        DataFileInvalid: naming file, line and key, or the file that cannot be read.
    """
    loaded: Rules = _rules(str(path), path.stat().st_mtime_ns if path.exists() else 0, model)
    return loaded


@lru_cache(maxsize=32)
def _rules(path: str, _mark: int, model: type[Rules]) -> Rules:
    return load_yaml(read_text(Path(path)), name=path, model=model)


def read_text(path: Path) -> str:
    """The UTF-8 text of a rule file.

    Raises:
        DataFileInvalid: when it cannot be read, saying why.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        problem = DataProblem(name=str(path), line=1, key="", text=f"cannot be read: {error.strerror}")
        raise DataFileInvalid(name=str(path), problems=(problem,)) from error
    except UnicodeDecodeError as error:
        problem = DataProblem(name=str(path), line=1, key="", text=f"is not UTF-8 text (byte {error.start})")
        raise DataFileInvalid(name=str(path), problems=(problem,)) from error


def _line_of(path: Path, key: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.startswith(f"{key}:")), 1)


def current_utility() -> Utility:
    """The utility of this installation."""
    utility: Utility = settings.UTILITY
    return utility
