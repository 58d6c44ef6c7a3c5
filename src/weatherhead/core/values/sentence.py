"""Sentences for people that travel between storeys untranslated: the interfaces choose the language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=False)  # reads like a call of gettext
class Sentence:
    """An English template with ``%(name)s`` placeholders, and what fills them."""

    template: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """The English sentence."""
        return self.template % self.params if self.params else self.template
