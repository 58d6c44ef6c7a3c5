"""Run the campaigns: the long tests with full counts, whose results are kept in docs/campaigns.

    python -m scripts.campaign                      every campaign, with the counts it sets itself
    python -m scripts.campaign rating               one of them
    python -m scripts.campaign rating -- --seed 7   what follows -- goes to the campaign

A campaign is a module of tests/campaign that runs by itself, goes on where it was interrupted, and writes its own
result with seed, revision, machine and duration.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from scripts.check import ROOT


def campaigns() -> list[str]:
    """The names of all campaigns, sorted. What they share cannot be run by itself."""
    modules = (ROOT / "tests/campaign").glob("[a-z]*.py")
    return sorted(path.stem for path in modules if '__name__ == "__main__"' in path.read_text(encoding="utf-8"))


def main(arguments: Sequence[str]) -> int:
    """Run the campaigns named, or all; return 1 if one failed, 2 if one does not exist."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    known = campaigns()
    names, extra = list(arguments[:split]) or known, arguments[split + 1 :]
    if unknown := [name for name in names if name not in known]:
        print(f"There is no campaign {', '.join(unknown)}. There are: {', '.join(known)}.")
        return 2
    failed = []
    for name in names:
        print(f"--- {name} ---", flush=True)
        started = time.monotonic()
        code = subprocess.run(
            [sys.executable, "-m", f"tests.campaign.{name}", *extra], cwd=ROOT, check=False
        ).returncode
        print(f"{'ok' if code == 0 else 'FAILED'} {name}, {time.monotonic() - started:.0f} s", flush=True)
        if code:
            failed.append(name)
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
