"""The fake of Bedrock answers what the service model says, and refuses what it does not allow."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from tests.upstreams.aws_shapes import complaint, shapes_of
from tests.upstreams.bedrock import BedrockUpstream
from tests.upstreams.bedrock_converse import answer
from tests.upstreams.described import SPECS

from modelbay.sdk.testing import Reply, Request
from modelbay.sdk.testing.reply import to_tool_call
from modelbay.wires.aws_events import AwsEventDecoder

BODY: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
REPLY = Reply(
    pieces=("Hel", "lo"),
    reasoning=("Hm.",),
    tool_calls=(to_tool_call({"name": "weather", "arguments": {"city": "Rome"}}, 0),),
)


def shapes() -> Any:
    """Return the shapes; without them the test is skipped."""
    found = shapes_of(SPECS / "bedrock-runtime.service-2.json")
    if found is None:
        pytest.skip("the published descriptions are not there")
    return found


def refusal(body: Any, action: str = "converse", model: str = "amazon.nova-lite-v1:0") -> str | None:
    """Return why the fake refuses a body."""
    found = BedrockUpstream().complain(Request("POST", f"/model/{model}/{action}", {}, orjson.dumps(body)))
    return found.message if found else None


def test_a_whole_answer_is_of_the_published_shape() -> None:
    """A fake that drifts proves nothing."""
    body = orjson.loads(answer(BODY, REPLY, stream=False).body)
    assert complaint(shapes(), "ConverseResponse", body) is None


def test_every_event_is_of_the_published_shape() -> None:
    """The padding `p`, which no model of the service has, is Bedrock's own."""
    events = answer(BODY, REPLY, stream=True).events
    union = shapes()["ConverseStreamOutput"]["members"]
    for name, data, _ in AwsEventDecoder().feed(b"".join(events or ())):
        told = {key: value for key, value in orjson.loads(data).items() if key != "p"}
        assert complaint(shapes(), union[name]["shape"], told) is None, name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unknown": 1}, "unknown"),
        ({"inferenceConfig": {"temperature": 1.5}}, "temperature"),
        ({"messages": []}, "start with a user"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "blank"),
        ({"messages": [{"role": "user", "content": [{"text": "a", "image": {}}]}]}, "exactly one"),
        ({"serviceTier": {"type": "free"}}, "free"),
        ({"requestMetadata": {"user": "名"}}, "user"),
    ],
)
def test_a_request_against_the_description_is_refused(change: dict[str, Any], words: str) -> None:
    """Each of these is a 400 at Bedrock."""
    shapes()
    assert refusal(BODY) is None
    assert words in (refusal(BODY | change) or "")


def test_tool_blocks_without_definitions_and_profile_only_ids_are_refused() -> None:
    """The two mistakes that are made most."""
    use = {"toolUse": {"toolUseId": "t", "name": "n", "input": {}}}
    result = {"toolResult": {"toolUseId": "t", "content": [{"text": "x"}]}}
    turns = [
        *BODY["messages"],
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    assert "toolConfig" in (refusal({"messages": turns}) or "")
    assert "on-demand" in (refusal(BODY, model="anthropic.claude-opus-5") or "")
