"""Files with names and addresses of customers: read by nobody but who wrote them."""

from __future__ import annotations

import os
from pathlib import Path

_MODE_FILE, _MODE_DIRECTORY = 0o600, 0o700


def write_private(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for its owner alone; so is the directory, where it is made.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(mode=_MODE_DIRECTORY, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE_FILE), "wb") as file:
        os.fchmod(file.fileno(), _MODE_FILE)  # one left behind may have been there with others
        file.write(content)
    part.replace(path)
