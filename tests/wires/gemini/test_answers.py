"""Answers: whole ones and streams of the same say the same, and failures are errors of the tree."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.wire_checks import comparable, folded, read

from modelbay.entities import LLMResult
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.family import ChatCall
from modelbay.wires.gemini import GENERATE
from modelbay.wires.gemini.errors import to_error

CALL = ChatCall("m", [])
USAGE = {
    "promptTokenCount": 10,
    "candidatesTokenCount": 4,
    "thoughtsTokenCount": 3,
    "cachedContentTokenCount": 6,
}
PARTS: list[dict[str, Any]] = [
    {"text": "Hm", "thought": True},
    {"text": "Let me see."},
    {"functionCall": {"name": "weather", "args": {"city": "Köln"}}, "thoughtSignature": "c2ln"},
    {"functionCall": {"id": "own", "name": "time", "args": {}}},
]


def answer(*parts: dict[str, Any], finish: str | None = "STOP", **fields: Any) -> dict[str, Any]:
    """Return an answer, or an event of one."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    candidate |= {"finishReason": finish} if finish else {}
    return {"candidates": [candidate], "usageMetadata": USAGE, "responseId": "r1", **fields}


def stream(*events: dict[str, Any]) -> bytes:
    """Return events as they come over the wire."""
    return b"".join(b"data: %b\r\n\r\n" % orjson.dumps(event) for event in events)


def whole(body: Any) -> LLMResult:
    """Return a whole answer."""
    return GENERATE.to_result(CALL, body)


def test_an_answer_has_thoughts_text_and_calls_apart() -> None:
    """Thoughts are parts like the others, told apart by a flag."""
    result = whole(answer(*PARTS))

    assert (result.reasoning, result.text, result.finish_reason) == ("Hm", "Let me see.", "tool_calls")
    assert [(call.id, call.function.name) for call in result.tool_calls] == [
        ("call_r1_0", "weather"),
        ("own", "time"),
    ]
    assert orjson.loads(result.tool_calls[0].function.arguments) == {"city": "Köln"}
    assert result.message.opaque_body == {"gemini": {"content": PARTS, "ids": ["call_r1_0", "own"]}}


def test_thoughts_are_output_and_what_tools_read_is_input() -> None:
    """Both are billed so; what else the API counts is kept."""
    usage = whole(
        answer(usageMetadata={**USAGE, "toolUsePromptTokenCount": 5, "trafficType": "ON_DEMAND"})
    ).usage

    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (15, 7, 22)
    assert (usage.cached_tokens, usage.reasoning_tokens, usage.estimated) == (6, 3, False)
    assert usage.unknown_fields["gemini"] == {"trafficType": "ON_DEMAND"}


def test_a_plain_answer_has_no_state() -> None:
    """Text and calls that say it all need nothing beside them."""
    parts: list[dict[str, Any]] = [{"text": "Hi"}, {"functionCall": {"name": "a", "args": {"x": 1}}}]

    assert whole(answer(*parts)).message.opaque_body is None


def test_what_an_answer_rests_on_is_kept() -> None:
    """Whoever shows a grounded answer has to show its sources."""
    body = answer({"text": "Hi"})
    body["candidates"][0]["groundingMetadata"] = {"webSearchQueries": ["hi"]}

    assert whole(body).message.opaque_body == {"gemini": {"groundingMetadata": {"webSearchQueries": ["hi"]}}}


@given(
    pieces=st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=4),
    thoughts=st.lists(st.text(min_size=1, max_size=5), max_size=3),
    cuts=st.lists(st.integers(0, 5000), max_size=12),
)
def test_a_stream_cut_anywhere_is_the_whole_answer(
    pieces: list[str], thoughts: list[str], cuts: list[int]
) -> None:
    """Text comes in pieces, calls whole, and the signature of an answer may come alone at its end."""
    signed = {"text": "", "thoughtSignature": "ZW5k"}
    events = [
        *(answer({"text": piece, "thought": True}, finish=None) for piece in thoughts),
        *(answer({"text": piece}, finish=None) for piece in pieces),
        answer(PARTS[2], finish=None),
        answer(signed),
    ]
    thought = [{"text": "".join(thoughts), "thought": True}] if thoughts else []
    together = answer(*thought, {"text": "".join(pieces)}, PARTS[2], signed)

    assert comparable(folded(GENERATE.to_chunks(CALL), stream(*events), cuts)) == comparable(whole(together))


