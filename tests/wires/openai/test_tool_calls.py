"""Tool calls, in all the pieces in which servers send them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.wires.openai.frames import (
    DONE,
    answer,
    calls_in,
    chunk,
    piece_of,
    stream,
    whole_result,
)

from modelbay.entities import fold


def test_tool_calls_are_the_reason_even_where_a_server_says_stop() -> None:
    """Callers look at the reason to see whether to run tools."""
    result = whole_result(
        answer({"content": None, "tool_calls": [piece_of(call_id="c", name="f", arguments="{}")]})
    )

    assert result.finish_reason == "tool_calls"


_WEATHER = ("call_a", "weather", '{"city":"Rome"}')
_TIME = ("call_b", "time", '{"zone":"CET"}')


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        pytest.param(
            [
                [piece_of(0, "call_a", "weather")],
                [piece_of(0, arguments='{"city":')],
                [piece_of(1, "call_b", "time", '{"zone":'), piece_of(0, arguments='"Rome"}')],
                [piece_of(1, arguments='"CET"}')],
            ],
            [_WEATHER, _TIME],
            id="by index, mixed",
        ),
        pytest.param(
            [
                [piece_of(None, "call_a", "weather", '{"city":')],
                [piece_of(None, "call_a", None, '"Rome"}')],
                [piece_of(None, "call_b", "time", '{"zone":"CET"}')],
            ],
            [_WEATHER, _TIME],
            id="by id",
        ),
        pytest.param(
            [[piece_of(0, *_WEATHER)], [piece_of(0, *_TIME)]],
            [_WEATHER, _TIME],
            id="one index, told apart by id",
        ),
        pytest.param(
            [
                [piece_of(None, None, "weather", '{"city":')],
                [piece_of(None, None, "weather", '"Rome"}')],
                [piece_of(None, None, "weather", '{"city":"Bonn"}')],
            ],
            [("call_0", *_WEATHER[1:]), ("call_1", "weather", '{"city":"Bonn"}')],
            id="neither, name repeated",
        ),
        pytest.param(
            [[piece_of(0, "", "weather", {"city": "Rome"})], [piece_of(0, "", "weather", None)]],
            [("call_0", *_WEATHER[1:])],
            id="arguments as an object, id empty",
        ),
        pytest.param([[piece_of(0, "call_a", "now")]], [("call_a", "now", "{}")], id="no arguments"),
    ],
)
def test_tool_calls_are_put_together_however_they_come(pieces: Any, calls: Any) -> None:
    """Each of these is what some server does."""
    result = fold(stream(*[chunk({"tool_calls": piece}) for piece in pieces], chunk({}, "stop"), DONE))

    assert calls_in(result) == calls
    assert result.finish_reason == "tool_calls"


def test_legacy_function_calls_are_tool_calls() -> None:
    """Their result is found by name, so that any id will do."""
    chunks = stream(
        chunk({"content": None, "function_call": {"name": "weather", "arguments": ""}}),
        chunk({"function_call": {"arguments": '{"city":"Rome"}'}}),
        chunk({}, "function_call"),
    )

    assert calls_in(fold(chunks)) == [("call_0", *_WEATHER[1:])]


def test_state_on_a_tool_call_survives() -> None:
    """Signatures of reasoning come on the call that it led to."""
    piece = {**piece_of(0, *_WEATHER), "extra_content": {"signature": "s"}}

    result = fold(stream(chunk({"tool_calls": [piece]}, "tool_calls"), DONE))

    assert result.tool_calls[0].unknown_fields == {"extra_content": {"signature": "s"}}


def test_a_number_that_is_none_is_as_good_as_missing() -> None:
    """A server's slip in one field must not cost the answer."""
    odd = {**piece_of(None, *_WEATHER), "index": [0]}

    assert calls_in(fold(stream(chunk({"tool_calls": [odd]}, "tool_calls")))) == [_WEATHER]
