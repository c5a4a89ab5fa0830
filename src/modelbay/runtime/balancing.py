"""Sharing the calls of a model among credentials, or of a route among models: whose turn it is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from modelbay.entities import ModelProviderConfiguration, ModelType
from modelbay.runtime.ports import CredentialSource, Using


class Strategy(StrEnum):
    """How credentials take turns."""

    WEIGHTED = "weighted"
    ROUND_ROBIN = "round-robin"
    LEAST_BUSY = "least-busy"


class Candidate(NamedTuple):
    """Credentials that a call may use. Those that are `shared` take turns, by `weight` if that is wanted."""

    using: Using
    weight: int = 1
    shared: bool = False


class Candidates:
    """The credentials of one model, in order; those that are shared stand together. Never none.

    `members` are those that take turns.
    """

    __slots__ = ("entries", "members", "strategy")

    def __init__(self, entries: Sequence[Candidate], strategy: Strategy = Strategy.WEIGHTED) -> None:
        self.entries = tuple(entries)
        self.strategy = strategy
        self.members = tuple(Weighed(each.using.id, each.weight) for each in entries if each.shared)


class SharedCredentials(CredentialSource, Protocol):
    """Whose credentials a call may use, where several may share the calls of a model."""

    def candidates(
        self, provider: ModelProviderConfiguration, model: str, model_type: ModelType
    ) -> Candidates:
        """Return the credentials for a provider's model.

        Raises:
            InvokeError: There are none, and why.
        """
        ...


class Weighed(NamedTuple):
    """Somebody who takes part in turns."""

    id: str
    weight: int


@dataclass(slots=True)
class _Slot:
    busy: int = 0
    current: int = 0
    last: int = 0


@dataclass(slots=True)
class _Group:
    members: tuple[Weighed, ...] = ()
    slots: dict[str, _Slot] = field(default_factory=dict)
    turns: int = 0


_MOST: Final = 10_000  # groups that are remembered


class Turns:
    """Remembers, in one process, who has had turns and who is busy.

    What it remembers of a group survives changes of its members; it begins its cycle anew when their weights
    change.
    """

    def __init__(self) -> None:
        self._groups: OrderedDict[Hashable, _Group] = OrderedDict()

    def pick(
        self, group: Hashable, strategy: Strategy, members: tuple[Weighed, ...], among: Sequence[Weighed]
    ) -> Weighed:
        """Return whose turn it is.

        Args:
            members: All who share the turns, with their weights.
            among: Those of them who can be used now; at least one.
        """
        known = self._group(group, members)
        if strategy is Strategy.WEIGHTED:
            chosen = _smooth(known, among)
        elif strategy is Strategy.LEAST_BUSY:
            chosen = min(among, key=lambda each: _load(known.slots[each.id], each.weight))
        else:
            chosen = min(among, key=lambda each: known.slots[each.id].last)
        known.turns += 1
        known.slots[chosen.id].last = known.turns
        return chosen

    def begin(self, group: Hashable, member: str) -> bool:
        """Note a call that a member makes from now on; False if it has no share any more."""
        known = self._groups.get(group)
        slot = known.slots.get(member) if known else None
        if slot is not None:
            slot.busy += 1
        return slot is not None

    def end(self, group: Hashable, member: str) -> None:
        """Note that a member's call is over."""
        known = self._groups.get(group)
        slot = known.slots.get(member) if known else None
        if slot is not None and slot.busy:
            slot.busy -= 1

    def busy(self, group: Hashable, member: str) -> int:
        """Return how many calls a member makes now."""
        known = self._groups.get(group)
        return known.slots[member].busy if known and member in known.slots else 0

    def _group(self, name: Hashable, members: tuple[Weighed, ...]) -> _Group:
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _Group()
            if len(self._groups) > _MOST:
                self._groups.popitem(last=False)
        else:
            self._groups.move_to_end(name)
        if group.members != members:
            busy = group.slots
            group.members = members
            group.slots = {
                each.id: _Slot(busy=busy[each.id].busy if each.id in busy else 0) for each in members
            }
        return group


def _smooth(group: _Group, among: Sequence[Weighed]) -> Weighed:
    """Pick by smooth weighted round robin: each as often as its weight says, and never many times in a row.

    Source: https://github.com/phusion/nginx/commit/27e94984486058d73157038f7950a0a36ecc6e35
    """
    for each in among:
        group.slots[each.id].current += each.weight
    chosen = max(among, key=lambda each: group.slots[each.id].current)
    group.slots[chosen.id].current -= sum(each.weight for each in among)
    return chosen


def _load(slot: _Slot, weight: int) -> tuple[float, int]:
    """Return how much of its share one call more would be; of equals the oldest turn is less."""
    return (slot.busy + 1) / weight, slot.last
