"""The plan of loading: shards of places, of meters, of customers and of their balances, each complete in itself.

A stage begins when the one before it is done: meters hang at places, customers take service there, and balances belong
to accounts. A shard's rows are those of its heads: some premises with their service points, some meters with their
installations and reads, some customers with everything of theirs, some accounts with what they owe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weatherhead.areas.migration.layout import FILES
from weatherhead.areas.migration.staging import Staging
from weatherhead.areas.records.canonical import canonical

SHARD_SIZE = 2_500
"""Premises, meters or customers in a shard."""

ShardCounts = dict[str, dict[int, dict[str, int]]]
"""Rows by stage, shard and file."""

STAGES = ("places", "meters", "customers", "balances")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heads:
    """A table of heads: key → shard, and the row's number where an earlier set loaded it."""

    table: str
    file: str
    key: str
    kind: str
    parent: str = ""  # the heads that these follow
    parent_key: str = ""


_HEADS = (
    _Heads(table="shard_premises", file="premises", key="premise", kind="premise"),
    _Heads(table="shard_meters", file="meters", key="meter", kind="meter"),
    _Heads(table="shard_customers", file="customers", key="customer", kind="customer"),
    _Heads(table="shard_accounts", file="accounts", key="account", kind="account", parent="shard_customers",
           parent_key="customer"),
    _Heads(table="shard_agreements", file="agreements", key="agreement", kind="agreement", parent="shard_accounts",
           parent_key="account"),
)  # fmt: skip

PARTS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "places": (("premises", "shard_premises", "premise"), ("service_points", "shard_premises", "premise")),
    "meters": (("meters", "shard_meters", "meter"), ("reads", "shard_meters", "meter")),
    "customers": (
        ("customers", "shard_customers", "customer"),
        ("contacts", "shard_customers", "customer"),
        ("accounts", "shard_customers", "customer"),
        ("agreements", "shard_accounts", "account"),
        ("history", "shard_agreements", "agreement"),
        ("programs", "shard_accounts", "account"),
        ("notes", "shard_accounts", "account"),
    ),
    "balances": (("opening_balances", "shard_accounts", "account"), ("deposits", "shard_accounts", "account")),
}
"""What a shard of each stage holds: the file, the heads that place its rows, and the column that names a head."""


def make_shards(staging: Staging, *, size: int = SHARD_SIZE) -> None:
    """Give every head its shard. What earlier sets loaded comes in shards after the others."""
    for heads in _HEADS:
        staging.execute(f"DROP TABLE IF EXISTS {heads.table}")
        staging.execute(f"CREATE TABLE {heads.table} (key PRIMARY KEY, shard, row_id) WITHOUT ROWID")
        if heads.parent:
            staging.execute(
                f'INSERT INTO {heads.table} SELECT c."{heads.key}", p.shard, NULL FROM "{heads.file}" c'
                f' JOIN {heads.parent} p ON p.key = c."{heads.parent_key}" WHERE c.bad = 0'
            )
        else:
            staging.execute(
                f"INSERT INTO {heads.table} SELECT key, (ROW_NUMBER() OVER (ORDER BY line) - 1) / ? + 1, NULL FROM"
                f' (SELECT "{heads.key}" AS key, MIN(line) AS line FROM "{heads.file}" WHERE bad = 0'
                f' GROUP BY "{heads.key}")',
                [size],
            )
        last = staging.number(f"SELECT MAX(shard) FROM {(heads.parent or heads.table)}")
        last = max(last, staging.number(f"SELECT MAX(shard) FROM {heads.table}"))
        staging.execute(
            f"INSERT INTO {heads.table} SELECT key, (ROW_NUMBER() OVER (ORDER BY key) - 1) / ? + 1 + ?, row_id"
            " FROM moved WHERE kind = ?",
            [size, last, heads.kind],
        )
        staging.execute(f"CREATE INDEX {heads.table}_by_shard ON {heads.table} (shard)")


def shard_counts(staging: Staging) -> ShardCounts:
    """The rows of every shard that has some: by stage, shard and file."""
    found: ShardCounts = {}
    for stage in STAGES:
        of_stage: dict[int, dict[str, int]] = {}
        for file, heads, column in PARTS[stage]:
            rows = staging.execute(
                f'SELECT s.shard, COUNT(*) FROM "{file}" r JOIN {heads} s ON s.key = r."{column}" WHERE r.bad = 0'
                " GROUP BY s.shard"
            )
            for shard, count in rows:
                of_stage.setdefault(shard, {})[file] = count
        found[stage] = dict(sorted(of_stage.items()))
    return found


def rows_of_shard(staging: Staging, *, stage: str, file: str, shard: int, columns: Sequence[str]) -> Iterator[Any]:
    """A shard's rows of one file, in the order of their lines; `columns` are SQL expressions over `r`."""
    heads, column = next((heads, column) for name, heads, column in PARTS[stage] if name == file)
    return staging.execute(
        f'SELECT {", ".join(columns)} FROM {heads} s JOIN "{file}" r ON r."{column}" = s.key'
        " WHERE s.shard = ? AND r.bad = 0 ORDER BY r.line",
        [shard],
    )


def moved_of_shard(staging: Staging, *, heads: str, shard: int) -> dict[str, int]:
    """The heads of a shard that an earlier set loaded, with the numbers of their rows."""
    rows = staging.execute(f"SELECT key, row_id FROM {heads} WHERE shard = ? AND row_id IS NOT NULL", [shard])
    return dict(rows.fetchall())


def plan_digest(staging: Staging, *, sha256: str, counts: ShardCounts) -> str:
    """A hash of which rows of a set are loaded, in which shards: a run that is resumed must come to the same."""
    found = hashlib.sha256(f"{sha256}\n{canonical(counts)}".encode())
    for layout in FILES:
        for line in staging.rejected_lines(layout.name):
            found.update(f"{layout.name}:{line}\n".encode())
    return found.hexdigest()
