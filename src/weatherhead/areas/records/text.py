"""One way to fold text for search: lower case, no accents, single spaces, no punctuation."""

from __future__ import annotations

import re
import unicodedata

_NOT_WORD = re.compile(r"[^0-9a-z@.+]+")


def fold(text: str) -> str:
    """Fold a name or address for search: "José  O'Neil-Smith" becomes "jose oneil smith"."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    ascii_only = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _NOT_WORD.sub(" ", ascii_only).strip()
