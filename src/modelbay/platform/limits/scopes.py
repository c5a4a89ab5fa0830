"""What has rates, and what a rate says. Light, as every start of the command line loads it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

EACH: Final = "*"
"""In the place of an id: each of them, where its own rate says nothing."""


class Scope(StrEnum):
    """What has rates. A call keeps those of its workspace, member, key, the key's parents, and model."""

    WORKSPACE = "workspace"
    MEMBER = "member"
    KEY = "key"
    MODEL = "model"


class Limits(NamedTuple):
    """How much there may be: requests and tokens within any minute, calls at once; None is not limited."""

    requests: int | None = None
    tokens: int | None = None
    parallel: int | None = None

    def over(self, other: Limits) -> Limits:
        """Return these, with the other's where these say nothing."""
        return Limits(*(theirs if own is None else own for own, theirs in zip(self, other, strict=True)))


class Rates(NamedTuple):
    """The rates of a workspace as they were read, by scope and id."""

    workspace: str
    limits: Mapping[tuple[str, str], Limits]

    def of(self, scope: Scope, scope_id: str) -> Limits | None:
        """Return the limits of a member, key or model: its own; where they say nothing, those of each."""
        own, each = self.limits.get((scope, scope_id)), self.limits.get((scope, EACH))
        return own.over(each) if own and each else own or each
