"""Chance that is the same every time: a draw depends on the seed and on what is drawn for, on nothing drawn before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")

_BITS = 52  # what a float holds exactly
_PARTS = 1 << _BITS
_DRAW_BYTES = 8


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws named by words: ``chance.unit("scale", 17)``. A new house does not change what the others drew."""

    seed: str

    def unit(self, *what: object) -> float:
        """A number in [0, 1)."""
        text = "|".join([self.seed, *map(str, what)])
        whole = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> (64 - _BITS)
        return whole / _PARTS

    def between(self, low: float, high: float, *what: object) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit(*what)

    def whole(self, low: int, high: int, *what: object) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.unit(*what) * (high - low + 1))

    def pick(self, items: Sequence[Item], *what: object) -> Item:
        """One of some items."""
        return items[self.whole(0, len(items) - 1, *what)]

    def happens(self, share: float, *what: object) -> bool:
        """Whether something that happens in a share of cases happens here."""
        return self.unit(*what) < share

    def units(self, count: int, *what: object) -> NDArray[np.float64]:
        """Numbers in [0, 1), the first of them the same however many are drawn."""
        text = "|".join([self.seed, *map(str, what)])
        drawn = hashlib.shake_256(text.encode()).digest(count * _DRAW_BYTES)
        whole = np.frombuffer(drawn, dtype="<u8") >> np.uint64(64 - _BITS)
        return whole / float(_PARTS)
