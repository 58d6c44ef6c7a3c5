"""Every fault of the environment is found, all at once, with what to do; and no fault repeats a secret."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.operation.installation import KEYS, ROOT, SECRET_KEY, right
from weatherhead.areas.records.environment import InstallationFaulty, environment_faults, read_environment

EXAMPLE = ROOT / "examples/prairie-city/utility.yaml"


def real_utility(tmp_path: Path) -> str:
    """A utility that is no demo."""
    text = EXAMPLE.read_text().replace("fictional: true", "fictional: false").replace("../../", f"{ROOT}/")
    path = tmp_path / "utility.yaml"
    path.write_text(text)
    return str(path)


def broken_utility(tmp_path: Path) -> str:
    text = EXAMPLE.read_text().replace("../../", f"{ROOT}/").replace("America/Chicago", "America/Omaha")
    path = tmp_path / "utility.yaml"
    path.write_text(text.replace("due_days: 20", "due_days: 99"))
    return str(path)


def file_for_directory(tmp_path: Path) -> str:
    (tmp_path / "taken").write_text("")
    return str(tmp_path / "taken")


# variable, value (or what makes it), what the fault says, whether it stops the start
Case = tuple[str, str | Callable[[Path], str], str, bool]
CASES: dict[str, Case] = {
    "no secret key": ("WEATHERHEAD_SECRET_KEY", "", "is not set", True),
    "a short secret key": ("WEATHERHEAD_SECRET_KEY", "Tr0ub4dor&3", "has 11 characters; at least 32", True),
    "a dull secret key": ("WEATHERHEAD_SECRET_KEY", "abab" * 12, "easily guessed", True),
    "a placeholder": ("WEATHERHEAD_SECRET_KEY", f"django-insecure-{SECRET_KEY}", "easily guessed", True),
    "no key ring": ("WEATHERHEAD_KEYS", "", "no secret can be written or read", True),
    "a key without a name": ("WEATHERHEAD_KEYS", KEYS.partition(":")[2], "entry 1 must read id:key", True),
    "a key cut short": ("WEATHERHEAD_KEYS", KEYS[:-8], "the key k1", True),
    "a key of too few bytes": ("WEATHERHEAD_KEYS", "k1:c2hvcnQ=", "has 5 bytes, not 32", True),
    "a key twice": ("WEATHERHEAD_KEYS", f"{KEYS},{KEYS}", "the key k1 stands twice", True),
    "another database": ("DATABASE_URL", "mysql://u:p@db/books", "starts with 'mysql'", True),
    "an impossible port": ("DATABASE_URL", "postgresql://u:p@db:543210/books", "Port out of range", True),
    "no database's name": ("DATABASE_URL", "postgresql://u:p@db:5432", "names no database", True),
    "no user": ("DATABASE_URL", "postgresql://db:5432/books", "names no user", True),
    "an unknown option": ("DATABASE_URL", "postgresql://u:p@db/books?sslmod=require", "not known here: sslmod", True),
    "two slashes": ("DATABASE_URL", "sqlite://books.sqlite3", "with two slashes", True),
    "an option for SQLite": ("DATABASE_URL", "sqlite:////var/lib/books.sqlite3?mode=ro", "passed over", True),
    "a sign in the file's name": ("DATABASE_URL", "sqlite:////var/lib/books#2.sqlite3", "passed over", True),
    "a directory for a database": ("DATABASE_URL", lambda path: f"sqlite:///{path}", "is a directory", True),
    "no utility.yaml": ("WEATHERHEAD_UTILITY", "/nowhere/utility.yaml", "cannot be read: No such file", True),
    "a wrong utility.yaml": ("WEATHERHEAD_UTILITY", broken_utility, "billing.due_days: ", True),
    "an unknown time zone": ("WEATHERHEAD_UTILITY", broken_utility, "time_zone: ", True),
    "a file for a directory": ("WEATHERHEAD_VAR", file_for_directory, "is a file", True),
    "any host": ("WEATHERHEAD_HOSTS", "*", "answers to whatever name", True),
    "a host with a scheme": ("WEATHERHEAD_HOSTS", "https://billing.example.org", "is no host name", True),
    "a host with a port": ("WEATHERHEAD_HOSTS", "billing.example.org:8000", "is no host name", True),
    "a public host without HTTPS": ("WEATHERHEAD_HOSTS", "billing.example.org", "travel in clear", True),
    "HTTPS said in another way": ("WEATHERHEAD_HTTPS", "yes", "neither 1 nor 0", True),
    "debug said in another way": ("WEATHERHEAD_DEBUG", "true", "neither 1 nor 0", True),
    "no mail server": ("WEATHERHEAD_SMTP", "mail.example.org:587", "no address of a mail server", True),
    "a day that is none": ("WEATHERHEAD_TODAY", "19.11.2026", "is not a date", True),
    "a day of another age": ("WEATHERHEAD_TODAY", "9999-12-31", "lies before 1900 or after 2199", True),
    "another form of log": ("WEATHERHEAD_LOG", "xml", "no form of log", True),
    "a short token": ("WEATHERHEAD_METRICS_TOKEN", "letmein", "has 7 characters", True),
    "a disk limit in words": ("WEATHERHEAD_DISK_FREE_MIN_MB", "plenty", "no number of megabytes", True),
    "a misspelled setting": ("WEATHERHEAD_HOST", "billing.example.org", "does nothing", False),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_fault_is_said_with_what_to_do(case: Case, tmp_path: Path) -> None:
    name, given, said, stops = case
    value = given if isinstance(given, str) else given(tmp_path)
    environ = right(tmp_path, **{name: value})
    [fault] = [fault for fault in environment_faults(environ) if said in fault.problem]
    assert fault.setting == ("WEATHERHEAD_HTTPS" if said == "travel in clear" else name)
    assert fault.grave is stops
    assert fault.remedy
    if stops:
        with pytest.raises(InstallationFaulty, match="does not start until this is put right"):
            read_environment(environ)
    else:
        read_environment(environ)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WEATHERHEAD_TODAY", "2026-11-19", "would carry a wrong date"),
        ("WEATHERHEAD_DEMO_PASSWORD", "demo", "would print a password"),
        ("WEATHERHEAD_DEMO_SIGN_INS", "reyes:representative", "would print a password"),
    ],
)
def test_what_only_a_demo_may_have(name: str, value: str, said: str, tmp_path: Path) -> None:
    demo = right(tmp_path, **{name: value})
    assert not environment_faults(demo)
    found = environment_faults(demo | {"WEATHERHEAD_UTILITY": real_utility(tmp_path)})
    assert [fault.setting for fault in found if said in fault.problem and fault.grave] == [name]


def test_debug_serves_this_machine_only(tmp_path: Path) -> None:
    here = {"WEATHERHEAD_DEBUG": "1", "WEATHERHEAD_SECRET_KEY": "short"}
    assert not any(fault.grave for fault in environment_faults(right(tmp_path, **here)))
    [fault] = environment_faults(
        right(tmp_path, WEATHERHEAD_DEBUG="1", WEATHERHEAD_HOSTS="billing.example.org", WEATHERHEAD_HTTPS="1")
    )
    assert (fault.setting, fault.grave) == ("WEATHERHEAD_DEBUG", True)


def test_a_directory_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weatherhead.areas.records.environment.os.access", lambda path, mode: False)
    [fault] = environment_faults(right(tmp_path))
    assert fault.setting == "WEATHERHEAD_VAR"
    assert fault.problem == f"{tmp_path} cannot be written by this user."


def test_all_faults_come_at_once_and_none_repeats_a_secret(tmp_path: Path) -> None:
    secrets = {"key": "hunter2hunter2", "ring": base64.b64encode(b"hunter3").decode(), "database": "hunter4"}
    environ = {
        "WEATHERHEAD_VAR": str(tmp_path),
        "WEATHERHEAD_SECRET_KEY": secrets["key"],
        "WEATHERHEAD_KEYS": f"k1:{secrets['ring']}",
        "DATABASE_URL": f"postgresql://books:{secrets['database']}@db:x/books",
        "WEATHERHEAD_SMTP": "http://mail:hunter5@mail.example.org",
        "WEATHERHEAD_METRICS_TOKEN": "hunter6",
    }
    with pytest.raises(InstallationFaulty) as caught:
        read_environment(environ)
    assert [fault.setting for fault in caught.value.faults] == [
        "WEATHERHEAD_SECRET_KEY",
        "WEATHERHEAD_KEYS",
        "DATABASE_URL",
        "WEATHERHEAD_SMTP",
        "WEATHERHEAD_METRICS_TOKEN",
    ]
    assert "hunter" not in str(caught.value)
    assert secrets["ring"] not in str(caught.value)


def test_a_right_environment_has_no_fault(tmp_path: Path) -> None:
    environ = right(tmp_path, WEATHERHEAD_HOSTS="billing.example.org, .example.net", WEATHERHEAD_HTTPS="1")
    assert environment_faults(environ) == ()
    found = read_environment(
        environ
        | {"DATABASE_URL": "postgresql://app:p%40ss@db.example.org:5433/books?sslmode=verify-full"}
        | {"WEATHERHEAD_TODAY": "2026-11-19"}
    )
    assert found.hosts == ("billing.example.org", ".example.net", "127.0.0.1", "localhost", "[::1]")
    assert (found.database["PASSWORD"], found.database["PORT"]) == ("p@ss", "5433")
    assert found.database["OPTIONS"] == {"connect_timeout": 10, "sslmode": "verify-full"}
    assert (found.today, found.log, found.debug) == (date(2026, 11, 19), "json", False)
    assert "p@ss" not in repr(found)
