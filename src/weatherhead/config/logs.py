"""Logs: one line an event on standard error; JSON where it runs for people, columns where it is built.

No personal data, by construction rather than by care: an event carries only the keys listed here; what a library
says keeps its own words and small numbers and loses everything that was put into them; an exception keeps its type
and its places in the code and loses its message, because database errors quote the row.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]

# What an event may say beside its name. A value is a number, a code of ours, or a name that is no person's.
KEYS = frozenset(
    {
        "action", "attempts", "code", "count", "duration_ms", "employee_id", "event", "exception", "faults", "item",
        "kind", "level", "logger", "method", "outcome", "queries", "receipt_id", "refusal", "request_id", "rule",
        "said", "seconds", "setting", "size_bytes", "status", "timestamp", "view", "where", "worker",
    }
)  # fmt: skip

_LINES_OF_TRACE = 12
_TEXT_LENGTH_MAX = 160
# A safety net under the list of keys: no value of ours looks like an address, a telephone or an account number.
_LOOKS_PERSONAL = re.compile(r"[^\s@]+@[^\s@]+|\d[\d\s().-]{5,}\d|\+\d{7,}")
_OURS_ALONE = frozenset({"request_id", "timestamp", "where"})  # made of figures and settings
_ARGUMENT = re.compile(r"%(\(\w+\))?[-#0 +]*(\d+|\*)?(\.\d+)?[a-zA-Z]")
_NUMBER_MAX = 1_000_000
_HELD_BACK = "…"


def configure_logs(*, form: str) -> dict[str, Any]:
    """Set structlog up and return the matching configuration of Python's own logging.

    Args:
        form: ``json`` for one object a line, ``console`` for people who build.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderers: list[Any] = [structlog.processors.JSONRenderer()]
    if form != "json":
        renderers = [_on_lines, structlog.dev.ConsoleRenderer(colors=False)]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*shared, quote_library],
        "processors": [
            tell_exception_without_message,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            keep_known_keys,
            *renderers,
        ],
        "pass_foreign_args": True,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "weatherhead": {"level": "INFO"},
            "gunicorn.error": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            # Ours tells every request, by view and without its address.
            "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
            "django.server": {"handlers": [], "level": "CRITICAL", "propagate": False},
            "django": {"level": "WARNING"},
        },
    }


def quote_library(_logger: object, _method: str, event: Event) -> Event:
    """Keep what a library always says, and small numbers; hold back what it put in.

    A text without places for arguments was often put together from what somebody sent (Django's refusal of a host
    repeats it), so it is replaced by the logger's name wherever the record belongs to a request or an exception.
    """
    record: logging.LogRecord | None = event.get("_record")
    if record is None:
        return event
    text = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    arguments = event.pop("positional_args", None) or record.args
    if arguments and _ARGUMENT.search(text):
        event["event"] = _fill(text, arguments)
    elif hasattr(record, "request") or record.exc_info or _LOOKS_PERSONAL.search(text):
        event["event"] = record.name
    else:
        event["event"] = text[:_TEXT_LENGTH_MAX]
    if isinstance(getattr(record, "status_code", None), int):
        event["status"] = record.status_code  # type: ignore[attr-defined]
    return event


def _fill(text: str, arguments: Any) -> str:  # noqa: ANN401 - whatever a library gave
    given = list(arguments) if isinstance(arguments, tuple) else []

    def one(match: re.Match[str]) -> str:
        if match[1] or not given:
            return _HELD_BACK
        value = given.pop(0)
        harmless = isinstance(value, int) and abs(value) < _NUMBER_MAX
        return str(value) if harmless else _HELD_BACK

    return _ARGUMENT.sub(one, text)[:_TEXT_LENGTH_MAX]


def tell_exception_without_message(_logger: object, _method: str, event: Event) -> Event:
    """An exception as its types and places in the code."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if given is True:
        import sys  # noqa: PLC0415

        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = _told(error)
    return event


def _on_lines(_logger: object, _method: str, event: Event) -> Event:
    """An exception as one text, for a console."""
    if isinstance(event.get("exception"), list):
        event["exception"] = "\n".join(event["exception"])
    return event


def _told(error: BaseException) -> list[str]:
    lines: list[str] = []
    shown: BaseException | None = error
    while shown is not None and len(lines) < 4 * _LINES_OF_TRACE:
        lines.append(f"{type(shown).__module__}.{type(shown).__name__}")
        frames = traceback.extract_tb(shown.__traceback__)[-_LINES_OF_TRACE:]
        lines += [f"  {frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
        shown = shown.__cause__ or shown.__context__
    return lines


def keep_known_keys(_logger: object, _method: str, event: Event) -> Event:
    """Drop every key that is not listed, and every value that looks like a person's."""
    kept = {key: value for key, value in event.items() if key in KEYS}
    for key, value in kept.items():
        if isinstance(value, str) and key not in _OURS_ALONE and _LOOKS_PERSONAL.search(value):
            kept[key] = _HELD_BACK
    return kept
