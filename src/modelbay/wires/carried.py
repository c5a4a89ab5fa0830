"""Provider state that clients carry: how it is packed into one string, and what it may do when it comes back.

What a provider wants back with the next turn (signed thinking, raw items, citations) lies in `opaque_body`
under the name of its family. A client whose dialect has a field for that gives it back there; another one
carries it in a string that it never reads, such as the signature of a thinking block, packed by `pack`.

Nothing is signed. A client may write what it likes, as a user of the library may, and conversations have to
live on in another gateway and under another key. So state is input like any other, and no check rests on
where it came from.

What forged state can do: say in its own message, part, tool or call what a client of that provider's own API
could say there, to a model that the caller may use. The provider judges it.

What it cannot do:

- name a model, a credential, an address, a header, a parameter or whether the answer is streamed: wires
  write it into the place that it was on, and nowhere else;
- replace what the entity says (its type, text, file, role, id, name): it only adds fields (`beside`);
- bring in what others own: an item by reference, another speaker's message (refused by name);
- be longer or deeper than `LONGEST` and `DEEPEST`, which a packed string would hide from limits on bodies;
- break the call but by `InvokeBadRequestError`. A packed string that was changed is refused by name; state of
  another form counts as none, as it may be of a newer version: the message says the same without it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import orjson

from modelbay.wires.asked import wrong
from modelbay.wires.json_text import is_deeper

__all__ = [
    "DEEPEST",
    "LONGEST",
    "MARK",
    "OWNER",
    "beside",
    "is_packed",
    "pack",
    "state_under",
    "unless_bare",
    "unpack",
]

OWNER = "provider"
"""Where state says which provider gave it, as `{"name": …}`: another would not know what to do with it."""
_PREFIX = "modelbay."
_V1 = "modelbay.v1."
MARK = b'"modelbay.'
"""What a body with packed state in it has in it: it cannot be passed on unread."""
LONGEST = 16 * 2**20
"""Characters of a packed state."""
DEEPEST = 64
"""Levels of nesting in a packed state."""


def pack(state: Any) -> str:
    """Return state, any JSON, as a string that is safe wherever text is."""
    return _V1 + base64.urlsafe_b64encode(orjson.dumps(state)).decode().rstrip("=")


def is_packed(value: Any) -> bool:
    """Whether a value is of our making, by this version or another one."""
    return isinstance(value, str) and value.startswith(_PREFIX)


def unpack(value: str, place: str) -> Any:
    """Return the state that `pack` was given.

    Raises:
        InvokeBadRequestError: It was changed since, or is too long or too deep; the message names `place`.
    """
    if len(value) > LONGEST:
        raise wrong(place, f"carries {len(value)} characters of state; {LONGEST} are the most")
    try:
        text = _decoded(value)
        if is_deeper(text, DEEPEST):
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        return orjson.loads(text)
    except (ValueError, binascii.Error) as error:
        raise wrong(
            place, f"is not as it was given out ({error}); send it back unchanged, or leave it out"
        ) from None


def state_under(family: str, opaque_body: Any) -> dict[str, Any]:
    """Return the state that is a family's; {} if there is none."""
    own = opaque_body.get(family) if isinstance(opaque_body, dict) else None
    return own if isinstance(own, dict) else {}


def unless_bare(state: dict[str, Any]) -> dict[str, Any] | None:
    """Return the state; None if nothing is left of it but whose it was."""
    return state if state.keys() - {OWNER} else None


def beside(said: dict[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entity says with the fields that only its state has."""
    if not state:
        return said
    return said | {name: value for name, value in state.items() if name not in said}


def _decoded(value: str) -> bytes:
    if not value.startswith(_V1):
        raise ValueError("it is of another version")
    encoded = value.removeprefix(_V1)
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
