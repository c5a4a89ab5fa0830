"""What a plugin gets, and that nothing it does to it reaches the caller."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk.kit import HELLO, Talker, make, piece, pieces, texts_of, whole

from modelbay.entities import (
    LLMResult,
    LLMResultChunk,
    PromptMessage,
    PromptMessageTool,
    SystemPromptMessage,
    TextPromptMessageContent,
    UserPromptMessage,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk import TimingContextRaceConditionError

RULES = [{"name": "temperature", "use_template": "temperature"}, "response_format"]


class Recording(Talker):
    """Remembers what it was called with."""

    got: tuple[Any, ...] = ()
    named: dict[str, Any]

    def _invoke(self, *args: Any, **kwargs: Any) -> LLMResult:
        self.got, self.named = args, kwargs
        return whole()


class Careless(Talker):
    """Changes whatever it gets, as plugins in the wild do."""

    def _invoke(  # type: ignore[override]
        self,
        model: str,
        credentials: dict[str, Any],
        prompt_messages: list[PromptMessage],
        model_parameters: dict[str, Any],
        tools: list[PromptMessageTool],
        stop: list[str],
        stream: bool = True,
        user: str | None = None,
    ) -> LLMResult:
        parts: Any = prompt_messages[1].content
        parts[0].data += "!"
        prompt_messages[0].content = "changed"
        prompt_messages.append(UserPromptMessage(content="one more"))
        model_parameters.clear()
        tools[0].parameters["properties"] = {}
        tools.clear()
        stop.append("STOP")
        return whole()


async def test_a_plugin_is_called_by_position() -> None:
    """Plugins name their arguments as they like; the order is the contract."""
    model = make(Recording, parameter_rules=RULES)
    tool = PromptMessageTool(name="look", parameters={"type": "object"})
    await model.invoke("m", {"api_key": "k"}, HELLO, {"temperature": 0.5}, [tool], ["END"], "u-1")

    assert model.got == ("m", {"api_key": "k"}, HELLO, {"temperature": 0.5}, [tool], ["END"], False, "u-1")
    assert model.named == {}


@pytest.mark.parametrize("nothing", [None, ()])
async def test_what_is_not_given_is_none(nothing: Any) -> None:
    """Plugins test `if tools:` and `if stop:`; an empty list would be sent upstream by some."""
    model = make(Recording)
    async for _ in model.stream("m", {}, HELLO, None, nothing, nothing):
        pass

    assert model.got == ("m", {}, HELLO, {}, None, None, True, None)


async def test_a_careless_plugin_changes_nothing_of_its_callers() -> None:
    """The caller sends the same messages again in the next turn."""
    messages = [
        SystemPromptMessage(content="Be brief."),
        UserPromptMessage(content=[TextPromptMessageContent(data="Hi")]),
    ]
    parameters = {"temperature": 0.5}
    tools = [PromptMessageTool(name="look", parameters={"type": "object", "properties": {"a": {}}})]
    stop = ["END"]
    given_values = (messages, parameters, tools, stop)
    before = copy.deepcopy(given_values)

    await make(Careless, parameter_rules=RULES).invoke("m", {}, messages, parameters, tools, stop)

    assert given_values == before


async def test_parameters_without_a_rule_are_dropped() -> None:
    """The plugin format has it so; the library refuses them by name before."""
    model = make(Recording, parameter_rules=RULES)
    await model.invoke("m", {}, HELLO, {"temperature": 1, "surprise": 2})

    assert model.got[3] == {"temperature": 1}


async def test_parameters_without_a_rule_are_refused_where_that_is_asked_for() -> None:
    """A typing mistake must not be taken for a setting."""
    model = make(Recording, parameter_rules=RULES)
    model.refuses_unknown_parameters = True
    with pytest.raises(InvokeBadRequestError, match="no parameter 'surprise'"):
        await model.invoke("m", {}, HELLO, {"surprise": 2})


async def test_one_object_serves_one_call_at_a_time() -> None:
    """A model object holds the state of its call; sharing it would mix two answers."""
    hold = asyncio.Event()

    class Slow(Talker):
        async def _invoke(self, *_: Any) -> LLMResult:
            await hold.wait()
            return whole()

    model = make(Slow)
    first = asyncio.create_task(model.invoke("m", {}, HELLO))
    await asyncio.sleep(0)
    with pytest.raises(TimingContextRaceConditionError):
        await model.invoke("m", {}, HELLO)
    with pytest.raises(TimingContextRaceConditionError):
        await anext(model.stream("m", {}, HELLO))
    hold.set()

    assert (await first).text == "Hello"
    assert (await model.invoke("m", {}, HELLO)).text == "Hello"


async def test_timing_ends_with_its_block_also_on_errors() -> None:
    """A context that stayed open would make the object useless."""
    model = make(Recording)
    with pytest.raises(KeyError), model.timing_context():
        assert model.started_at > 0
        raise KeyError("x")

    assert model.started_at == 0


# response_format for models without a JSON mode


class Fenced(Talker):
    """Answers with the text given, cut at the places given, as a model that continues a code block."""

    said = ""
    cuts: tuple[int, ...] = ()
    closes = True

    def _invoke(self, *args: Any) -> Iterator[LLMResultChunk]:
        self.got = args
        places = [0, *sorted(self.cuts), len(self.said)]
        texts = [self.said[a:b] for a, b in pairwise(places)]
        yield from pieces(*texts) if self.closes else (piece(text) for text in texts)


def fenced(said: str, cuts: tuple[int, ...] = ()) -> Any:
    model = make(Fenced, parameter_rules=RULES)
    model.said, model.cuts = said, cuts
    return model


ANSWERS = ['{"a": "b"}\n```', '```JSON\n{"a": "b"}\n```\nThat is it.', '{"a": "b"}']


@given(said=st.sampled_from(ANSWERS), cuts=st.lists(st.integers(0, 10), max_size=4))
async def test_json_is_had_from_a_model_without_a_json_mode(said: str, cuts: list[int]) -> None:
    """The answer is what is inside the code block, wherever the stream is cut."""
    model = fenced(said, tuple(cuts))
    chunks = [chunk async for chunk in model.stream("m", {}, HELLO, {"response_format": "JSON"})]

    assert json.loads("".join(chunk.text for chunk in chunks)) == {"a": "b"}
    assert chunks[-1].usage.completion_tokens == 3
    assert chunks[-1].finish_reason == "stop"


@pytest.mark.parametrize("wanted", ["JSON", "XML"])
async def test_the_model_is_asked_by_an_opened_code_block(wanted: str) -> None:
    """The request is the trick: instructions, an opened block and stops that end it."""
    model = fenced("x")
    messages = [SystemPromptMessage(content="Use {braces}."), *HELLO]
    stop = ["END"]
    await model.invoke("m", {}, messages, {"response_format": wanted, "temperature": 1}, None, stop)
    _, _, (system, user), parameters, _, stops, _, _ = model.got

    assert wanted in system.text
    assert "Use {braces}." in system.text
    assert user.text == f"Hello there\n```{wanted}\n"
    assert parameters == {"temperature": 1}
    assert stops == ["END", "\n```", "```\n"]
    assert (messages[1].text, stop) == ("Hello there", ["END"])


async def test_what_a_filter_holds_back_comes_even_without_a_closing_chunk() -> None:
    """Not every plugin sends usage or finish reason; the last characters count all the same."""
    model = fenced("{`}`")
    model.closes = False

    assert "".join(await texts_of(model.stream("m", {}, HELLO, {"response_format": "JSON"}))) == "{`}`"


async def test_a_plugin_may_bring_its_own_way_to_json() -> None:
    """Six of the plugins in the wild override the wrapper."""

    class Own(Recording):
        def _code_block_mode_wrapper(self, *args: Any, **kwargs: Any) -> Any:
            return whole("my own")

    result = await make(Own, parameter_rules=RULES).invoke("m", {}, HELLO, {"response_format": "JSON"})
    assert result.text == "my own"


async def test_another_response_format_goes_to_the_plugin() -> None:
    """Only JSON and XML are ours; `json_schema` is the model's own mode."""
    rule = {"name": "response_format", "type": "string", "options": ["json_schema"]}
    model = make(Recording, parameter_rules=[rule])
    await model.invoke("m", {}, HELLO, {"response_format": "json_schema"})

    assert model.got[3] == {"response_format": "json_schema"}
