"""Files of a backup: copied with their hash, forced to the disk, and a full disk said as what it is."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from weatherhead.areas.records.backup.manifest import KeptFile
from weatherhead.core.values import Refusal, gettext_noop

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CHUNK = 1 << 20


class DiskFull(Refusal):
    """No room for what was to be written."""

    template = gettext_noop(
        "%(where)s is full: %(free)s MB are free. Nothing half-written was left; free space or name a larger disk, "
        "then start again."
    )


class CannotWrite(Refusal):
    """The place cannot be written."""

    template = gettext_noop("%(where)s cannot be written: %(problem)s.")


class Telling(Protocol):
    """Is told how far a step has come; `total` is 0 when nobody knows."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Take note."""


@contextmanager
def full_disk_said(where: Path) -> Iterator[None]:
    """Turn the errors of a full or closed disk into refusals that say so.

    Raises:
        DiskFull, CannotWrite: what was being written is the caller's to take away.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(where) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise CannotWrite(where=where, problem=error.strerror) from error
        raise
    except sqlite3.OperationalError as error:
        # SQLite tells a full disk as such, or as an input/output error when it strikes in the middle of a page.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise disk_full(where) from error
        if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise CannotWrite(where=where, problem=str(error)) from error
        raise


def disk_full(where: Path) -> DiskFull:
    """The refusal for a full disk."""
    near = where
    while not near.exists():
        near = near.parent
    return DiskFull(where=where, free=f"{shutil.disk_usage(near).free / 1_000_000:,.1f}")


def copy_file(source: Path, *, target: Path) -> tuple[int, str]:
    """Copy a file and force it to the disk; returns its size and SHA-256."""
    target.parent.mkdir(parents=True, exist_ok=True)
    total, size = hashlib.sha256(), 0
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(_CHUNK):
            writing.write(chunk)
            total.update(chunk)
            size += len(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return size, total.hexdigest()


def kept(path: Path, *, below: Path) -> KeptFile:
    """A file that stands already, as the manifest lists it."""
    size, sha256 = measure(path)
    return KeptFile(path=path.relative_to(below).as_posix(), size_bytes=size, sha256=sha256)


def measure(path: Path) -> tuple[int, str]:
    """A file's size and SHA-256."""
    with path.open("rb") as reading:
        return path.stat().st_size, hashlib.file_digest(reading, "sha256").hexdigest()


def write_through(path: Path, text: str) -> None:
    """Write a file and force it to the disk."""
    with path.open("w", encoding="utf-8") as writing:
        writing.write(text)
        writing.flush()
        os.fsync(writing.fileno())


def force_directory(path: Path) -> None:
    """Force a directory's names to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def force_tree(top: Path) -> None:
    """Force every file and directory below a directory to the disk, itself too."""
    for path in [*top.rglob("*"), top]:
        if path.is_dir():
            force_directory(path)
        else:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
