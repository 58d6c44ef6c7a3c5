"""Messages that go out by e-mail: written into the outbox directory, where whatever sends mail takes them up.

Those with a prepared summary are composed here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from django.conf import settings

from weatherhead.actions.documents.prepare_statement import MESSAGE, ConsentNotInForce, NoEmail
from weatherhead.areas.customers.consents import consent
from weatherhead.areas.customers.queries import account, contact_points
from weatherhead.areas.documents.queries import content_of, documents_of_statements, frame_body
from weatherhead.areas.documents.showing_statement import statement_view
from weatherhead.areas.documents.statements import FrozenStatement, frozen_statement
from weatherhead.areas.records.canonical import Json
from weatherhead.core.statements import parse_prepared
from weatherhead.door.context import Moment
from weatherhead.door.worker import Handler, handles

_MODE_FILE, _MODE_DIRECTORY = 0o600, 0o700


def write_message(payload: Mapping[str, Json], _item: int, moment: Moment) -> Json:
    """Write the message of a prepared summary; written twice, it is the same file.

    Raises:
        NoSuchStatement, StatementChanged, FileChanged, FrameChanged: it is not what was prepared.
        NoEmail: the address went meanwhile.
        ConsentNotInForce: the customer took the consent back meanwhile, or it is over.
        OSError: the outbox cannot be written.
    """
    found = frozen_statement(int(str(payload["statement"])))
    return {"file": put_into_outbox(message_of(found, moment=moment), name=f"{found.number}.eml")}


def put_into_outbox(message: EmailMessage, *, name: str) -> str:
    """Write a message whole or not at all, readable by its owner only; under the same name it takes the other's place.

    Raises:
        OSError: the outbox cannot be written.
    """
    outbox = Path(settings.OUTBOX_DIR)
    outbox.mkdir(mode=_MODE_DIRECTORY, parents=True, exist_ok=True)
    unfinished = outbox / f".{name}.part"
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE_FILE), "wb") as file:
        file.write(message.as_bytes(policy=SMTP))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(outbox / name)
    return name


def message_of(found: FrozenStatement, *, moment: Moment) -> EmailMessage:
    """The message: plain words without figures, and the kept PDF as it was prepared.

    Raises:
        as `write_message`.
    """
    document = parse_prepared(found.payload, frame=frame_body(found.payload["frame_sha256"]))
    view = statement_view(document)
    words, utility = view["words"], view["utility"]
    said = {
        "title": view["title"],
        "span": view["span"],
        "number": found.number,
        "phone": utility["phone"],
        "utility": utility["name"],
    }
    message = EmailMessage()
    message["From"] = utility["email"]
    message["To"] = _address(found, on=moment.as_of)
    message["Subject"] = words["mail_subject"] % said
    message["Date"] = format_datetime(moment.at)
    message["Message-ID"] = f"<{found.number}.{found.payload_sha256[:16]}@{utility['email'].partition('@')[2]}>"
    message.set_content(words["mail_text"] % said)
    kept = documents_of_statements([found.statement_id])[found.statement_id]
    message.add_attachment(content_of(kept), maintype="application", subtype="pdf", filename=f"{found.number}.pdf")
    return message


def _address(found: FrozenStatement, *, on: date) -> str:
    """Where it goes: what the consent names, or what was on file for the customer when it was prepared."""
    if found.consent_id is not None:
        given = consent(found.consent_id)
        if not given.in_force(on):
            raise ConsentNotInForce(party=given.party_name, on=on, starts=given.starts_on, last=given.last_on)
        if not given.party_email:
            raise NoEmail(who=given.party_name)
        return given.party_email
    holder = account(found.account_id)
    for item in contact_points(holder.customer_id, as_of=found.prepared_on):
        if item.kind == "email":
            return item.value
    raise NoEmail(who=holder.customer_name)


HANDLER = handles(Handler(kind=MESSAGE, work=write_message))
