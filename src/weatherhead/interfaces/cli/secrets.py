"""``weatherhead secrets``: make keys, and seal everything again with the newest one."""

from __future__ import annotations

import argparse
import base64
import secrets as random
from datetime import UTC

from django.utils.translation import gettext

from weatherhead.areas.records.secrets import key_ring
from weatherhead.door.rotation import reseal_everything
from weatherhead.interfaces.cli.setting import actor_for, present_moment


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``secrets`` to the command line."""
    secrets = subparsers.add_parser("secrets", help=gettext("keys of secrets at rest"))
    commands = secrets.add_subparsers(dest="secrets_command", required=True)
    commands.add_parser("new-key", help=gettext("print a new key for the front of WEATHERHEAD_KEYS"))
    rotating = commands.add_parser("rotate", help=gettext("seal every secret again with the newest key"))
    rotating.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who rotates"))
    secrets.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``secrets`` command; returns the exit code."""
    if args.secrets_command == "new-key":
        print(new_key(at=f"{present_moment().at.astimezone(UTC):%Y%m%d}"))
        return 0
    count = reseal_everything(actor=actor_for(args.username), moment=present_moment())
    newest = key_ring()[0].key_id
    print(
        gettext("%(count)s secrets are sealed with key %(key)s. Older keys may go.") % {"count": count, "key": newest}
    )
    return 0


def new_key(*, at: str) -> str:
    """A key for the ring: an id with the day, and 32 random bytes."""
    return f"k{at}-{random.token_hex(2)}:{base64.urlsafe_b64encode(random.token_bytes(32)).decode()}"
