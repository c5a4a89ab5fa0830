"""Who may do what: one table. What is not in it, nobody may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from modelbay.platform.people.refusals import ForbiddenError


class Role(StrEnum):
    """What a member of a workspace is: each may do all that those below it may."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"

    def includes(self, other: Role) -> bool:
        """Whether this role may do all that another may."""
        return _RANK[self] >= _RANK[other]


_RANK: Final = {Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}

ACTIONS: Final[Mapping[str, Role]] = MappingProxyType(
    {
        # the installation itself: its first owner, its API, its providers
        "setup.read": Role.MEMBER,
        "setup.complete": Role.OWNER,
        "description.read": Role.MEMBER,
        "provider.read": Role.MEMBER,
        # workspaces
        "workspace.read": Role.MEMBER,
        "workspace.list": Role.OWNER,
        "workspace.create": Role.OWNER,
        "workspace.rename": Role.ADMIN,
        "workspace.delete": Role.OWNER,
        # members, their invitations and sessions
        "member.read": Role.MEMBER,
        "member.create": Role.ADMIN,
        "member.role": Role.ADMIN,
        "member.remove": Role.ADMIN,
        "member.leave": Role.MEMBER,
        "invitation.read": Role.ADMIN,
        "invitation.create": Role.ADMIN,
        "invitation.revoke": Role.ADMIN,
        "invitation.accept": Role.MEMBER,
        "session.read": Role.MEMBER,
        "session.create": Role.MEMBER,
        "session.revoke": Role.MEMBER,
        "password.change": Role.MEMBER,
        # keys that open the gateway
        "key.read": Role.MEMBER,
        "key.create": Role.ADMIN,
        "key.edit": Role.ADMIN,
        "key.revoke": Role.ADMIN,
        # credentials, models, defaults; asking a provider whether credentials work costs it and us something
        "credential.read": Role.MEMBER,
        "credential.create": Role.ADMIN,
        "credential.edit": Role.ADMIN,
        "credential.switch": Role.ADMIN,
        "credential.delete": Role.ADMIN,
        "credential.validate": Role.ADMIN,
        "model.read": Role.MEMBER,
        "model.fetch": Role.ADMIN,
        "model.create": Role.ADMIN,
        "model.edit": Role.ADMIN,
        "model.delete": Role.ADMIN,
        "model.enable": Role.ADMIN,
        "model.disable": Role.ADMIN,
        "default.read": Role.MEMBER,
        "default.set": Role.ADMIN,
        # money and limits; a quota is lent by the installation, so no workspace sets its own
        "quota.read": Role.MEMBER,
        "quota.prefer": Role.ADMIN,
        "quota.set": Role.OWNER,
        "budget.read": Role.MEMBER,
        "budget.set": Role.ADMIN,
        "budget.delete": Role.ADMIN,
        "rate.read": Role.MEMBER,
        "rate.set": Role.ADMIN,
        "rate.delete": Role.ADMIN,
        "price.read": Role.MEMBER,
        "price.set": Role.OWNER,
        "price.delete": Role.OWNER,
        "usage.read": Role.MEMBER,
        "usage.export": Role.ADMIN,
        "usage.correct": Role.OWNER,
        "usage.reprice": Role.OWNER,
        "usage.retain": Role.OWNER,
        # choice
        "balance.read": Role.MEMBER,
        "balance.set": Role.ADMIN,
        "balance.clear": Role.ADMIN,
        "route.read": Role.MEMBER,
        "route.create": Role.ADMIN,
        "route.edit": Role.ADMIN,
        "route.delete": Role.ADMIN,
        "route.explain": Role.MEMBER,
        # network; a private address is the installation's neighbour, so no workspace allows itself one
        "network.read": Role.ADMIN,
        "network.set": Role.ADMIN,
        "network.clear": Role.ADMIN,
        "network.allow-private": Role.OWNER,
        # secrets, records, declarative set-up
        "vault.read": Role.ADMIN,
        "vault.rotate": Role.OWNER,
        "vault.rotate-master": Role.OWNER,
        "vault.export": Role.OWNER,
        "vault.import": Role.OWNER,
        "audit.read": Role.ADMIN,
        "apply.plan": Role.OWNER,
        "apply.write": Role.OWNER,
    }
)
"""The least role that each action needs, by the action's name: what is touched, and how."""

INSTALLATION: Final = frozenset(
    {
        "workspace.list",
        "workspace.create",
        "quota.set",
        "network.allow-private",
        "vault.rotate-master",
        "apply.plan",
        "apply.write",
    }
)
"""Actions that reach beyond one workspace: the role that counts is the one in the first workspace."""

OPEN: Final = frozenset(
    {"setup.read", "setup.complete", "description.read", "session.create", "invitation.accept"}
)
"""Actions for which nobody has signed in yet: a link, or a password, is what lets people do them."""

FIRST_WORKSPACE: Final = "default"
"""What belongs to no other belongs to it: the environment's credentials, the installation's audit log."""


def may(role: Role | None, action: str) -> bool:
    """Whether a role may do something; nobody may do what is not in the table, nor who has no role."""
    least = ACTIONS.get(action)
    return role is not None and least is not None and role.includes(least)


def judged_in(action: str, workspace: str) -> str:
    """Return the workspace in which somebody needs the role for an action on a workspace."""
    return FIRST_WORKSPACE if action in INSTALLATION else workspace


def check_grant(authority: Role, role: Role) -> None:
    """Refuse to give or take what is above oneself.

    Raises:
        ForbiddenError: `role` may do more than `authority`.
    """
    if not authority.includes(role):
        raise ForbiddenError(f"role: as {authority} you can neither make nor change an {role}", field="role")