def test_only_the_last_chunk_has_usage_and_state() -> None:
    """The counts of each event are totals, not additions."""
    *head, last = read(
        GENERATE.to_chunks(CALL),
        stream(answer({"text": "a"}, finish=None), answer({"text": "b"}), answer({"text": ""})),
    )

    assert [chunk.text for chunk in head] == ["a", "b"]
    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in head)
    assert last.usage is not None
    assert last.usage.prompt_tokens == 10


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("SOMETHING_NEW", "something_new"),
    ],
)
def test_reasons_to_stop(reason: str, wanted: str) -> None:
    """One that has no name of ours keeps its own; an answer without parts is an empty one."""
    body = {"candidates": [{"finishReason": reason}]}

    assert (whole(body).finish_reason, whole(body).text) == (wanted, "")


def test_a_blocked_prompt_is_an_empty_answer_that_was_filtered() -> None:
    """There is no candidate then, and the reason stands elsewhere."""
    result = whole({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": USAGE})

    assert (result.text, result.finish_reason) == ("", "content_filter")
    assert result.message.opaque_body == {"gemini": {"promptFeedback": {"blockReason": "SAFETY"}}}


@pytest.mark.parametrize(
    ("reason", "again"),
    [("MALFORMED_FUNCTION_CALL", True), ("MISSING_THOUGHT_SIGNATURE", False), ("OTHER", False)],
)
def test_a_model_that_could_not_answer_is_an_error(reason: str, again: bool) -> None:
    """An empty answer would look like the model's word; a slip may go well the next time."""
    with pytest.raises(InvokeBadRequestError, match=reason) as caught:
        whole(answer(finish=reason))
    assert (caught.value.retryable, caught.value.code) == (again, reason)


def test_a_stream_without_a_reason_to_stop_was_cut_off() -> None:
    """Nothing else marks the end."""
    with pytest.raises(InvokeConnectionError):
        read(GENERATE.to_chunks(CALL), stream(answer({"text": "a"}, finish=None)))


@pytest.mark.parametrize(
    "body",
    [
        *(
            [],
            "x",
            None,
            {"candidates": 1},
            {"candidates": [1]},
            {"candidates": [{"content": {"parts": [1]}}]},
        ),
        *({"candidates": [{"content": []}]}, {"usageMetadata": 3, "candidates": [{"finishReason": "STOP"}]}),
        {"candidates": [{"content": {"parts": [{"text": 3}]}, "finishReason": "STOP"}]},
        {"candidates": [{"content": {"parts": [{"functionCall": 3}]}, "finishReason": "STOP"}]},
    ],
)
def test_nonsense_is_the_servers_fault(body: Any) -> None:
    """An answer of another form must not look like a mistake of the caller."""
    with pytest.raises((InvokeServerUnavailableError, InvokeConnectionError)):
        whole(body)


def error_of(
    status: int, *details: dict[str, Any], listed: bool = False, word: str = "INVALID_ARGUMENT"
) -> InvokeError:
    """Return the error for a failed answer."""
    value: Any = {"error": {"code": status, "message": "words", "status": word, "details": list(details)}}
    return to_error(status, {}, orjson.dumps([value] if listed else value))


@pytest.mark.parametrize("listed", [False, True])
def test_a_wrong_key_is_a_matter_of_authorization(listed: bool) -> None:
    """Google answers it with 400; in streams a list is around the error."""
    error = error_of(400, {"reason": "API_KEY_INVALID"}, listed=listed)

    assert (type(error), error.status, error.description) == (InvokeAuthorizationError, 400, "words")


def test_a_rate_limit_says_in_its_details_how_long_to_wait() -> None:
    """There is no header for it."""
    error = error_of(429, {"@type": "x"}, {"retryDelay": "12.5s"}, word="RESOURCE_EXHAUSTED")

    assert (type(error), error.retry_after, error.code) == (InvokeRateLimitError, 12.5, "RESOURCE_EXHAUSTED")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"[1]", b'{"error": 3}', b'{"error": {"details": [1, {"retryDelay": 3}]}}']
)
def test_errors_of_any_form_are_read(body: bytes) -> None:
    """What stands between us and Google answers in its own words."""
    assert isinstance(to_error(503, {}, body), InvokeServerUnavailableError)


def test_an_error_inside_a_stream_is_raised() -> None:
    """After the chunks that came."""
    with pytest.raises(InvokeServerUnavailableError, match="overloaded"):
        read(
            GENERATE.to_chunks(CALL),
            stream(answer({"text": "a"}, finish=None), {"error": {"code": 503, "message": "overloaded"}}),
        )
