"""The manifest of a backup: what it holds, what made it, what is needed to bring it back. Never a secret."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from weatherhead.areas.records.canonical import digest, to_json
from weatherhead.core.values import DataModel, Refusal, gettext_noop

FORMAT = 1
NAME = "manifest.json"
SQLITE_FILE, POSTGRESQL_FILE = "database.sqlite3", "database.dump"


class NotABackup(Refusal):
    """The directory holds no manifest that can be used."""

    template = gettext_noop("%(path)s is no backup that can be used: %(problem)s. Choose another backup.")


class KeptFile(DataModel):
    """One file of the backup, by its path below it."""

    # No way out of the backup's own directory.
    path: Annotated[str, Field(pattern=r"^[^/.\\][^/\\]*(/[^/.\\][^/\\]*)*$")]
    size_bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(DataModel):
    """What a backup holds. `keys` are the ids of the keys that open its secrets and roots; the keys are elsewhere."""

    format: Literal[1] = 1
    weatherhead: str
    utility: str
    taken_at: datetime
    database: Literal["sqlite", "postgresql"]
    database_version: str
    migrations: tuple[str, ...]
    counts: dict[str, int]
    keys: tuple[str, ...]
    files: tuple[KeptFile, ...]
    attachments: int
    attachments_missing: tuple[str, ...]
    audit_roots: int
    queue: dict[str, int]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)

    @property
    def database_file(self) -> str:
        """The file that holds the database."""
        return SQLITE_FILE if self.database == "sqlite" else POSTGRESQL_FILE


def manifest_text(manifest: Manifest) -> str:
    """The manifest as it is written: its content, and a hash that tells a damaged one."""
    said = to_json(manifest.model_dump(mode="json"))
    return json.dumps({"said": said, "sha256": digest(said)}, indent=1, sort_keys=True) + "\n"


def read_manifest(backup: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        NotABackup: there is none, it is damaged, or another version wrote it in another form.
    """
    path = backup / NAME
    try:
        outer = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotABackup(path=backup, problem=f"it holds no {NAME}") from None
    except (OSError, ValueError) as error:
        raise NotABackup(path=backup, problem=f"{NAME} cannot be read ({type(error).__name__})") from error
    said = outer.get("said") if isinstance(outer, dict) else None
    if not isinstance(said, dict):
        raise NotABackup(path=backup, problem=f"{NAME} is not one of Weatherhead's")
    if said.get("format") != FORMAT:
        raise NotABackup(
            path=backup, problem=f"it is of format {said.get('format')!r}, and this version reads {FORMAT}"
        )
    if digest(said) != outer.get("sha256"):
        raise NotABackup(path=backup, problem=f"{NAME} was changed after it was written")
    try:
        manifest = Manifest.model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise NotABackup(path=backup, problem=f"{NAME} says something impossible at {where}") from error
    if manifest.database_file not in {file.path for file in manifest.files}:
        raise NotABackup(path=backup, problem=f"{NAME} lists no {manifest.database_file}")
    return manifest
