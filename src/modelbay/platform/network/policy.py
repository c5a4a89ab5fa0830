"""What the installation leaves to its workspaces: private addresses, and the machine's own identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from modelbay.platform.people.permissions import FIRST_WORKSPACE
from modelbay.wires.settings import TransportSettings

Who = Literal["all", "none"] | Sequence[str]
"""Workspaces: all, none, or those of these ids."""
FIRST_ONLY: Final = (FIRST_WORKSPACE,)


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may do what reaches beyond a workspace.

    Attributes:
        private_addresses: Who may call whatever is at a private address; the others need each host allowed.
        machine_identities: Whose calls may present the machine itself.
    """

    private_addresses: Who = FIRST_ONLY
    machine_identities: Who = FIRST_ONLY

    def settings(self, workspace: str, settings: TransportSettings) -> TransportSettings:
        """Return the settings for a workspace's calls, given those of the installation's own."""
        private = settings.private_hosts if includes(self.private_addresses, workspace) else frozenset()
        machine = settings.machine_identities and includes(self.machine_identities, workspace)
        return replace(settings, private_hosts=private, machine_identities=machine)


def includes(who: Who, workspace: str) -> bool:
    """Whether a workspace is among those that are meant."""
    return who == "all" if isinstance(who, str) else workspace in who
