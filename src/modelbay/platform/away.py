"""What becomes of calls while the database is away: they are spooled on the local disk, or refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Policy = Literal["spool", "refuse"]
SPOOL_LIMIT: Final = 2**30  # bytes: some two million calls


@dataclass(frozen=True, slots=True)
class WhenAway:
    """What is done while the database is away.

    Attributes:
        policy: `spool` takes the calls of keys that are known, and writes them to journals that are moved
            into the database once it is back; `refuse` takes none.
        limit: Bytes of journals that wait, after which calls are refused either way.
    """

    policy: Policy = "spool"
    limit: int = SPOOL_LIMIT


class Away:
    """Tells whether calls have to be refused; cheap enough to be asked at each."""

    def __init__(
        self, when: WhenAway, failures: Callable[[], Sequence[str]], spooled: Callable[[], int]
    ) -> None:
        """Judge by why the database cannot be used, and by how many bytes wait for it."""
        self._refuses = when.policy == "refuse"
        self._limit = when.limit
        self._failures = failures
        self._spooled = spooled

    def refusal(self) -> str:
        """Return why no call is taken; "" if calls are."""
        if self._refuses:
            return "the database is away" if any(self._failures()) else ""
        return "too many calls wait for the database" if self._spooled() > self._limit else ""
