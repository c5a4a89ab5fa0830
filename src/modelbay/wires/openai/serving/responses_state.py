"""Provider state that a response has no field for, carried where clients send things back unread.

Every client returns the `encrypted_content` of a reasoning item as it came. Ours holds what the message of an
answer has in `opaque_body` (the signed thinking of another family, say); it is read back here and never goes
on to an upstream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.wires.carried import unless_bare
from modelbay.wires.openai.parts import own_state
from modelbay.wires.openai.responses_output import texts_in
from modelbay.wires.openai.shapes import objects_of

_SAYS_ALL = {
    "message": {"id", "type", "role", "status", "content"},
    "function_call": {"id", "type", "status", "call_id", "name", "arguments"},
    "output_text": {"type", "text"},
    "refusal": {"type", "refusal"},
}


def output_of(opaque_body: Any, text: str) -> list[dict[str, Any]]:
    """Return the items of an upstream of this dialect, if they still say `text`; else none.

    They do not where the answer was cut at a stop sequence, or edited by the client.
    """
    items = objects_of(own_state(opaque_body).get("output"))
    said = "".join(words for _, words in texts_in(items))
    return items if said == text else []


def without_output(opaque_body: Any) -> Any:
    """Return provider state without the items of an upstream of this dialect; None if nothing is left."""
    if "output" not in own_state(opaque_body):
        return opaque_body
    own = {name: value for name, value in opaque_body["openai"].items() if name != "output"}
    rest = {name: value for name, value in opaque_body.items() if name != "openai"}
    return unless_bare({**rest, "openai": own} if own else rest)


def needed_state(opaque_body: Any, text: str) -> Any:
    """Return the state that must be carried beside items which say text, reasoning and calls only."""
    output = output_of(opaque_body, text)
    return opaque_body if any(_says_more(item) for item in output) else without_output(opaque_body)


def _says_more(value: Mapping[str, Any]) -> bool:
    known: set[str] = _SAYS_ALL.get(str(value.get("type")), set())
    if any(field for name, field in value.items() if name not in known):
        return True
    content: Sequence[Any] = objects_of(value.get("content"))
    return any(_says_more(part) for part in content)
