"""The legacy completions API, as its clients speak it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams.published import as_published
from tests.wires.serving_checks import ANSWER_ID, any_body, refused_or_read, told

from modelbay.entities import AssistantPromptMessage, LLMResult, fold
from modelbay.errors import InvokeBadRequestError, InvokeServerUnavailableError
from modelbay.wires.chunks import reasoning_chunk, text_chunk
from modelbay.wires.decode import SSEDecoder
from modelbay.wires.family import ChatCall, Endpoint
from modelbay.wires.openai.completions import Completions
from modelbay.wires.openai.serving import COMPLETIONS
from modelbay.wires.usage import llm_usage

PUBLISHED = as_published("openai.openapi.json")
WIRE = Completions()
BASE: dict[str, Any] = {"model": "m", "prompt": "Once", "stream": False}
USAGE = llm_usage(prompt=3, completion=2)
FIELDS = (
    "model",
    "prompt",
    "stop",
    "logprobs",
    "stream",
    "stream_options",
    "max_tokens",
    "n",
    "user",
    "suffix",
)


def call_of(body: Any) -> ChatCall:
    ask = COMPLETIONS.from_request(body)
    wishes = ask.wishes
    return ChatCall(
        "m", ask.messages, wishes.parameters, (), ask.stop, ask.stream, ask.user, extras=wishes.extras
    )


@given(
    body=st.fixed_dictionaries(
        {"model": st.just("m"), "prompt": st.text(max_size=9), "stream": st.just(False)},
        optional={
            "suffix": st.text(max_size=3),
            "echo": st.booleans(),
            "best_of": st.integers(1, 3),
            "logprobs": st.integers(0, 5),
            "max_tokens": st.integers(0, 9),
            "stop": st.lists(st.text(min_size=1), min_size=1, max_size=2),
            "temperature": st.floats(0, 2),
            "user": st.text(min_size=1),
        },
    )
)
def test_a_request_comes_out_as_it_went_in(body: Any) -> None:
    """Whatever is between, an upstream of the same dialect is asked the same."""
    assert WIRE.to_request(call_of(body), Endpoint("http://x")).json == body


@pytest.mark.parametrize("prompt", [["a", "b"], [1, 2], [[1, 2]], [], None, 7, [{}]])
def test_one_text_is_continued(prompt: Any) -> None:
    """Several prompts would be several calls, and token ids mean something to one model only."""
    with pytest.raises(InvokeBadRequestError, match=r"^prompt: "):
        COMPLETIONS.from_request({**BASE, "prompt": prompt})


def test_a_list_of_one_prompt_is_that_prompt() -> None:
    """Many clients always send a list."""
    assert COMPLETIONS.from_request({**BASE, "prompt": ["Once"]}).messages[0].text == "Once"


def test_log_probabilities_are_asked_for_by_a_number() -> None:
    """Zero is a wish too: the probabilities of the tokens themselves."""
    wishes = COMPLETIONS.from_request({**BASE, "logprobs": 0}).wishes

    assert wishes.parameters == {"logprobs": True, "top_logprobs": 0}
    with pytest.raises(InvokeBadRequestError, match=r"^logprobs: "):
        told(wishes, frozenset())


def result(text: str, **more: Any) -> LLMResult:
    message = AssistantPromptMessage(content=text, **more)
    return LLMResult(model="up", message=message, usage=USAGE, finish_reason="stop", id=f"cmpl-{ANSWER_ID}")


@given(text=st.text())
def test_an_answer_is_read_as_it_was_written(text: str) -> None:
    """Whole and streamed."""
    answer, ask = result(text), COMPLETIONS.from_request({**BASE, "stream_options": {"include_usage": True}})
    writer, decoder, reader = (
        COMPLETIONS.from_chunks(ask, ANSWER_ID),
        SSEDecoder(),
        WIRE.to_chunks(call_of(BASE)),
    )
    last = result("").to_llm_result_chunk()
    data = (
        b"".join(writer.write(text_chunk("up", letter)) for letter in text)
        + writer.write(last)
        + writer.close()
    )
    chunks = [chunk for event in decoder.feed(data) for chunk in reader.read(event)]

    assert WIRE.to_result(call_of(BASE), COMPLETIONS.from_result(ask, answer, ANSWER_ID)) == answer
    assert fold(chunks) == answer


def test_answers_are_as_published() -> None:
    """Also of a model of conversations that reasons and tells log probabilities in its own form."""
    row = {"token": "a", "logprob": -1.0, "top_logprobs": [{"token": "b", "logprob": -2.0}]}
    answer = result("a", reasoning_content="Hm.", logprobs={"content": [row, row]})
    ask = COMPLETIONS.from_request(BASE)
    body = COMPLETIONS.from_result(ask, answer, ANSWER_ID)

    PUBLISHED(body, "CreateCompletionResponse")
    assert body["choices"][0]["logprobs"] == {
        "tokens": ["a", "a"],
        "token_logprobs": [-1.0, -1.0],
        "top_logprobs": [{"b": -2.0}, {"b": -2.0}],
        "text_offset": [0, 1],
    }
    writer = COMPLETIONS.from_chunks(ask, ANSWER_ID)
    for chunk in (text_chunk("up", "a"), reasoning_chunk("up", "Hm."), answer.to_llm_result_chunk()):
        frame = orjson.loads(writer.write(chunk).removeprefix(b"data: "))
        assert frame["choices"][0].pop("finish_reason") in (None, "stop")
        assert frame["object"] == "text_completion"


def test_an_error_in_a_stream_is_its_last_frame() -> None:
    """Clients raise it."""
    writer = COMPLETIONS.from_chunks(COMPLETIONS.from_request(BASE), ANSWER_ID)

    data = writer.fail(InvokeServerUnavailableError("Busy."))

    assert orjson.loads(data.removeprefix(b"data: "))["error"]["type"] == "server_error"


@given(body=any_body(FIELDS, BASE))
def test_any_json_is_read_or_refused(body: Any) -> None:
    """A client's mistake is told as one, never as a failure of ours."""
    refused_or_read(COMPLETIONS.from_request, body)
