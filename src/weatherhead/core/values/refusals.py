"""Expected refusals: named exceptions that people read as a sentence saying what to do.

A refusal is not a bug. It is declared beside the function that raises it, subclasses `Refusal`, and carries its
parameters apart from its sentence, so that an interface can translate the sentence without parsing it.
"""

from __future__ import annotations

from typing import ClassVar


def gettext_noop(text: str) -> str:
    """Mark `text` for translation without translating it: core knows no language, the interfaces do."""
    return text


class Refusal(Exception):
    """Base of every expected refusal.

    Subclasses set `template`, an English sentence marked with `gettext_noop` that holds %(name)s placeholders. Every
    placeholder must be given as a keyword; a missing one raises KeyError at once, because that is a bug.

    `retried` says that somebody else was faster, and that the same may well be done with what they left: the door
    begins anew some times before it lets the refusal through.
    """

    template: ClassVar[str] = gettext_noop("This cannot be done.")
    retried: ClassVar[bool] = False

    def __init__(self, **params: object) -> None:
        """Keep `params` and form the English sentence."""
        self.params: dict[str, object] = params
        self.sentence: str = self.template % params
        super().__init__(self.sentence)

    @property
    def code(self) -> str:
        """The stable name of the refusal, for receipts, the audit log and the API."""
        return type(self).__name__

    def __str__(self) -> str:
        """The English sentence."""
        return self.sentence

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by class and parameters, so that a refusal survives the way back from a worker process."""
        return (_rebuild, (type(self), self.params))


def _rebuild(kind: type[Refusal], params: dict[str, object]) -> Refusal:
    return kind(**params)
