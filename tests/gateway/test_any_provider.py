"""Any dialect in front of any provider: what a client says arrives, and what the model says comes back."""

from __future__ import annotations

import itertools

import pytest
from tests.gateway.behind import BEHIND, STREAMED, said, start
from tests.gateway.conftest import Serve
from tests.gateway.speakers import EVERY, PDF, PNG, SPEAKERS

ALL = pytest.mark.parametrize(("client", "behind"), list(itertools.product(EVERY, BEHIND)), ids=str)
CONVERSING = pytest.mark.parametrize(("client", "behind"), list(itertools.product(SPEAKERS, BEHIND)), ids=str)


@STREAMED
@ALL
async def test_text_and_usage(serve: Serve, client: str, behind: str, stream: bool) -> None:
    """What is said is the same whoever asks and whoever answers; so is what it used."""
    served, upstream, model = await start(serve, behind)
    upstream.will_stream("Guten ", "Tag, ", "Welt", usage={"in": 11, "out": 7})
    speaker = EVERY[client]

    answer, _ = await said(served, client, speaker.ask(model, "Hi there", stream=stream))

    assert (answer.text, answer.finish, answer.tokens) == ("Guten Tag, Welt", speaker.stopped, (11, 7))
    [record] = await served.records()
    assert (record["surface"], record["status"], record["stream"]) == (speaker.surface, 200, stream)
    assert f"{record['provider']}/{record['model']}" == model
    assert (record["prompt_tokens"], record["completion_tokens"]) == (11, 7)


@STREAMED
@CONVERSING
async def test_tools_called_in_parallel_and_answered(
    serve: Serve, client: str, behind: str, stream: bool
) -> None:
    """The fakes refuse a second turn whose calls and results do not fit together."""
    served, upstream, model = await start(serve, behind)
    cities = [{"city": "Oslo"}, {"city": "São Paulo"}]
    upstream.will_stream(
        "Let me see.", tool_calls=[{"name": "weather", "arguments": city} for city in cities]
    )
    speaker = SPEAKERS[client]
    asked = speaker.ask(model, "How is it there?", tools=True, stream=stream)

    first, whole = await said(served, client, asked)
    second, _ = await said(served, client, speaker.again(asked, whole, ["rain", "sun"]))

    assert first.calls == [("weather", city) for city in cities]
    assert (first.text, first.finish) == ("Let me see.", speaker.called)
    assert (second.calls, second.finish) == ([], speaker.stopped)
    assert "sun" in second.text
    assert not upstream.refused


@STREAMED
@CONVERSING
async def test_structured_output(serve: Serve, client: str, behind: str, stream: bool) -> None:
    """A schema reaches the upstream in its own words, and its JSON comes back as text."""
    served, upstream, model = await start(serve, behind)

    answer, _ = await said(served, client, SPEAKERS[client].ask(model, "Oslo", schema=True, stream=stream))

    assert answer.text == '{"city":"Oslo"}'
    assert "additionalProperties" in str(upstream.requests[-1].body)


@CONVERSING
async def test_images(serve: Serve, client: str, behind: str) -> None:
    """A picture in the client's dialect is a picture in the upstream's."""
    served, upstream, model = await start(serve, behind)
    speaker = SPEAKERS[client]

    answer = await served.post(speaker.path, speaker.ask(model, "What is it?", image=True))

    assert (answer.status, speaker.read(answer.json).text) == (200, "What is it?")
    assert PNG in str(upstream.requests[-1].body)


@CONVERSING
async def test_documents(serve: Serve, client: str, behind: str) -> None:
    """So are documents; what cannot be told is refused by name, and nothing is sent."""
    served, upstream, model = await start(serve, behind)
    speaker = SPEAKERS[client]

    answer = await served.post(speaker.path, speaker.ask(model, "What says it?", document=True))

    if behind in ("cohere", "ollama"):
        assert answer.status == 400
        assert "document" in answer.json["error"]["message"]
        assert not upstream.requests
        return
    assert answer.status == 200, answer.body
    assert PDF in str(upstream.requests[-1].body)


@STREAMED
@ALL
async def test_an_answer_that_is_cut(serve: Serve, client: str, behind: str, stream: bool) -> None:
    """Each dialect has its own word for it."""
    served, _, model = await start(serve, behind)
    speaker = EVERY[client]
    words = " ".join(f"word{number}" for number in range(40))

    answer, _ = await said(served, client, speaker.ask(model, words, limit=16, stream=stream))

    assert (answer.text, answer.finish) == (" ".join(words.split()[:16]), speaker.cut)
