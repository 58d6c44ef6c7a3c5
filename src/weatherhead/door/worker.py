"""The worker: claims items of the one queue, does them, and marks each done in the commit of its work."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from django.db import connection, transaction

from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.database import one_writer
from weatherhead.areas.records.interruptions import INTERRUPTIONS, DatabaseDiskFull, interruption_of
from weatherhead.areas.records.operations.work_items import (
    ClaimedItem,
    LeaseLost,
    claim_item,
    fail_item,
    finish_item,
    keep_lease,
    put_off_delay,
    put_off_item,
    release_item,
)
from weatherhead.core.values import Refusal
from weatherhead.door.ahead import think_ahead
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform

LEASE = timedelta(seconds=60)
_OBJECTS_BEFORE_COLLECTING = 200_000
log = structlog.get_logger("weatherhead.worker")


class Clock(Protocol):
    """Gives the moment; made by an interface, because only interfaces read the clock."""

    def __call__(self) -> Moment:
        """The present moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An item's one action: what to `perform`. `key` makes a second time have no effect."""

    action: str
    actor: Actor
    key: str
    inputs: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """What does one kind of item, in the transaction that marks the item done; it must be idempotent.

    Either `task` says which action the item is, and the action's transaction is the item's; or `work` is called inside
    one, and returns what is kept as the item's result. `forgiven` are refusals after which nothing is left to do.
    """

    kind: str
    task: Callable[[Mapping[str, Json]], Task] | None = None
    work: Callable[[Mapping[str, Json], int, Moment], Json] | None = None
    forgiven: tuple[type[Refusal], ...] = ()


_handlers: dict[str, Handler] = {}


def handles(handler: Handler) -> Handler:
    """Register a handler. A kind taken twice is a bug."""
    if handler.kind in _handlers:
        raise ValueError(f"two handlers for {handler.kind}")
    if (handler.task is None) == (handler.work is None):
        raise ValueError(f"the handler for {handler.kind} needs a task or work, one of them")
    _handlers[handler.kind] = handler
    return handler


