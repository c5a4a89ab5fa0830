"""Conformance of language models: what a good upstream says arrives whole."""

from __future__ import annotations

import asyncio
import json

from modelbay.entities import (
    AssistantPromptMessage,
    ModelType,
    SystemPromptMessage,
    ToolPromptMessage,
    UserPromptMessage,
    fold,
)
from modelbay.errors import InvokeBadRequestError
from modelbay.sdk.testing.conformance.subject import WEATHER, Subject, case, raises
from modelbay.sdk.testing.gate import Gate

LLM = ModelType.LLM
UNICODE = ("Grüße, ", "世界 ", "👩‍👩‍👧 ", "e\u0301", " naïve", " 🏳️‍🌈\n", "\u2028end")


@case(LLM, "a whole answer has its text, model and finish reason")
async def whole_answer(subject: Subject) -> None:
    subject.upstream.will_stream("Hello", " world")
    result = await subject.ask()
    assert result.text == "Hello world"
    assert result.finish_reason == "stop"
    assert result.model
    subject.nothing_refused()


@case(LLM, "a streamed answer comes in order")
async def streamed_in_order(subject: Subject) -> None:
    pieces = [f"{n} " for n in range(50)]
    subject.upstream.will_stream(*pieces)
    chunks = await subject.chunks()
    assert "".join(chunk.text for chunk in chunks) == "".join(pieces)
    subject.nothing_refused()


@case(LLM, "the first chunk comes before the upstream is finished")
async def streamed_at_once(subject: Subject) -> None:
    gate = subject.upstream.gate = Gate()
    subject.upstream.will_stream("first", "second", "third")
    stream = subject.stream()
    text, let = "", 0
    while not text:
        coming = asyncio.ensure_future(anext(stream))
        while not coming.done():
            let += 1
            gate.let(1)
            reached = asyncio.ensure_future(gate.reached(let + 1))
            await asyncio.wait([coming, reached], return_when=asyncio.FIRST_COMPLETED)
            reached.cancel()
        text = (await coming).text
    assert text == "first"
    gate.open()
    assert "".join([chunk.text async for chunk in stream]).endswith("third")


@case(LLM, "only the last chunk has usage and finish reason")
async def closing_chunk(subject: Subject) -> None:
    subject.upstream.will_stream("a", "b", "c")
    *head, last = await subject.chunks()
    assert all(chunk.usage is None and chunk.finish_reason is None for chunk in head)
    assert [chunk.delta.index for chunk in (*head, last)] == list(range(len(head) + 1))
    assert last.usage is not None
    assert last.finish_reason == "stop"


@case(LLM, "the upstream's token counts are reported, whole", needs=["usage"])
async def usage_whole(subject: Subject) -> None:
    subject.upstream.will_stream("a", usage={"in": 12, "out": 7})
    usage = (await subject.ask()).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (12, 7, 19)
    assert not usage.estimated
    assert usage.latency > 0


