"""Text generation: one text in, one event a token out."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.published import as_published
from tests.upstreams.tgi import INFO, TGIUpstream
from tests.wires.wire_checks import ENDPOINT, folded, read, refusal_of

from modelbay.entities import (
    AssistantPromptMessage,
    FinishReason,
    ImagePromptMessageContent,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    UserPromptMessage,
)
from modelbay.errors import (
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.family import ChatCall
from modelbay.wires.tgi import FAMILY, GENERATE

USER = UserPromptMessage(content="Once upon")
CALL = ChatCall("bloom", [USER], stream=True)
fits = as_published("tgi.openapi.json")


def parameters(**fields: Any) -> dict[str, Any]:
    """Return the parameters sent, once the fake has found nothing wrong with the request."""
    request = GENERATE.to_request(ChatCall("bloom", [USER], **fields), ENDPOINT)
    assert refusal_of(TGIUpstream(), request) is None
    sent: dict[str, Any] = request.json["parameters"]
    return sent


def event(place: int, text: str, *, special: bool = False, **more: Any) -> dict[str, Any]:
    """Make one event of a stream."""
    token = {"id": place, "text": text, "logprob": -0.1, "special": special}
    return {"index": place, "token": token, "generated_text": None, "details": None} | more


def stream(*events: dict[str, Any]) -> bytes:
    """Write events as the server does: without a terminal one."""
    return b"".join(b"data:%b\n\n" % orjson.dumps(each) for each in events)


END = {"finish_reason": "eos_token", "generated_tokens": 3, "input_length": 5, "seed": None}


def test_a_conversation_is_one_text() -> None:
    """The server continues a text and knows no turns."""
    messages = [SystemPromptMessage(content="A tale."), USER, AssistantPromptMessage(content="a time")]
    request = GENERATE.to_request(ChatCall("bloom", messages), ENDPOINT)

    assert request.url == "http://upstream.example/generate"
    assert request.json["inputs"] == "A tale.\n\nOnce upon\n\na time"
    assert GENERATE.to_request(CALL, ENDPOINT).url.endswith("/generate_stream")


def test_values_that_mean_nothing_are_left_out() -> None:
    """The server refuses temperature 0 and top_p 1, which other servers take to mean "as usual"."""
    assert parameters(parameters={"temperature": 0, "top_p": 1, "top_k": 0}) == {
        "do_sample": False,
        "details": True,
    }
    assert parameters(parameters={"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 1}) == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_new_tokens": 7,
        "seed": 1,
        "details": True,
    }


def test_a_schema_is_a_grammar() -> None:
    """The server keeps the answer to it, as it would to any grammar."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}

    sent = parameters(parameters={"json_schema": orjson.dumps(schema).decode()}, stop=["END"])

    assert (sent["grammar"], sent["stop"]) == ({"type": "json", "value": schema}, ["END"])
    assert parameters(parameters={"response_format": "json_object"})["grammar"]["value"] == {"type": "object"}


def test_what_has_no_place_is_refused_by_name() -> None:
    """Silence would leave the caller to wonder why nothing happened."""
    image = ImagePromptMessageContent(url="https://pictures.example/a.png")
    seen = UserPromptMessage(content=[TextPromptMessageContent(data="What?"), image])
    tool = PromptMessageTool(name="t", description="", parameters={"type": "object"})

    for call, named in (
        (ChatCall("bloom", [USER], tools=[tool]), "tools"),
        (ChatCall("bloom", [USER, seen]), r"messages\[1\].content\[1\]"),
        (ChatCall("bloom", [USER], {"presence_penalty": 1.0}), "presence_penalty"),
        (ChatCall("bloom", [USER], extras={"inputs": "other"}), "inputs"),
    ):
        with pytest.raises(InvokeBadRequestError, match=named):
            GENERATE.to_request(call, ENDPOINT)


@given(st.lists(st.text(min_size=1, max_size=8), max_size=8), st.lists(st.integers(0, 5000), max_size=12))
def test_a_stream_says_the_same_wherever_it_is_cut(texts: list[str], cuts: list[int]) -> None:
    """The network cuts where it likes, and the last event repeats the whole text."""
    events = [event(place, text) for place, text in enumerate(texts)]
    last = event(99, "</s>", special=True, generated_text="".join(texts), details=END)

    result = folded(GENERATE.to_chunks(CALL), stream(*events, last), cuts)

    assert (result.text, result.finish_reason) == ("".join(texts), FinishReason.STOP)
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (5, 3)
    assert not result.usage.estimated


def test_a_whole_answer_leaves_the_prompt_to_be_counted() -> None:
    """The server tells how many tokens it made, not how many it read."""
    details = {"finish_reason": "length", "generated_tokens": 3, "prefill": [], "tokens": []}
    body = {"generated_text": "<think>Hm.</think>Yes", "details": details}
    fits(body, "GenerateResponse")

    result = GENERATE.to_result(ChatCall("bloom", [USER], options={"think_tags": True}), [body])

    assert (result.reasoning, result.text, result.finish_reason) == ("Hm.", "Yes", "length")
    assert (result.usage.completion_tokens, result.usage.estimated) == (3, True)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded", InvokeRateLimitError),
        ("validation", InvokeBadRequestError),
        ("generation", InvokeServerUnavailableError),
        ("new", InvokeServerUnavailableError),
    ],
)
def test_an_error_in_a_stream_has_the_class_of_its_kind(kind: str, expected: type[InvokeError]) -> None:
    """The status was 200 long ago; only the event tells."""
    with pytest.raises(expected, match="it broke"):
        read(GENERATE.to_chunks(CALL), stream(event(0, "a"), {"error": "it broke", "error_type": kind}))


@pytest.mark.parametrize(
    "bad", [b'data: {"token": {"id": 1}}\n\n', b'data: {"token": []}\n\n', b"data: no\n\n"]
)
def test_a_malformed_event_is_a_server_failure(bad: bytes) -> None:
    """Whatever a proxy makes of a stream, the caller gets an error of the tree."""
    with pytest.raises(InvokeServerUnavailableError):
        read(GENERATE.to_chunks(CALL), bad)
    with pytest.raises(InvokeConnectionError):
        read(GENERATE.to_chunks(CALL), stream(event(0, "a")))
    with pytest.raises(InvokeServerUnavailableError):
        GENERATE.to_result(CALL, [])


def test_a_server_tells_how_much_its_model_reads() -> None:
    """Older servers have another name for it."""
    fits(INFO, "Info")
    models: Any = FAMILY.models

    assert models.to_show_request("bloom", ENDPOINT).url == "http://upstream.example/info"
    (told,) = models.to_models(INFO)
    assert (told.model, told.property_of("context_size")) == ("bigscience/bloom-560m", 4096)
    assert models.to_model("b", {"max_input_length": 100}).property_of("context_size") == 100
    with pytest.raises(InvokeServerUnavailableError):
        models.to_model("b", {"max_input_tokens": "many"})
