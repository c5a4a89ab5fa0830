"""What an import says of each thing of a file."""

from __future__ import annotations

from dataclasses import dataclass, field

from modelbay.platform.vault.owners import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One thing of a file, and what became of it. Holds no secret.

    Attributes:
        what: `credentials`, `network`, `added model`, `switched model`, `active credentials`, `default`,
            `route`, `balance`, `budget`, `rate`, `price`, `preference` or `retention`.
        id: That of credentials and budgets.
        why: Why it could not be made, or stays; of what was made, what of it could not be.
    """

    what: str
    name: str
    state: State
    id: str = ""
    why: str = ""


@dataclass(slots=True)
class Imported:
    """What became of an export: one line for each thing of it, in the order of the file.

    `workspace` is the id that the workspace has where it was exported.
    """

    workspace: str
    things: list[Moved] = field(default_factory=list)

    def count(self, state: State) -> int:
        """Return how many things have come to a state."""
        return sum(each.state == state for each in self.things)
