"""What an import says of each thing that it has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

What = Literal["workspace", "credentials", "active", "model", "off", "default", "balancing", "hosted"]
State = Literal["made", "there", "cannot", "note"]
"""`made`, in a dry run: would be. `there`: is as it was. `cannot`, and `note`: see `why`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing of a tenant, and what became of it. Holds no secret."""

    tenant: str
    workspace: str
    what: What
    name: str
    state: State
    why: str = ""
