"""State that is packed into one string, and what comes of strings that are not as they were given out."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from tests.wires.untrusted import JSON

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.anthropic.relay import MessagesRelay
from modelbay.wires.carried import DEEPEST, LONGEST, beside, is_packed, pack, unpack
from modelbay.wires.openai.relay import ChatRelay
from modelbay.wires.openai.relay_vectors import EmbeddingRelay
from modelbay.wires.relaying import skeleton, split


@given(state=JSON)
def test_state_comes_back_as_it_was(state: Any) -> None:
    """Whatever a provider wants back, in a string that no client has to escape."""
    packed = pack(state)

    assert is_packed(packed)
    assert packed.isascii()
    assert unpack(packed, "x") == orjson.loads(orjson.dumps(state))


@pytest.mark.parametrize(
    "packed",
    ["modelbay.", "modelbay.v1.", "modelbay.v1.!", "modelbay.v1.eyJh", "modelbay.v2.bnVsbA", "modelbay.v1.é"],
)
def test_what_was_changed_is_refused_by_name(packed: str) -> None:
    """A conversation that lost its state in silence would go wrong much later."""
    with pytest.raises(
        InvokeBadRequestError, match=r"input\[3\]\.encrypted_content: is not as it was given out"
    ):
        unpack(packed, "input[3].encrypted_content")


def test_a_packed_string_hides_no_depth() -> None:
    """Bodies are measured before they are read, and this is read later."""
    deep: Any = 1
    for _ in range(DEEPEST):
        deep = [deep]
    assert unpack(pack(deep), "x") == deep
    with pytest.raises(InvokeBadRequestError, match=f"x: .*deeper than {DEEPEST} levels"):
        unpack(pack([deep]), "x")


def test_a_packed_string_has_a_longest_length() -> None:
    """It is refused before it is decoded."""
    with pytest.raises(InvokeBadRequestError, match=f"x: carries {LONGEST + 1} characters"):
        unpack("modelbay.v1.".ljust(LONGEST + 1, "A"), "x")


@given(said=JSON, state=JSON)
def test_state_only_adds(said: Any, state: Any) -> None:
    """What an entity says is nowhere else to be found."""
    said = said if isinstance(said, dict) else {"said": said}
    state = state if isinstance(state, dict) else {"said": state}

    assert beside(dict(said), state) == {**state, **said}


@pytest.mark.parametrize(
    "more",
    [
        {"messages": [{"role": "assistant", "content": [{"type": "thinking", "signature": pack(None)}]}]},
        {
            "messages": [
                {"role": "assistant", "content": [{"type": "thinking", "signature": "modelbay.v2.A"}]}
            ]
        },
        *({name: ["big"]} for name in ("models", "fallbacks", "preset")),
    ],
)
@pytest.mark.parametrize("relay", [ChatRelay(), MessagesRelay()])
def test_what_has_to_be_looked_at_does_not_pass_unread(relay: Any, more: dict[str, Any]) -> None:
    """The fast lane must not carry state to a provider, or lead to a model that the key does not open."""
    good = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}

    assert _passes(relay, good)
    assert not _passes(relay, good | more)


def test_lanes_of_their_own_look_too() -> None:
    """Betas in a body are a header, and vectors have models too."""
    messages = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}

    assert not _passes(MessagesRelay(), messages | {"anthropic_beta": ["a\r\nb"]})
    assert _passes(EmbeddingRelay(), {"model": "m", "input": "Hi"})
    assert not _passes(EmbeddingRelay(), {"model": "m", "input": "Hi", "models": ["big"]})


def _passes(relay: Any, body: dict[str, Any]) -> bool:
    fields = split(orjson.dumps(body))
    assert fields is not None
    bones = skeleton(fields)
    assert bones is not None
    return relay.to_sent(bones, fields, msgspec.json.encode("m"), {}, {}) is not None
