"""What an upstream told of itself, kept for a while: which models it has, what they take."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from modelbay.wires.transport import Transport

T = TypeVar("T")


class Remembered(Generic[T]):
    """Facts by key, each asked for at its first use and again when it is too old.

    A key holds everything that the fact depends on: the address, and who asked where not everybody is told
    the same (`hash` of the headers, not the headers). Two who ask at once may both ask the upstream.

    Args:
        seconds: How long a fact is taken for true.
        most: How many facts are kept; those not used for longest go first.
    """

    def __init__(
        self, seconds: float = 3600.0, *, most: int = 1024, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._ticks = ticks
        self._known: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the fact, asking for it if it is not known; what `ask` raises is not remembered."""
        with self._lock:
            found = self._known.get(key)
            if found is not None and self._ticks() < found[0]:
                self._known.move_to_end(key)
                return found[1]
        return self.put(key, await ask())

    def put(self, key: Hashable, fact: T) -> T:
        """Remember a fact that was told without being asked for, and return it."""
        with self._lock:
            self._known[key] = (self._ticks() + self._seconds, fact)
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return fact

    def forget(self, key: Hashable) -> None:
        """Ask again next time: what was remembered has proved wrong."""
        with self._lock:
            self._known.pop(key, None)


_BY_TRANSPORT: WeakKeyDictionary[Transport, dict[str, Remembered[Any]]] = WeakKeyDictionary()


def facts_of(transport: Transport, kind: str, seconds: float = 3600.0) -> Remembered[Any]:
    """Return what was learned over a transport, of one kind; it is forgotten with the transport.

    Args:
        kind: Whose facts: "replicate.inputs".
        seconds: How long one is taken for true.
    """
    kinds = _BY_TRANSPORT.setdefault(transport.shared, {})
    if kind not in kinds:
        kinds[kind] = Remembered(seconds)
    return kinds[kind]
