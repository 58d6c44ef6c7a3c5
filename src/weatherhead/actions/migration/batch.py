"""Loading a whole set: check it, begin it, load its shards. Killed at any point, the same call goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from weatherhead.areas.migration.check_set import Checked, SetFiles, check_set, open_set
from weatherhead.areas.migration.facts import SetFacts
from weatherhead.areas.migration.plan import SHARD_SIZE, STAGES
from weatherhead.areas.migration.queries import KnownRows, migration_set, set_of_content, shards_done
from weatherhead.areas.migration.staging import open_staging, staging_path
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform


class JudgedOtherwise(Refusal):
    """The set is no longer checked as it was when it was begun."""

    template = gettext_noop(
        "Set %(name)s was begun when other rows of it were good: the rate book, utility.yaml or the program has "
        "changed since. Put it back as it was on %(on)s to finish."
    )


class BegunOtherwise(Refusal):
    """The set was begun in the other way."""

    template = gettext_noop(
        "Set %(name)s was begun %(how)s. Finish it so, and correct the rejected rows in a set of their own."
    )


class Progress(Protocol):
    """Told how far it has come, for a person who waits."""

    def reading(self, size_bytes: int) -> None:
        """More bytes were read."""

    def checking(self, file: str) -> None:
        """A file's references and sequences are being checked."""

    def loading(self, *, stage: str, shards: int) -> None:
        """A stage of some shards begins."""

    def loaded(self, rows: int) -> None:
        """A shard of some rows is loaded."""


class Silent:
    """Nobody waits."""

    def reading(self, size_bytes: int) -> None:
        """Say nothing."""

    def checking(self, file: str) -> None:
        """Say nothing."""

    def loading(self, *, stage: str, shards: int) -> None:
        """Say nothing."""

    def loaded(self, rows: int) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one call came to: the set, and how many shards it loaded itself."""

    set: SetFacts
    shards: int


def check_directory(directory: Path, *, progress: Progress, shard_size: int = SHARD_SIZE) -> Checked:
    """Check a set into its staging file.

    Raises:
        NoSuchDirectory, DataFileInvalid: the set cannot be told at all.
    """
    files = open_set(directory)
    before = set_of_content(files.sha256)
    known = KnownRows(source=files.control.source, set_id=before.set_id if before is not None else None)
    return check_set(files, known=known, read=progress.reading, checking=progress.checking, shard_size=shard_size)


def begun(checked: Checked) -> bool:
    """Whether loading of this very set was begun before."""
    return set_of_content(checked.files.sha256) is not None


def load_checked(checked: Checked, *, good_rows: bool, actor: Actor, moment: Moment, progress: Progress) -> Run:
    """Load a set that was checked, or what is missing of it. The same set again adds nothing.

    Raises:
        SetRefused, RowsRejected, NothingToLoad, CutOverInFuture, NameTaken: it is not begun.
        JudgedOtherwise, BegunOtherwise: it was begun, and is another now.
        RowsTakenMeanwhile: somebody entered something of it; run it again.
    """
    found = _begin(checked, good_rows=good_rows, actor=actor, moment=moment)
    staging = open_staging(checked.files.sha256, plan_sha256=found.plan_sha256)
    try:
        shards = staging.noted("shards")
    finally:
        staging.close()
    done = shards_done(found.set_id)
    count = 0
    for stage in STAGES:
        waiting = [number for number in shards[stage] if (stage, number) not in done]
        progress.loading(stage=stage, shards=len(waiting))
        for number in waiting:
            receipt = perform(
                "load_migration_shard",
                actor=actor,
                key=f"migration {found.set_id} {stage} {number}",
                moment=moment,
                inputs={"set_id": found.set_id, "stage": stage, "number": number},
            )
            progress.loaded(sum(change["after"] for change in receipt.body["changes"]))
            count += 1
    return Run(set=migration_set(found.set_id), shards=count)


def _begin(checked: Checked, *, good_rows: bool, actor: Actor, moment: Moment) -> SetFacts:
    sha256 = checked.files.sha256
    found = set_of_content(sha256)
    if found is None:
        receipt = perform(
            "begin_migration",
            actor=actor,
            key=f"migration {sha256[:32]} {checked.plan_sha256[:32]} {'good' if good_rows else 'all'}",
            moment=moment,
            inputs={"sha256": sha256, "good_rows": good_rows},
        )
        [set_id] = receipt.body["made"]["migration_set"]
        return migration_set(set_id)
    if found.plan_sha256 != checked.plan_sha256:
        raise JudgedOtherwise(name=found.name, on=found.begun_at.date())
    if found.good_rows != good_rows:
        how = gettext_noop("with --good-rows") if found.good_rows else gettext_noop("all or nothing")
        raise BegunOtherwise(name=found.name, how=how)
    return found


def forget_staging(files: SetFiles) -> None:
    """Remove the staging file: it holds what the files hold."""
    staging_path(files.sha256).unlink(missing_ok=True)
