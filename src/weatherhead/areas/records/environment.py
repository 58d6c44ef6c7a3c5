"""The environment as settings, with every fault of it at once. No Django: this is read before Django can be.

A fault is a value, not an exception, so that an operator who got five variables wrong reads five lines and starts once.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from weatherhead.areas.records.utility import Utility, load_utility
from weatherhead.core.values import YEARS, DataFileInvalid, Refusal, gettext_noop

PROJECT_DIR = Path(__file__).resolve().parents[4]
SECRET_KEY_LENGTH_MIN, SECRET_KEY_CHARACTERS_MIN = 32, 10
TOKEN_LENGTH_MIN = 24
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

_KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,15}")
_KEY_BYTES = 32
_HOST = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\]")
_PLACEHOLDERS = ("changeme", "change-me", "change me", "secret", "django-insecure", "example", "password")
# What may follow the ? of DATABASE_URL: settings of libpq that say how to connect, never what to do then.
_POSTGRESQL_OPTIONS = ("host", "sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name")
_KNOWN = (
    "WEATHERHEAD_DEBUG",
    "WEATHERHEAD_DEMO_PASSWORD",
    "WEATHERHEAD_DEMO_SIGN_INS",
    "WEATHERHEAD_DISK_FREE_MIN_MB",
    "WEATHERHEAD_HOSTS",
    "WEATHERHEAD_HTTPS",
    "WEATHERHEAD_KEYS",
    "WEATHERHEAD_LOG",
    "WEATHERHEAD_METRICS_TOKEN",
    "WEATHERHEAD_OUTBOX",
    "WEATHERHEAD_SECRET_KEY",
    "WEATHERHEAD_SMTP",
    "WEATHERHEAD_TODAY",
    "WEATHERHEAD_UTILITY",
    "WEATHERHEAD_VAR",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with an installation: where, what, what to do, and what right looks like.

    A `grave` fault stops server, worker and commands; another is told and lived with. Never holds a secret.
    """

    setting: str
    problem: str
    remedy: str
    example: str = ""
    grave: bool = True


class InstallationFaulty(Refusal):
    """This installation must not start; `faults` says why, all of it."""

    template = gettext_noop("Weatherhead does not start until this is put right.\n\n%(listing)s")

    def __init__(self, *, faults: tuple[Fault, ...], listing: str = "") -> None:
        """Form the listing from the faults."""
        self.faults = faults
        super().__init__(faults=faults, listing=listing or describe(faults))


