"""One billed account, as for the door's tests."""

from tests.door.conftest import _built, home, house

__all__ = ["_built", "home", "house"]
