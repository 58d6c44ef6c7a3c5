"""Where a built demo stands, what opens it, and whether it is still what would be built now."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.interfaces.cli.demo_town.people import PASSWORD, STAFF
from weatherhead.interfaces.cli.demo_town.reading_days import TODAY

PACKAGE = Path(__file__).resolve().parents[3]
PROJECT = PACKAGE.parents[1]
DATABASE, FINGERPRINT = "town.sqlite3", "fingerprint"

_BUILT_BY = ("core", "areas", "door", "actions", "interfaces/cli/demo_town")
_BUILT_FROM = ("tariffs/prairie-city", "jobs", "regulations/prairie-city", "examples/prairie-city")
_KEPT = ("WEATHERHEAD_SECRET_KEY", "WEATHERHEAD_KEYS")


class NotOurDatabase(Refusal):
    """A file stands where the demo would be built."""

    template = gettext_noop("%(path)s was not built by weatherhead demo. Move it away, or name another file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Everything of one built demo: database, and a directory with attachments, audit roots and static files.

    It is whole or absent: a build happens beside it and is moved here at the end. `settings` opens it from a shell, and
    keeps its keys over a rebuild.
    """

    directory: Path
    database: Path
    settings: Path

    @property
    def fingerprint(self) -> str:
        """Of what was built; empty where nothing is."""
        path = self.directory / FINGERPRINT
        return path.read_text(encoding="ascii").strip() if path.is_file() and self.database.is_file() else ""

    def beside(self) -> Home:
        """Where a build happens until it is whole. What an interrupted one left there is removed.

        Raises:
            NotOurDatabase: the place is taken by something else.
        """
        if self.database.exists() and not (self.directory / FINGERPRINT).is_file():
            raise NotOurDatabase(path=self.database)
        directory = self.directory.with_name(f".{self.directory.name}.building")
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        return Home(directory=directory, database=directory / DATABASE, settings=self.settings)

    def replace_by(self, built: Home, *, fingerprint: str) -> None:
        """Put a whole build in this place, the database last."""
        (built.directory / FINGERPRINT).write_text(f"{fingerprint}\n", encoding="ascii")
        old = self.directory.with_name(f".{self.directory.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if self.directory.exists():
            self.directory.rename(old)
        built.directory.rename(self.directory)
        if self.database.parent != self.directory:
            (self.directory / DATABASE).replace(self.database)
        shutil.rmtree(old, ignore_errors=True)
        self.write_settings()

    def environment(self) -> dict[str, str]:
        """What opens it: every setting that a command or server needs."""
        return {
            **self._keys(),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "WEATHERHEAD_VAR": str(self.directory),
            "WEATHERHEAD_UTILITY": str(PROJECT / "examples" / "prairie-city" / "utility.yaml"),
            "WEATHERHEAD_TODAY": TODAY.isoformat(),
            "WEATHERHEAD_DEMO_PASSWORD": PASSWORD,
            "WEATHERHEAD_DEMO_SIGN_INS": ",".join(f"{person.username}:{person.works_as}" for person in STAFF),
            "DJANGO_SETTINGS_MODULE": "weatherhead.config.settings",
        }

    def write_settings(self) -> None:
        """Write the environment as lines of a shell, readable by their owner only: keys are among them."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in self.environment().items()]
        self.settings.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.settings.with_name(f".{self.settings.name}.new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(lines)
        fresh.replace(self.settings)

    def _keys(self) -> dict[str, str]:
        """Secret key and key ring as they are kept, or new ones, kept at once."""
        known = read_settings(self.settings)
        if all(name in known for name in _KEPT):
            return {name: known[name] for name in _KEPT}
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        made = {
            "WEATHERHEAD_SECRET_KEY": secrets.token_urlsafe(50),
            "WEATHERHEAD_KEYS": f"demo-{secrets.token_hex(2)}:{key}",
        }
        self.settings.parent.mkdir(parents=True, exist_ok=True)
        self.settings.unlink(missing_ok=True)
        descriptor = os.open(self.settings, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{name}={shlex.quote(value)}\n" for name, value in made.items())
        return made


def read_settings(path: Path) -> dict[str, str]:
    """The lines of a settings file by name; empty where there is none."""
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {name: "".join(shlex.split(value)) for name, value in pairs}


def use(environment: Mapping[str, str]) -> None:
    """Make an environment this process's own; what a developer has set otherwise does not reach the demo."""
    for name in ("WEATHERHEAD_DEBUG", "WEATHERHEAD_HTTPS", "WEATHERHEAD_HOSTS"):
        os.environ.pop(name, None)
    os.environ.update(environment)


def town_fingerprint(*, services: int, months: int, lived: int = 0) -> str:
    """A hash of everything that the town is made of: code, rules, loads and size. The same hash, the same town."""
    total = hashlib.sha256(f"{services} {months} {lived}".encode())
    for path in _sources():
        total.update(f"\n{path.relative_to(PROJECT)} ".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def static_fingerprint() -> str:
    """A hash of the style sheets, scripts and fonts."""
    total = hashlib.sha256()
    for path in sorted((PACKAGE / "interfaces").glob("*/static/**/*")):
        if path.is_file():
            total.update(f"\n{path.relative_to(PACKAGE)} ".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def _sources() -> Iterator[Path]:
    for name in _BUILT_BY:
        yield from sorted((PACKAGE / name).rglob("*.py"))
    for name in _BUILT_FROM:
        yield from sorted(path for path in (PROJECT / name).rglob("*") if path.is_file())