@case(LLM, "the upstream's token counts are reported, streamed", needs=["usage"])
async def usage_streamed(subject: Subject) -> None:
    subject.upstream.will_stream("a", "b", usage={"in": 12, "out": 7})
    usage = (await subject.chunks())[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (12, 7)
    assert usage.time_to_first_token is not None
    assert 0 < usage.time_to_first_token <= usage.latency


@case(LLM, "unicode survives a stream cut at every byte")
async def cut_at_every_byte(subject: Subject) -> None:
    subject.upstream.boundary = 1
    subject.upstream.will_stream(*UNICODE)
    assert fold(await subject.chunks()).text == "".join(UNICODE)


@case(LLM, "unicode survives a stream cut at random")
async def cut_at_random(subject: Subject) -> None:
    subject.upstream.boundary = "random"
    subject.upstream.will_stream(*UNICODE)
    assert fold(await subject.chunks()).text == "".join(UNICODE)


@case(LLM, "unicode survives a whole answer")
async def unicode_whole(subject: Subject) -> None:
    subject.upstream.will_stream(*UNICODE)
    assert (await subject.ask("".join(UNICODE))).text == "".join(UNICODE)


@case(LLM, "a streamed answer folds to the whole answer")
async def folded_equals_whole(subject: Subject) -> None:
    for _ in range(2):
        subject.upstream.will_stream("same ", "answer")
    assert fold(await subject.chunks()).text == (await subject.ask()).text


@case(LLM, "an empty answer is an answer")
async def empty_answer(subject: Subject) -> None:
    subject.upstream.will_stream()
    subject.upstream.will_stream()
    assert (await subject.ask()).text == ""
    assert fold(await subject.chunks()).text == ""


@case(LLM, "an answer of a megabyte arrives whole")
async def huge_answer(subject: Subject) -> None:
    pieces = ["0123456789abcdef" * 64] * 1024
    subject.upstream.will_stream(*pieces)
    assert sum(len(chunk.text) for chunk in await subject.chunks()) == 1024 * 1024


@case(LLM, "a prompt of a megabyte is sent whole")
async def huge_prompt(subject: Subject) -> None:
    prompt = "word " * 200_000
    subject.upstream.will_stream("ok")
    assert (await subject.ask(prompt)).text == "ok"
    assert max(len(request.raw) for request in subject.upstream.requests) > len(prompt)


@case(LLM, "a system message and a longer history are accepted", needs=["system"])
async def history(subject: Subject) -> None:
    subject.upstream.will_stream("fine")
    messages = [
        SystemPromptMessage(content="Be brief."),
        UserPromptMessage(content="Hi"),
        AssistantPromptMessage(content="Hello."),
        UserPromptMessage(content="How are you?"),
    ]
    assert (await subject.ask(messages)).text == "fine"
    subject.nothing_refused()


@case(LLM, "a limit that is hit is reported as length", needs=["length"])
async def finish_length(subject: Subject) -> None:
    for _ in range(2):
        subject.upstream.will_stream("cut o", finish_reason=subject.length_word)
    assert (await subject.ask()).finish_reason == "length"
    assert (await subject.chunks())[-1].finish_reason == "length"


@case(LLM, "stop sequences are accepted", needs=["stop"])
async def stop_sequences(subject: Subject) -> None:
    subject.upstream.will_stream("one")
    await subject.ask(stop=["END", "."])
    subject.nothing_refused()


@case(LLM, "a tool call comes whole", needs=["tools"])
async def tool_call_whole(subject: Subject) -> None:
    subject.upstream.will_stream(tool_calls=[{"name": "get_weather", "arguments": {"city": "Köln"}}])
    result = await subject.ask("Weather?", tools=[WEATHER])
    (call,) = result.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Köln"})
    assert call.id
    assert result.finish_reason == "tool_calls"
    subject.nothing_refused()


@case(LLM, "a tool call that streams in pieces folds to one call", needs=["tools"])
async def tool_call_in_pieces(subject: Subject) -> None:
    subject.upstream.boundary = 3
    subject.upstream.will_stream(
        "Let me see.", tool_calls=[{"name": "get_weather", "arguments": {"city": "São Paulo", "n": [1, 2]}}]
    )
    result = fold(await subject.chunks("Weather?", tools=[WEATHER]))
    (call,) = result.tool_calls
    assert json.loads(call.function.arguments) == {"city": "São Paulo", "n": [1, 2]}
    assert result.finish_reason == "tool_calls"


@case(LLM, "several tool calls in one answer are kept apart", needs=["parallel tools"])
async def parallel_tool_calls(subject: Subject) -> None:
    cities = ["Berlin", "Lima", "Oslo"]
    calls = [{"name": "get_weather", "arguments": {"city": city}, "id": f"call_{city}"} for city in cities]
    subject.upstream.will_stream(tool_calls=calls)
    subject.upstream.will_stream(tool_calls=calls)
    streamed = fold(await subject.chunks("Weather?", tools=[WEATHER])).tool_calls
    whole = (await subject.ask("Weather?", tools=[WEATHER])).tool_calls
    for found in (streamed, whole):
        assert [json.loads(call.function.arguments)["city"] for call in found] == cities
        assert len({call.id for call in found}) == len(cities)


@case(LLM, "a tool call without arguments is an empty object", needs=["tools"])
async def tool_call_without_arguments(subject: Subject) -> None:
    subject.upstream.will_stream(tool_calls=[{"name": "get_weather", "arguments": {}}])
    (call,) = fold(await subject.chunks("Weather?", tools=[WEATHER])).tool_calls
    assert json.loads(call.function.arguments or "{}") == {}


@case(LLM, "the results of tools are accepted on the next turn", needs=["tools"])
async def tool_results(subject: Subject) -> None:
    subject.upstream.will_stream(tool_calls=[{"name": "get_weather", "arguments": {"city": "Köln"}}])
    question = UserPromptMessage(content="Weather?")
    answer = (await subject.ask([question], tools=[WEATHER])).message
    result = ToolPromptMessage(content="Sunny, 21 °C", tool_call_id=answer.tool_calls[0].id)
    subject.upstream.will_stream("It is sunny.")
    assert (await subject.ask([question, answer, result], tools=[WEATHER])).text == "It is sunny."
    subject.nothing_refused()


@case(LLM, "reasoning is kept apart from the answer", needs=["reasoning"])
async def reasoning_apart(subject: Subject) -> None:
    for _ in range(2):
        subject.upstream.will_stream("Four.", reasoning=["Two and ", "two."])
    whole, streamed = await subject.ask(), fold(await subject.chunks())
    for result in (whole, streamed):
        assert (result.reasoning, result.text) == ("Two and two.", "Four.")


@case(LLM, "an answer with reasoning and tools is accepted back unchanged", needs=["reasoning", "tools"])
async def reasoning_replayed(subject: Subject) -> None:
    question = UserPromptMessage(content="Weather?")
    subject.upstream.will_stream(
        reasoning=["I need the weather."],
        tool_calls=[{"name": "get_weather", "arguments": {"city": "Köln"}}],
    )
    answer = fold(await subject.chunks([question], tools=[WEATHER])).message
    result = ToolPromptMessage(content="Sunny", tool_call_id=answer.tool_calls[0].id)
    subject.upstream.will_stream("Sunny.")
    assert (await subject.ask([question, answer, result], tools=[WEATHER])).text == "Sunny."
    subject.nothing_refused()


@case(LLM, "the caller's messages, tools and parameters are not changed", needs=["tools"])
async def input_untouched(subject: Subject) -> None:
    messages = [UserPromptMessage(content="Hi")]
    parameters = {"temperature": 1}
    before = (messages[0].model_dump(), WEATHER.model_dump(), dict(parameters))
    subject.upstream.will_stream("ok")
    await subject.ask(messages, model_parameters=parameters, tools=[WEATHER], stop=None)
    assert (messages[0].model_dump(), WEATHER.model_dump(), parameters) == before


@case(LLM, "parameters that the model does not declare are not sent")
async def unknown_parameters(subject: Subject) -> None:
    subject.upstream.will_stream("ok")
    await subject.ask(model_parameters={"no_such_parameter": 1})
    assert b"no_such_parameter" not in subject.upstream.requests[-1].raw


@case(LLM, "a parameter that is not allowed is refused before anything is sent")
async def bad_parameter(subject: Subject) -> None:
    instance = subject.model(LLM)
    schema = await instance.resolve(subject.models[LLM], subject.plain())
    rule = next(rule for rule in schema.parameter_rules if rule.max is not None)
    with raises(InvokeBadRequestError) as caught:
        await subject.ask(model_parameters={rule.name: rule.max + 1})
    assert rule.name in str(caught[0])
    assert not [request for request in subject.upstream.requests if request.method == "POST"]


@case(LLM, "many calls at once do not mix")
async def calls_at_once(subject: Subject) -> None:
    async def echo(number: int) -> bool:
        return f"<{number}>" in (await subject.ask(f"say <{number}>")).text

    assert all(await asyncio.gather(*(echo(number) for number in range(20))))
