"""Which calls a query is about: said once, for lists, totals and exports."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

FAR: Final = 1e15
"""A time (seconds since 1970) that does not come."""
MODEL: Final = "CASE model WHEN '' THEN asked_model ELSE provider || '/' || model END"
"""A model's name; of a call that reached none the one that was asked for."""
USED: Final = "(status < 400 OR prompt_tokens + completion_tokens > 0 OR quantity IS NOT NULL)"
"""Whether a call used something: if so it has a price, known or not."""
_EQUAL: Final = {
    "provider": "provider",
    "model_type": "model_type",
    "key": "key_id",
    "member": "member",
    "credential": "credential",
    "tag": "tag",
    "route": "route",
    "hosted": "hosted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Calls of a workspace from `since` until before `until`; a text that is "" takes any.

    Attributes:
        model: `provider/model`, or the model's name alone.
        status: The least and the most HTTP status.
    """

    workspace: str
    since: float = 0.0
    until: float = FAR
    provider: str = ""
    model: str = ""
    model_type: str = ""
    key: str = ""
    member: str = ""
    credential: str = ""
    tag: str = ""
    route: str = ""
    hosted: str = ""
    status: tuple[int, int] = (0, 999)

    def where(self) -> str:
        """Return the condition, for any table that has the columns of calls."""
        parts = ["workspace = :workspace", "at >= :since", "at < :until"]
        parts += [f"{column} = :{name}" for name, column in _EQUAL.items() if getattr(self, name)]
        if self.model:
            parts.append(f"(model = :model OR {MODEL} = :model)")
        if self.status != (0, 999):
            parts.append("status >= :least AND status <= :most")
        return " AND ".join(parts)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the condition."""
        named = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "status"}
        given = {name: value for name, value in named.items() if value != ""}
        if self.status != (0, 999):
            given |= {"least": self.status[0], "most": self.status[1]}
        return given
