"""Chat completions as servers stream them and send them whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wires.openai.frames import (
    DIALECTS,
    DONE,
    USAGE,
    answer,
    chat_call,
    chunk,
    piece_of,
    stream,
    whole_result,
)

from modelbay.entities import AssistantPromptMessage, ToolPromptMessage, fold
from modelbay.errors import (
    InvokeConnectionError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
)
from modelbay.wires.decode import SSEDecoder
from modelbay.wires.family import ChatCall, Endpoint


def test_only_the_last_chunk_has_usage_and_reason() -> None:
    """The usage comes after the reason, in a chunk without choices."""
    *head, last = stream(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}),
        chunk({}, "stop"),
        chunk(usage=USAGE, service_tier="default", system_fingerprint="fp"),
        DONE,
    )

    assert [chunk.text for chunk in head] == ["Hel", "lo"]
    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in head)
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (9, 4)
    assert (last.finish_reason, last.model, last.system_fingerprint) == ("stop", "gpt", "fp")
    assert last.unknown_fields == {"id": "c-1", "service_tier": "default"}


def test_a_stream_may_end_without_its_mark_but_not_without_a_reason() -> None:
    """Many servers forget [DONE]; an answer that breaks off must not pass for a whole one."""
    assert stream(chunk({"content": "Hi"}), chunk({}, "stop"))[-1].finish_reason == "stop"
    with pytest.raises(InvokeConnectionError):
        stream(chunk({"content": "Hi"}))


@pytest.mark.parametrize(
    "last",
    [
        chunk({}, "stop", usage=USAGE),
        chunk({}, "stop") | {"choices": [{"delta": {}, "finish_reason": "stop", "usage": USAGE}]},
        chunk({}, "stop", x_groq={"id": "r", "usage": USAGE}),
    ],
)
def test_usage_is_found_wherever_a_server_puts_it(last: Any) -> None:
    """Each of these is what a well-known server does."""
    assert stream(chunk({"content": "Hi"}), last, DONE)[-1].usage.total_tokens == 13


def test_of_cumulative_usages_the_last_counts() -> None:
    """Some servers tell the usage so far in every chunk."""
    chunks = stream(
        chunk({"content": "a"}, usage={"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}),
        chunk({"content": "b"}, "stop", usage=USAGE),
        DONE,
    )

    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == [13]


def test_an_answer_without_usage_is_marked_so() -> None:
    """The kit counts the tokens itself then."""
    assert stream(chunk({"content": "Hi"}, "stop"), DONE)[-1].usage.estimated
    assert whole_result(answer({"content": "Hi"})).usage.estimated


def test_details_of_usage_are_read_under_the_names_in_use() -> None:
    """Cached input has its own price; reasoning that is counted apart is billed like the answer."""
    cached = whole_result(answer({"content": "Hi"}, usage={**USAGE, "prompt_cache_hit_tokens": 5})).usage
    detailed: dict[str, Any] = {"prompt_tokens": 37, "completion_tokens": 297, "total_tokens": 567}
    detailed["completion_tokens_details"] = {"reasoning_tokens": 233}
    apart = whole_result(answer({"content": "Hi"}, usage=detailed)).usage

    assert cached.cached_tokens == 5
    assert (apart.completion_tokens, apart.reasoning_tokens, apart.total_tokens) == (530, 233, 567)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("end_turn", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("content_filter", "content_filter"),
        ("function_call", "tool_calls"),
        ("ABORT", "abort"),
        ("", "stop"),
        (None, "stop"),
    ],
)
def test_reasons_to_stop_have_one_vocabulary(word: Any, reason: Any) -> None:
    """An unknown word is passed on, in lower case."""
    assert whole_result(answer({"content": "Hi"}, word)).finish_reason == reason


def test_a_whole_message_at_the_end_of_a_stream_is_not_said_twice() -> None:
    """One server ends its stream with the whole answer; another sends nothing but that."""
    whole = answer({"content": "Hello"}, usage=USAGE)

    assert fold(stream(chunk({"content": "Hello"}), whole, DONE)).text == "Hello"
    assert fold(stream(whole, DONE)).text == "Hello"


def test_a_refusal_is_the_answer_and_is_marked() -> None:
    """Whoever shows the text shows the refusal; whoever cares can tell it."""
    streamed = fold(
        stream(chunk({"content": None, "refusal": "I "}), chunk({"refusal": "won't."}), chunk({}, "stop"))
    )
    whole = whole_result(answer({"content": None, "refusal": "I won't."}))

    assert streamed.text == whole.text == "I won't."
    assert streamed.message.unknown_fields == whole.message.unknown_fields == {"refusal": "I won't."}


def test_log_probabilities_are_kept_on_the_message() -> None:
    """They come with each chunk, and are given whole at the end."""

    def logprobs(token: Any) -> Any:
        return {"content": [{"token": token, "logprob": -0.1, "top_logprobs": []}], "refusal": None}

    frames = [chunk({"content": token}) for token in "ab"]
    for frame, token in zip(frames, "ab", strict=True):
        frame["choices"][0]["logprobs"] = logprobs(token)

    kept = fold(stream(*frames, chunk({}, "stop"))).message.unknown_fields["logprobs"]

    assert [entry["token"] for entry in kept["content"]] == ["a", "b"]


def test_a_spoken_answer_is_its_words_and_its_sound() -> None:
    """Audio models answer with both; the provider finds its own sound again by its id."""
    audio = {"id": "audio_1", "data": "UklGRg==", "transcript": "Hello", "expires_at": 1}
    result = whole_result(answer({"content": None, "audio": audio}), replay=["audio"])
    call = ChatCall("gpt", [result.message], options={"replay": ["audio"]})

    assert result.text == "Hello"
    assert [part.type for part in result.message.content] == ["text", "audio"]
    assert DIALECTS.chat({}).to_request(call, Endpoint("https://x")).json["messages"][0]["audio"] == {
        "id": "audio_1"
    }


def test_a_chunk_without_choices_says_nothing() -> None:
    """One upstream begins with what its filter found in the prompt."""
    first = chunk(prompt_filter_results=[{"prompt_index": 0}])

    assert fold(stream(first, chunk({"content": "Hi"}, "stop"), DONE)).text == "Hi"


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, InvokeRateLimitError),
        ({"error": {"message": "broken", "code": 502}, "choices": []}, InvokeServerUnavailableError),
        ({"error": "broken"}, InvokeServerUnavailableError),
        ({"object": "error", "message": "broken", "code": 500}, InvokeServerUnavailableError),
        ({"x_groq": {"id": "r", "error": "broken"}}, InvokeServerUnavailableError),
        ("upstream went away", InvokeServerUnavailableError),
    ],
)
def test_an_error_inside_a_stream_is_raised_with_its_words(frame: Any, error: Any) -> None:
    """The status was 200 long before the upstream failed."""
    with pytest.raises(error, match=r"slow down|broken|went away"):
        stream(chunk({"content": "Hi"}), frame)


def test_an_error_in_a_whole_answer_is_raised() -> None:
    """Routers answer 200 when a model behind them fails."""
    with pytest.raises(InvokeRateLimitError, match="later"):
        whole_result({"error": {"message": "later", "code": 429}})
    with pytest.raises(InvokeServerUnavailableError, match="choices"):
        whole_result({"id": "c-1"})


def test_an_answer_sent_back_is_the_message_that_came() -> None:
    """The next turn must show the model what it said, word for word."""
    message = {"content": "Looking.", "tool_calls": [piece_of(call_id="c", name="f", arguments='{"a": 1}')]}
    result = whole_result(answer(message, "tool_calls"))
    call = ChatCall("gpt", [result.message, ToolPromptMessage(tool_call_id="c", content="ok")])

    sent = DIALECTS.chat({}).to_request(call, Endpoint("https://x")).json["messages"]

    assert sent[0] == {"role": "assistant", **message}


def test_a_completion_is_read_from_its_text() -> None:
    """The legacy API has `text` in place of a message."""
    options = {"api": "completions"}
    frames = [{"choices": [{"text": text, "finish_reason": None}]} for text in ("Hel", "lo")]
    last = {"choices": [{"text": "", "finish_reason": "length"}], "usage": USAGE}

    streamed = fold(stream(*frames, last, DONE, **options))
    whole = whole_result(
        {"choices": [{"text": "Hello", "finish_reason": "length"}], "usage": USAGE}, **options
    )

    assert (streamed.text, streamed.finish_reason) == (whole.text, whole.finish_reason) == ("Hello", "length")
    assert streamed.usage == whole.usage


_WORDS = st.text(max_size=12)


def _cut(text: Any, draw: Any) -> Any:
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


@given(
    st.data(),
    _WORDS,
    _WORDS,
    st.lists(st.tuples(_WORDS, st.dictionaries(_WORDS, _WORDS, max_size=2)), max_size=3),
)
def test_a_stream_cut_anywhere_folds_to_the_whole_answer(
    data: Any, reasoning: Any, text: Any, calls: Any
) -> None:
    """Pieces of text, reasoning, arguments, characters and packets: none may change the answer."""
    called = [
        piece_of(None, f"id{number}", name or "f", json.dumps(arguments))
        for number, (name, arguments) in enumerate(calls)
    ]
    message = {"content": text, "reasoning_content": reasoning, "tool_calls": called}
    frames = [chunk({"reasoning_content": piece}) for piece in _cut(reasoning, data.draw)]
    frames += [chunk({"content": piece}) for piece in _cut(text, data.draw)]
    for index, call in enumerate(called):
        frames.append(
            chunk({"tool_calls": [{**call, "index": index, "function": {"name": call["function"]["name"]}}]})
        )
        for piece in _cut(call["function"]["arguments"], data.draw):
            frames.append(chunk({"tool_calls": [piece_of(index, arguments=piece)]}))
    frames += [chunk({}, "stop"), chunk(usage=USAGE)]
    sent = "".join(f"data: {json.dumps(frame, ensure_ascii=False)}\n\n" for frame in frames).encode()

    decoder, reader = SSEDecoder(), DIALECTS.chat({}).to_chunks(chat_call())
    place = data.draw(st.integers(0, len(sent)))
    events = [*decoder.feed(sent[:place]), *decoder.feed(sent[place:]), *decoder.close()]
    chunks = [read for event in events for read in reader.read(event)]
    streamed, whole = fold([*chunks, *reader.close()]), whole_result(answer(message, usage=USAGE))

    assert streamed.message == whole.message
    assert (streamed.usage, streamed.finish_reason) == (whole.usage, whole.finish_reason)
    assert isinstance(streamed.message, AssistantPromptMessage)
