"""What deploy/ holds starts what there is: units, containers, proxies."""

from __future__ import annotations

import re
import shutil
import subprocess
from argparse import ArgumentParser
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from gunicorn.config import Config

from tests.operation.installation import ROOT
from weatherhead.areas.records import environment
from weatherhead.interfaces.cli import main as cli

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "CapabilityBoundingSet": "",
    "User": "weatherhead",
}
EXPOSURE_MAX = 2.0


class Unit(RawConfigParser):
    """A unit file; what stands twice adds up, so the last is enough here."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None, comment_prefixes=("#", ";"))
        self.optionxform = str  # type: ignore[assignment, method-assign]
        self.read(path)


def known_command(words: list[str]) -> bool:
    """Whether there is such a command, with such options: its own parser, or the web server's, takes them."""
    if Path(words[0]).name == "gunicorn":
        parser: ArgumentParser = Config().parser()
    elif Path(words[0]).name == "weatherhead":
        parser = cli._parser(next(command for command in cli.COMMANDS if command.name == words[1]))
    else:
        return False
    try:
        parser.parse_args(words[1:])
    except SystemExit:
        return False
    return True


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_hardened_and_starts_what_there_is(path: Path) -> None:
    service = Unit(path)["Service"]
    assert {name: service.get(name) for name in HARDENED} == HARDENED
    assert known_command(service["ExecStart"].split())
    if service["Type"] != "oneshot":
        assert service["RestartPreventExitStatus"] == "2", "a faulty installation is not started again and again"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    for path in [*UNITS, *(DEPLOY / "systemd").glob("*.timer")]:
        # The programs stand in /opt only where it is installed.
        text = path.read_text().replace("/opt/weatherhead/.venv/bin/", "/bin/").replace("/bin/gunicorn", "/bin/sh")
        (tmp_path / path.name).write_text(text.replace("/bin/weatherhead", "/bin/sh"))
    told = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )
    ours = [line for line in told.stderr.splitlines() if "weatherhead" in line]
    assert ours == []
    for path in UNITS:
        shown = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", str(path)], capture_output=True, text=True, check=False
        )
        found = re.search(r"exposure level for \S+: ([\d.]+)", shown.stdout)
        assert found, shown.stderr
        assert float(found[1]) <= EXPOSURE_MAX


def test_the_example_environment_names_only_what_is_known() -> None:
    text = (DEPLOY / "environment.example").read_text()
    names = re.findall(r"^#?([A-Z_]+)=", text, flags=re.MULTILINE)
    assert {name for name in names if name.startswith("WEATHERHEAD_")} <= set(environment._KNOWN)
    assert {name for name in names if not name.startswith("WEATHERHEAD_")} == {
        "DATABASE_URL",
        "WEB_BIND",
        "WEB_WORKERS",
        "WEB_THREADS",
    }


def test_a_command_by_hand_has_the_settings_of_the_services(tmp_path: Path) -> None:
    """Those of the file, read as systemd reads it, unless they are given with the command."""
    (tmp_path / "environment").write_text(
        "# comment\nDATABASE_URL=app's & 'own' $x\nWEATHERHEAD_VAR=/var/x\n\n#WEB_BIND=x\n"
    )
    told = tmp_path / "weatherhead"
    told.write_text('#!/bin/sh\nprintf "%s\\n" "$DATABASE_URL" "$WEATHERHEAD_VAR" "${WEB_BIND-none}" "$@"\n')
    told.chmod(0o755)
    text = (DEPLOY / "weatherhead-as-service").read_text()
    text = text.replace("/etc/weatherhead/environment", str(tmp_path / "environment"))
    text = text.replace("/opt/weatherhead/.venv/bin/weatherhead", str(told))
    text = text.replace("setpriv --reuid=weatherhead --regid=weatherhead --init-groups", "env")
    for given, wanted in (({}, "app's & 'own' $x"), ({"DATABASE_URL": "owner"}, "owner")):
        command = ["sh", "-c", text, "weatherhead", "check", "two words"]
        done = subprocess.run(
            command, env={"PATH": "/usr/bin:/bin", **given}, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines() == [wanted, "/var/x", "none", "check", "two words"]


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text())
    return found


def test_compose_hangs_together() -> None:
    file = compose()
    assert set(file) == {"name", "x-weatherhead", "services", "volumes"}
    for name, service in file["services"].items():
        mounts = [volume.partition(":")[0] for volume in service["volumes"]]
        assert all(mount in file["volumes"] or mount.startswith("./") for mount in mounts), name
        assert set(service.get("depends_on", {})) <= set(file["services"])
        assert not set(service.get("environment", {})) & {"POSTGRES_PASSWORD", "WEATHERHEAD_KEYS", "DATABASE_URL"}
        if name == "database":
            continue
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        command = service.get("command", ["gunicorn"])
        parts = command[2].split(" && ") if command[0] == "sh" else [" ".join(command)]
        assert all(known_command(part.split()) for part in parts)
        build = service["build"]
        where = (DEPLOY / "container" / build["context"]).resolve()
        assert (where / build["dockerfile"]).is_file()
    assert file["services"]["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_compose_makes_the_role_that_it_migrates_for() -> None:
    file = compose()
    [role] = re.findall(r"--role (\w+)", file["services"]["migrate"]["command"][2])
    mounted = [volume.split(":") for volume in file["services"]["database"]["volumes"]]
    [script] = [source for source, target, *_ in mounted if target.startswith("/docker-entrypoint-initdb.d/")]
    text = (DEPLOY / "container" / script).read_text()
    assert f"CREATE ROLE {role} LOGIN PASSWORD" in text
    subprocess.run(["sh", "-n", DEPLOY / "container" / script], check=True)


def test_the_container_copies_what_there_is() -> None:
    text = (DEPLOY / "container" / "Containerfile").read_text()
    for source in re.findall(r"^COPY (?!--)(\S+)", text, flags=re.MULTILINE):
        assert (ROOT / source).exists()
    assert "USER weatherhead" in text
    assert re.search(r"requirements/base\.txt", text)
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in kept, "the context is what is named: no secrets, no history, no environment of this machine"
    named = {line.removeprefix("!") for line in kept if line.startswith("!")}
    assert all((ROOT / name).exists() for name in named)
    assert {"src", "requirements", "pyproject.toml", "README.md", "LICENSE"} <= named
    assert not {".git", ".venv", "var", "deploy", "tests"} & named


def test_git_does_not_know_what_compose_reads_beside_itself() -> None:
    named = set(re.findall(r"\w+\.env|\./[a-z]+(?=:)", (DEPLOY / "container" / "compose.yaml").read_text()))
    assert {"owner.env", "app.env", "postgres.env", "./utility", "./backups"} <= named
    ignored = set((ROOT / ".gitignore").read_text().splitlines())
    assert {"/deploy/container/*.env", "/deploy/container/utility/", "/deploy/container/backups/"} <= ignored


@pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")
def test_nginx_finds_no_fault(tmp_path: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=x", "-days", "1",
         "-keyout", tmp_path / "key.pem", "-out", tmp_path / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    moved = {
        "/etc/ssl/weatherhead/": f"{tmp_path}/",
        "/var/log/nginx/": f"{tmp_path}/",
        "/etc/nginx/weatherhead-proxy.conf": str(DEPLOY / "nginx-proxy.conf"),
    }
    text = (DEPLOY / "nginx.conf").read_text()
    for old, new in moved.items():
        text = text.replace(old, new)
    (tmp_path / "whole.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{text}\n}}\n")
    told = subprocess.run(
        ["nginx", "-t", "-e", tmp_path / "error.log", "-c", tmp_path / "whole.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
