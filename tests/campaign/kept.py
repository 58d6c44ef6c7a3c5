"""What campaigns keep: their progress below var/campaigns, and what they ran on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROGRESS = ROOT / "var" / "campaigns"
PAGES = ROOT / "docs" / "campaigns"


def read_progress(name: str) -> dict[str, Any] | None:
    """What was kept under a name, or None."""
    path = PROGRESS / f"{name}.json"
    if not path.exists():
        return None
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def keep_progress(name: str, progress: Mapping[str, Any]) -> None:
    """Keep it at once, so that an interruption leaves the old or the new file, never half of one."""
    path = PROGRESS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(progress), encoding="utf-8")
    beside.replace(path)


def forget_progress(name: str) -> None:
    """Begin again."""
    (PROGRESS / f"{name}.json").unlink(missing_ok=True)


def revision(compared: Sequence[str]) -> str:
    """The last commit that touched what is compared; marked when that is with changes."""
    last = _git("log", "-1", "--format=%h", "--", *compared)
    return f"{last or 'unknown'}{', with changes' if _git('status', '--porcelain', '--', *compared) else ''}"


def machine() -> str:
    """The kind of machine."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