def settle_memory() -> None:
    """Let the garbage collector skip what is loaded, and run rarely; for a process that does nothing but work items.

    A shard makes hundreds of thousands of texts and rows that hold no circles: looking for some every 700 objects,
    as Python does, finds none and takes its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTING, 20, 20)


class Hands:
    """A worker's hands: they do one item after the other.

    On SQLite, whose one writer at a time is what workers wait for, the next item is claimed in the commit of the one
    before (`reach`), and thought about while another worker writes. Whoever stops lets it go.
    """

    def __init__(self, *, worker: str, clock: Clock, lease: timedelta = LEASE, reach: bool = False) -> None:
        """`lease` is how long an item is held without a sign of life."""
        self._worker, self._clock, self._lease = worker, clock, lease
        self._reach = reach and one_writer()
        self._next: ClaimedItem | None = None

    def work_once(self) -> ClaimedItem | None:
        """Claim and do one item. Returns it, or None when nothing waits. A failed item goes back with a delay.

        Raises:
            OperationalError, InterfaceError: the database answers so badly that not even this can be written down; an
                item in hand returns when its lease ends.
        """
        item, self._next = self._next, None
        if item is None:
            with transaction.atomic():
                item = self._claim()
        if item is None:
            return None
        self._work(item)
        return item

    def let_go(self) -> None:
        """Put back an item that was claimed and not begun."""
        item, self._next = self._next, None
        if item is not None:
            with transaction.atomic():
                release_item(item_id=item.item_id, worker=self._worker)

    def _claim(self) -> ClaimedItem | None:
        return claim_item(worker=self._worker, at=self._clock().at, lease=self._lease)

    def _work(self, item: ClaimedItem) -> None:
        worker, clock = self._worker, self._clock
        try:
            with _Heart(item=item, worker=worker, clock=clock, lease=self._lease):
                self._do(item)
        except LeaseLost:
            log.warning("lease lost", item=item.item_id, kind=item.kind)
        except INTERRUPTIONS as error:
            _put_off(item, worker=worker, at=clock().at, why=interruption_of(error))
        except Exception as error:  # a bad item must not stop the queue; it is kept, with its error, and tried again
            log.exception("work item failed", item=item.item_id, kind=item.kind, attempts=item.attempts)
            _put_back(item, worker=worker, at=clock().at, error=error)

    def _do(self, item: ClaimedItem) -> None:
        handler = _handlers.get(item.kind)
        if handler is None:
            raise LookupError(f"no handler for {item.kind}: is this worker older than the server?")
        reached: list[ClaimedItem | None] = []

        def finish(result: Json) -> None:
            finish_item(item_id=item.item_id, worker=self._worker, at=self._clock().at, result=result)
            if self._reach:
                reached[:] = [self._claim()]  # again from the beginning when the transaction is

        try:
            if handler.task is not None:
                self._perform(handler.task(item.payload), finish=finish)
            elif handler.work is not None:
                with transaction.atomic():
                    finish(handler.work(item.payload, item.item_id, self._clock()))
        except handler.forgiven as refusal:
            with transaction.atomic():
                finish({"refused": str(refusal)})
        if reached:
            [self._next] = reached

    def _perform(self, task: Task, *, finish: Callable[[Json], None]) -> None:
        moment = self._clock()
        thought = None
        if self._reach:
            try:
                thought = think_ahead(task.action, actor=task.actor, moment=moment, inputs=task.inputs)
            except Refusal as refusal:  # the action says so itself, in its transaction, if it is still so then
                log.info("refused while thinking ahead", action=task.action, refusal=refusal.code)
        perform(
            task.action,
            actor=task.actor,
            key=task.key,
            moment=moment,
            inputs=task.inputs,
            and_then=lambda receipt: finish({"receipt": receipt.receipt_id}),
            thought=thought,
        )


def work_once(*, worker: str, clock: Clock, lease: timedelta = LEASE) -> ClaimedItem | None:
    """Claim and do one item, as `Hands.work_once`, and hold nothing afterwards."""
    return Hands(worker=worker, clock=clock, lease=lease).work_once()


def tell_interruption(why: Refusal, **about: str | float) -> None:
    """Say in the log what the database stopped, and that a person must make room where its disk is full."""
    event = "the database's disk is full: make room, work goes on by itself"
    if not isinstance(why, DatabaseDiskFull):
        event = "the database stopped the work: it is tried again by itself"
    log.error(event, where=why.params["where"], said=why.params["said"], **about)


def _put_off(item: ClaimedItem, *, worker: str, at: datetime, why: Refusal) -> None:
    delay = put_off_delay(item.interruptions)
    # Told first: the database may be unable to write it down.
    tell_interruption(why, item=item.item_id, kind=item.kind, seconds=delay.total_seconds())
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()  # a lost one is opened anew
    with transaction.atomic():
        put_off_item(item, worker=worker, until=at + delay, why=str(why))


def _put_back(item: ClaimedItem, *, worker: str, at: datetime, error: Exception) -> None:
    said = f"{type(error).__name__}: {error}"
    with transaction.atomic():
        # A refusal does not pass by itself.
        lasting = isinstance(error, Refusal)
        fail_item(item_id=item.item_id, worker=worker, at=at, error=said, attempts=item.attempts, lasting=lasting)


class _Heart:
    """Lengthens the lease from a thread of its own while an item is worked on (PostgreSQL; SQLite has one writer)."""

    def __init__(self, *, item: ClaimedItem, worker: str, clock: Clock, lease: timedelta) -> None:
        self._item, self._worker, self._clock, self._lease = item, worker, clock, lease
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> None:
        if connection.features.has_select_for_update_skip_locked:
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()

    def __exit__(self, *_: Any) -> None:  # noqa: ANN401
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._lease.total_seconds() / 3):
            until: datetime = self._clock().at + self._lease
            try:
                with transaction.atomic():
                    held = keep_lease(item_id=self._item.item_id, worker=self._worker, until=until)
            except INTERRUPTIONS as error:
                tell_interruption(interruption_of(error), item=self._item.item_id, kind=self._item.kind)
                held = True  # nobody said that it is not; the work itself finds out
            finally:
                connection.close()
            if not held:
                return