def describe(faults: tuple[Fault, ...]) -> str:
    """The faults as a list for a terminal or a journal: narrow, plain, in the order found."""
    parts = []
    for number, fault in enumerate(faults, 1):
        lines = [f"{number}. {fault.setting}: {fault.problem}", f"   Do: {fault.remedy}"]
        if fault.example:
            lines.append(f"   For example: {fault.example}")
        parts.append("\n".join(lines))
    return "\n".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The settings of an installation, as the environment gives them."""

    debug: bool
    utility: Utility
    secret_key: str = field(repr=False)
    keys: str = field(repr=False)
    database: Mapping[str, Any] = field(repr=False)
    var: Path
    outbox: Path
    hosts: tuple[str, ...]
    https: bool
    mail: SplitResult | None = field(repr=False)
    today: date | None
    log: str
    metrics_token: str = field(repr=False)
    disk_free_min_mb: int


def read_environment(environ: Mapping[str, str]) -> Environment:
    """Read the environment.

    Raises:
        InstallationFaulty: with every fault of it.
    """
    reader = _Reader(environ)
    found = reader.read()
    grave = tuple(fault for fault in reader.faults if fault.grave)
    if grave or found is None:
        raise InstallationFaulty(faults=grave)
    return found


def environment_faults(environ: Mapping[str, str]) -> tuple[Fault, ...]:
    """Every fault of the environment, the bearable ones too."""
    reader = _Reader(environ)
    reader.read()
    return tuple(reader.faults)


class _Reader:
    """Reads one variable after the other and collects what is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[Fault] = []
        self.debug = environ.get("WEATHERHEAD_DEBUG", "") == "1"

    def fault(self, setting: str, problem: str, remedy: str, example: str = "", *, grave: bool = True) -> None:
        self.faults.append(Fault(setting=setting, problem=problem, remedy=remedy, example=example, grave=grave))

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def flag(self, name: str) -> bool:
        value = self.text(name)
        if value not in ("", "0", "1"):
            self.fault(name, f"is {value!r}, which is neither 1 nor 0.", "Write 1 for yes, 0 for no.", f"{name}=1")
        return value == "1"

    def read(self) -> Environment | None:
        debug = self.flag("WEATHERHEAD_DEBUG")
        utility = self.utility()
        secret_key, keys = self.secret_key(), self.keys()
        var = self.var()
        outbox = self.outbox(var)
        database = self.database(var)
        hosts, https = self.hosts(), self.flag("WEATHERHEAD_HTTPS")
        self.require_https(hosts, https=https)
        mail, today, log = self.mail(), self.today(utility), self.log()
        token, disk = self.metrics_token(), self.disk_free_min_mb()
        self.demo(utility)
        self.misspelled()
        if utility is None or database is None:
            return None
        return Environment(
            debug=debug,
            utility=utility,
            secret_key=secret_key,
            keys=keys,
            database=database,
            var=var,
            outbox=outbox,
            hosts=hosts,
            https=https,
            mail=mail,
            today=today,
            log=log,
            metrics_token=token,
            disk_free_min_mb=disk,
        )

    def utility(self) -> Utility | None:
        path = Path(self.text("WEATHERHEAD_UTILITY", str(PROJECT_DIR / "examples/prairie-city/utility.yaml")))
        try:
            return load_utility(path)
        except DataFileInvalid as refusal:
            for problem in refusal.problems:
                remedy = "Correct the line, or name another file in WEATHERHEAD_UTILITY. See docs/configuration.md."
                self.fault("WEATHERHEAD_UTILITY", str(problem), remedy, "/etc/weatherhead/utility.yaml")
            return None

    def secret_key(self) -> str:
        key = self.environ.get("WEATHERHEAD_SECRET_KEY", "")
        make = "Give a long random text: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        if not key:
            if not self.debug:
                self.fault("WEATHERHEAD_SECRET_KEY", "is not set.", f"{make}. To develop, set WEATHERHEAD_DEBUG=1.")
            return "development only: not secret"
        if len(key) < SECRET_KEY_LENGTH_MIN:
            said = f"has {len(key)} characters; at least {SECRET_KEY_LENGTH_MIN} are needed."
            self.fault("WEATHERHEAD_SECRET_KEY", said, make, grave=not self.debug)
        elif len(set(key)) < SECRET_KEY_CHARACTERS_MIN or key.lower().startswith(_PLACEHOLDERS):
            said = "is easily guessed: a placeholder, or the same few characters."
            self.fault("WEATHERHEAD_SECRET_KEY", said, make, grave=not self.debug)
        return key

    def keys(self) -> str:
        ring = self.text("WEATHERHEAD_KEYS")
        if not ring:
            said, remedy = "is not set: no secret can be written or read.", "Make a key: weatherhead secrets new-key"
            self.fault("WEATHERHEAD_KEYS", said, remedy, "k20261126-9f3a:<44 characters>", grave=not self.debug)
            return ring
        for problem in key_ring_problems(ring):
            remedy = "Write id:key,id:key with the newest first; a new one: weatherhead secrets new-key"
            self.fault("WEATHERHEAD_KEYS", f"{problem}.", remedy, "k20261126-9f3a:<44 characters>")
        return ring

    def var(self) -> Path:
        example = "install -d -o weatherhead -m 750 /var/lib/weatherhead"
        return self.directory("WEATHERHEAD_VAR", str(PROJECT_DIR / "var"), example=example)

    def outbox(self, var: Path) -> Path:
        if not self.environ.get("WEATHERHEAD_OUTBOX", "").strip():
            return var / "outbox"  # whatever is wrong with it is said of WEATHERHEAD_VAR
        example = "install -d -o weatherhead -m 700 /var/spool/weatherhead"
        return self.directory("WEATHERHEAD_OUTBOX", "", example=example)

    def directory(self, setting: str, default: str, *, example: str) -> Path:
        """A directory that this user can write, or make."""
        path = Path(self.text(setting, default))
        if not path.is_absolute():
            path = path.absolute()
        nearest = path
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
        if not nearest.is_dir():
            said = f"{nearest} is a file, so {path} cannot be a directory."
            self.fault(setting, said, "Name a directory of its own.", example)
        elif not _writable(nearest):
            said = f"{path} cannot be written by this user."
            self.fault(setting, said, "Give the directory to the user that runs Weatherhead.", example)
        return path

    def database(self, var: Path) -> dict[str, Any] | None:
        url = self.text("DATABASE_URL", f"sqlite:///{var / 'weatherhead.sqlite3'}")
        example = (
            "postgresql://weatherhead_app:…@127.0.0.1:5432/weatherhead or sqlite:////var/lib/weatherhead/books.sqlite3"
        )
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            self.fault(
                "DATABASE_URL", f"cannot be read: {_without_secret(str(error), url)}.", "Write it again.", example
            )
            return None
        if parts.scheme == "sqlite":
            return self.sqlite(parts, example=example)
        if parts.scheme in ("postgres", "postgresql"):
            return self.postgresql(parts, port=port, example=example)
        said = f"starts with {parts.scheme!r}, which is no database that Weatherhead keeps books in."
        self.fault("DATABASE_URL", said, "Use postgresql:// or sqlite:///.", example)
        return None

    def sqlite(self, parts: SplitResult, *, example: str) -> dict[str, Any] | None:
        if parts.netloc:
            said = f"reads sqlite://{parts.netloc.rpartition('@')[2]}…, with two slashes."
            self.fault("DATABASE_URL", said, "Write three slashes before a path, four before an absolute one.", example)
            return None
        if parts.query or parts.fragment:
            said = "goes on after the path with ? or #, which would be passed over."
            self.fault("DATABASE_URL", said, "End it with the file's name; write %3F and %23 for signs in it.", example)
            return None
        # sqlite:///relative and sqlite:////absolute, as elsewhere
        name = unquote(parts.path.removeprefix("/")) or ":memory:"
        path = Path(name)
        if name != ":memory:" and path.is_dir():
            self.fault("DATABASE_URL", f"{path} is a directory.", "Name a file in it.", example)
        elif name != ":memory:" and path.exists() and not os.access(path, os.W_OK):
            remedy = "Give the file to the user that runs Weatherhead."
            self.fault("DATABASE_URL", f"{path} cannot be written by this user.", remedy, f"chown weatherhead {path}")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
            },
        }

    def postgresql(self, parts: SplitResult, *, port: int | None, example: str) -> dict[str, Any] | None:
        name, options = unquote(parts.path.removeprefix("/")), dict(parse_qsl(parts.query))
        before = len(self.faults)
        if not name:
            self.fault("DATABASE_URL", "names no database after the host.", "End it with /name.", example)
        if not parts.username:
            self.fault("DATABASE_URL", "names no user.", "Write user:password@ before the host.", example)
        if unknown := sorted(set(options) - set(_POSTGRESQL_OPTIONS)):
            said = f"has options that are not known here: {', '.join(unknown)}."
            self.fault("DATABASE_URL", said, f"Known are {', '.join(_POSTGRESQL_OPTIONS)}.", example)
        if len(self.faults) > before:
            return None
        host = unquote(parts.hostname or "") or options.pop("host", "")
        options.pop("host", None)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": host,
            "PORT": str(port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            # A server that does not answer is an error in seconds, not a page that hangs.
            "OPTIONS": {"connect_timeout": 10, **options},
        }

    def hosts(self) -> tuple[str, ...]:
        hosts = tuple(host.strip() for host in self.text("WEATHERHEAD_HOSTS").split(",") if host.strip())
        example = "WEATHERHEAD_HOSTS=billing.example.org"
        for host in hosts:
            if host == "*":
                said = "is *, which answers to whatever name a request claims."
                self.fault("WEATHERHEAD_HOSTS", said, "List the names.", example, grave=not self.debug)
            elif not _HOST.fullmatch(host):
                said = f"{host!r} is no host name: no scheme, port or path belongs here."
                self.fault("WEATHERHEAD_HOSTS", said, "Write names alone, with commas between.", example)
        # Probes and workers on this machine ask by its own names.
        return tuple(dict.fromkeys((*hosts, *LOOPBACK)))

    def require_https(self, hosts: tuple[str, ...], *, https: bool) -> None:
        public = [host for host in hosts if host not in LOOPBACK]
        if public and not https and not self.debug:
            said = f"is off, and {public[0]} is served: names and passwords would travel in clear."
            remedy = "Set WEATHERHEAD_HTTPS=1 behind a proxy that ends TLS; see deploy/."
            self.fault("WEATHERHEAD_HTTPS", said, remedy, "WEATHERHEAD_HTTPS=1")
        if public and self.debug:
            said = f"is 1, and {public[0]} is served: an error page would show everything."
            self.fault("WEATHERHEAD_DEBUG", said, "Take WEATHERHEAD_DEBUG away, or serve this machine only.")

    def mail(self) -> SplitResult | None:
        text = self.environ.get("WEATHERHEAD_SMTP", "").strip()
        if not text:
            return None
        try:
            parts = urlsplit(text)
            usable = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and (parts.port or 25) > 0
        except ValueError:
            parts, usable = SplitResult("", "", "", "", ""), False
        if not usable:
            remedy, example = "Write smtp://user:password@host:port, or smtps://….", "smtp://mail.example.org:587"
            self.fault("WEATHERHEAD_SMTP", "is no address of a mail server.", remedy, example)
            return None
        return parts

    def today(self, utility: Utility | None) -> date | None:
        text = self.text("WEATHERHEAD_TODAY")
        if not text:
            return None
        try:
            today = date.fromisoformat(text)
        except ValueError:
            remedy = "Write it as 2026-11-19, or take it away."
            self.fault("WEATHERHEAD_TODAY", f"{text!r} is not a date.", remedy)
            return None
        if today.year not in YEARS:
            self.fault("WEATHERHEAD_TODAY", f"{text} lies before 1900 or after 2199.", "Check the year.")
        if utility is not None and not utility.fictional and not self.debug:
            said = f"stops the day at {today}: bills and late charges of {utility.name} would carry a wrong date."
            self.fault("WEATHERHEAD_TODAY", said, "Take it away: only a demo has a fixed day.")
        return today

    def log(self) -> str:
        text = self.text("WEATHERHEAD_LOG", "console" if self.debug else "json")
        if text not in ("json", "console"):
            self.fault("WEATHERHEAD_LOG", f"{text!r} is no form of log.", "Write json or console.", "json")
            return "json"
        return text

    def metrics_token(self) -> str:
        token = self.environ.get("WEATHERHEAD_METRICS_TOKEN", "")
        if token and len(token) < TOKEN_LENGTH_MIN:
            said = f"has {len(token)} characters; at least {TOKEN_LENGTH_MIN} are needed."
            remedy = "Give a long random text, or take it away: then only this machine may ask."
            self.fault("WEATHERHEAD_METRICS_TOKEN", said, remedy)
        return token

    def disk_free_min_mb(self) -> int:
        text = self.text("WEATHERHEAD_DISK_FREE_MIN_MB", "500")
        if not text.isdecimal():
            said = f"{text!r} is no number of megabytes."
            self.fault("WEATHERHEAD_DISK_FREE_MIN_MB", said, "Write a whole number.", "500")
            return 500
        return int(text)

    def demo(self, utility: Utility | None) -> None:
        if utility is None or utility.fictional:
            return
        for name in ("WEATHERHEAD_DEMO_PASSWORD", "WEATHERHEAD_DEMO_SIGN_INS"):
            if self.environ.get(name):
                said = f"is set, and {utility.name} is no demo: the sign-in page would print a password."
                self.fault(name, said, f"Take {name} away.")

    def misspelled(self) -> None:
        for name in sorted(self.environ):
            if name.startswith("WEATHERHEAD_") and name not in _KNOWN and not name.startswith("WEATHERHEAD_TEST_"):
                near = get_close_matches(name, _KNOWN, n=1)
                remedy = f"Did you mean {near[0]}?" if near else "Take it away; see docs/configuration.md."
                self.fault(name, "is not a setting of Weatherhead, and does nothing.", remedy, grave=False)


def key_ring_problems(text: str) -> Iterator[str]:
    """What is wrong with a key ring ``id:key,id:key``; never says a key."""
    seen: set[str] = set()
    for position, part in enumerate(text.split(","), 1):
        key_id, _, encoded = part.strip().partition(":")
        if not _KEY_ID.fullmatch(key_id):
            yield f"entry {position} must read id:key"
            continue
        if key_id in seen:
            yield f"the key {key_id} stands twice"
        seen.add(key_id)
        try:
            material = base64.urlsafe_b64decode(encoded)
        except (ValueError, binascii.Error):
            yield f"the key {key_id} is not base64"
            continue
        if len(material) != _KEY_BYTES:
            yield f"the key {key_id} has {len(material)} bytes, not {_KEY_BYTES}"


def _writable(directory: Path) -> bool:
    return os.access(directory, os.W_OK | os.X_OK)


def _without_secret(said: str, url: str) -> str:
    """An error's text without the password, which Python repeats in some."""
    password = url.rpartition("@")[0].rpartition(":")[2]
    return said.replace(password, "…") if len(password) > 1 else said
