"""Names of models, which anybody may choose, in the paths of addresses."""

from __future__ import annotations

from urllib.parse import quote

from modelbay.errors import InvokeBadRequestError

__all__ = ["in_path", "in_segment"]


def in_path(value: str) -> str:
    """Return a value as it stands in the path of an address; its slashes stay.

    Raises:
        InvokeBadRequestError: It would lead to another place of the upstream.
    """
    if any(part in {"", ".", ".."} for part in value.split("/")):
        why = "leave out empty parts, '.' and '..'"
        raise InvokeBadRequestError(f"{value!r} cannot stand in an address: {why}")
    return quote(value, safe="/@:")


def in_segment(value: str) -> str:
    """Return a value as it stands between two slashes of an address; its own slashes are spelled out.

    Raises:
        InvokeBadRequestError: It would lead to another place of the upstream.
    """
    in_path(value)
    return quote(value, safe="")
