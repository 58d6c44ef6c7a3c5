"""The key ring: secrets at rest, fingerprints for equality, signatures of audit roots.

``WEATHERHEAD_KEYS`` holds ``id:key`` pairs, newest first; keys come from ``weatherhead secrets new-key``. New secrets
use the first; old ones are read with whichever key their token names, until ``weatherhead secrets rotate`` has
rewritten them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from weatherhead.areas.records.environment import key_ring_problems
from weatherhead.core.values import Refusal, gettext_noop


class KeyRingInvalid(Refusal):
    """The key ring cannot be used."""

    template = gettext_noop(
        "WEATHERHEAD_KEYS cannot be used: %(problem)s. Make a key with: weatherhead secrets new-key"
    )


class SecretUnreadable(Refusal):
    """A secret names a key that the ring does not hold, or was changed."""

    template = gettext_noop(
        "A secret was sealed with key %(key_id)s and cannot be opened: restore that key to WEATHERHEAD_KEYS."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key: a name and 32 random bytes."""

    key_id: str
    material: bytes = field(repr=False)  # never in a log or a traceback

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (RFC 5869)."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"weatherhead {purpose}".encode()).derive(
            self.material
        )

    @property
    def fernet(self) -> Fernet:
        """Authenticated encryption with a key of its own."""
        return Fernet(base64.urlsafe_b64encode(self.derive("secrets")))

    @property
    def signer(self) -> Ed25519PrivateKey:
        """The signing key of audit roots."""
        return Ed25519PrivateKey.from_private_bytes(self.derive("audit roots"))


def key_ring() -> tuple[Key, ...]:
    """The keys of this installation, newest first.

    Raises:
        KeyRingInvalid: when there is none or one is malformed.
    """
    text = settings.KEY_RING.strip()
    if not text:
        raise KeyRingInvalid(problem="it is not set")
    for problem in key_ring_problems(text):
        raise KeyRingInvalid(problem=problem)
    pairs = (part.strip().partition(":") for part in text.split(","))
    return tuple(Key(key_id=key_id, material=base64.urlsafe_b64decode(encoded)) for key_id, _, encoded in pairs)


def seal(text: str) -> str:
    """Encrypt with the newest key. The token names its key."""
    key = key_ring()[0]
    return f"{key.key_id}:{key.fernet.encrypt(text.encode()).decode()}"


def unseal(token: str) -> str:
    """Decrypt a token of `seal`.

    Raises:
        SecretUnreadable: when its key is not in the ring or the token was changed.
    """
    key_id, _, ciphertext = token.partition(":")
    key = next((key for key in key_ring() if key.key_id == key_id), None)
    if key is None:
        raise SecretUnreadable(key_id=key_id)
    try:
        return key.fernet.decrypt(ciphertext.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable(key_id=key_id) from error


def fingerprinter() -> Callable[[str], str]:
    """What makes the first of `fingerprints`, for thousands of texts: the key is derived once."""
    key = key_ring()[0].derive("fingerprints")
    return lambda text: hmac.digest(key, text.encode(), "sha256").hex()


def fingerprints(text: str) -> tuple[str, ...]:
    """Keyed hashes of a secret under each key, newest first: equality without reading. Store the first."""
    return tuple(hmac.new(key.derive("fingerprints"), text.encode(), hashlib.sha256).hexdigest() for key in key_ring())
