"""Conformance of language models: every failure is the right error, at whichever chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from modelbay.entities import ModelType, UserPromptMessage
from modelbay.errors import (
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    InvokeConnectionError,
    InvokeError,
    InvokeRateLimitError,
    InvokeServerUnavailableError,
    ModelbayError,
)
from modelbay.sdk.testing import faults
from modelbay.sdk.testing.conformance.subject import SHORT, Subject, case, raises
from modelbay.sdk.testing.gate import Gate

LLM = ModelType.LLM

STATUSES: dict[int, type[InvokeError]] = {
    400: InvokeBadRequestError,
    401: InvokeAuthorizationError,
    403: InvokeAuthorizationError,
    404: InvokeBadRequestError,
    422: InvokeBadRequestError,
    429: InvokeRateLimitError,
    500: InvokeServerUnavailableError,
    503: InvokeServerUnavailableError,
}


def _status_case(status: int, kind: type[InvokeError], *, stream: bool) -> None:
    how = "streamed" if stream else "whole"

    @case(LLM, f"HTTP {status} is {kind.__name__}, {how}")
    async def run(subject: Subject) -> None:
        subject.upstream.will_fail(faults.status(status, "words of the upstream"), times=None)
        with raises(kind) as caught:
            await (subject.chunks() if stream else subject.ask())
        error = caught[0]
        assert error.status == status
        assert "words of the upstream" in str(error)
        assert error.model == subject.models[LLM]


for _status, _kind in STATUSES.items():
    _status_case(_status, _kind, stream=False)
    _status_case(_status, _kind, stream=True)


@case(LLM, "a rate limit says how long to wait")
async def retry_after(subject: Subject) -> None:
    subject.upstream.will_fail(faults.rate_limited(retry_after=7), times=None)
    with raises(InvokeRateLimitError) as caught:
        await subject.ask()
    assert caught[0].retry_after == 7
    assert caught[0].retryable


@case(LLM, "a refusal that passes is tried again")
async def retried(subject: Subject) -> None:
    subject.upstream.will_fail(faults.rate_limited(retry_after=0.01))
    subject.upstream.will_stream("now it works")
    assert (await subject.ask(settings={"retries": 1})).text == "now it works"


@case(LLM, "a wrong key is an authorisation error that does not show it", needs=["key"])
async def wrong_key(subject: Subject) -> None:
    instance = subject.model(LLM)
    wrong = subject.plain(**{subject.secret: "wrong-key-0123456789"})
    with raises(InvokeAuthorizationError) as caught:
        await instance.invoke(subject.models[LLM], wrong, [UserPromptMessage(content="Hello")])
    assert "wrong-key-0123456789" not in repr(caught[0]) + str(caught[0])


@case(LLM, "a key that the upstream repeats is taken out of the message", needs=["key"])
async def echoed_key(subject: Subject) -> None:
    key = str(subject.credentials[subject.secret])
    subject.upstream.will_fail(faults.status(400, f"you sent {key}"))
    with raises(InvokeBadRequestError) as caught:
        await subject.ask()
    assert key not in str(caught[0])


@case(LLM, "an error inside a 200 is an error")
async def error_in_200(subject: Subject) -> None:
    subject.upstream.will_fail(faults.error_in_200("it broke"))
    await _fails_with_words(subject, "it broke", stream=False)


@case(LLM, "an error inside a stream is an error, after the chunks that came")
async def error_in_stream(subject: Subject) -> None:
    subject.upstream.will_stream(*("word " for _ in range(20)))
    subject.upstream.will_fail(faults.error_event(after=8, message="it broke"))
    text = ""
    try:
        async for chunk in subject.stream():
            text += chunk.text
    except InvokeError as error:
        assert "it broke" in str(error)
    else:
        raise AssertionError("the stream ended as if nothing had happened")
    assert text.startswith("word ")


@case(LLM, "a page of HTML instead of an answer is a server failure")
async def html_page(subject: Subject) -> None:
    subject.upstream.will_fail(faults.html(502), times=2)
    for call in (subject.ask, subject.chunks):
        with raises(InvokeServerUnavailableError):
            await call()


@case(LLM, "an answer that is not JSON is a server failure")
async def invalid_json(subject: Subject) -> None:
    subject.upstream.will_fail(faults.invalid_json())
    with raises(InvokeServerUnavailableError):
        await subject.ask()


@case(LLM, "an empty body is a failure, whole and streamed")
async def empty_body(subject: Subject) -> None:
    subject.upstream.will_fail(faults.empty(), times=2)
    for call in (subject.ask, subject.chunks):
        await _raises_any(call())


@case(LLM, "a refused connection is a connection error")
async def refused(subject: Subject) -> None:
    subject.upstream.will_fail(faults.refuse())
    with raises(InvokeConnectionError) as caught:
        await subject.ask()
    assert caught[0].retryable


@case(LLM, "a connection reset before the answer is a connection error")
async def reset_before(subject: Subject) -> None:
    subject.upstream.will_fail(faults.reset(0), times=None)
    with raises(InvokeConnectionError):
        await subject.ask()


@case(LLM, "a connection reset inside a stream is a connection error")
async def reset_inside(subject: Subject) -> None:
    await _cut_off(subject, faults.reset(400))


@case(LLM, "a connection closed inside a stream is a connection error")
async def closed_inside(subject: Subject) -> None:
    await _cut_off(subject, faults.close(400))


@case(LLM, "a truncated answer is a connection error")
async def truncated(subject: Subject) -> None:
    subject.upstream.will_stream("a long answer")
    subject.upstream.will_fail(faults.truncated())
    with raises(InvokeConnectionError):
        await subject.ask()


@case(LLM, "an upstream that never answers runs into the timeout")
async def stalled_headers(subject: Subject) -> None:
    subject.upstream.will_fail(faults.stall(0))
    with raises(InvokeConnectionError):
        await subject.ask(settings={"timeouts": SHORT})


@case(LLM, "a stream that stalls runs into the timeout")
async def stalled_stream(subject: Subject) -> None:
    subject.upstream.will_stream(*("word " for _ in range(50)))
    subject.upstream.will_fail(faults.stall(600))
    with raises(InvokeConnectionError):
        await subject.chunks(settings={"timeouts": SHORT})


@case(LLM, "closing the stream hangs up on the upstream")
async def closed_stream(subject: Subject) -> None:
    gate = subject.upstream.gate = Gate()
    subject.upstream.will_stream(*("word " for _ in range(50)))
    stream = subject.stream()
    gate.let(6)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    await asyncio.wait_for(subject.upstream.hung_up(), 10)


@case(LLM, "cancelling a call hangs up on the upstream")
async def cancelled(subject: Subject) -> None:
    subject.upstream.will_fail(faults.stall(0))
    call = asyncio.create_task(subject.ask())
    await subject.upstream.received()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await asyncio.wait_for(subject.upstream.hung_up(), 10)


@case(LLM, "a connection that went stale is replaced without the caller noticing")
async def stale_connection(subject: Subject) -> None:
    instance = subject.model(LLM)
    subject.upstream.will_stream("first")
    await instance.invoke(subject.models[LLM], subject.plain(), [UserPromptMessage(content="Hello")])
    subject.upstream.will_fail(faults.stale())
    subject.upstream.will_stream("second")
    result = await instance.invoke(subject.models[LLM], subject.plain(), [UserPromptMessage(content="Hello")])
    assert result.text == "second"


@case(LLM, "usage that the upstream does not send is estimated and marked")
async def estimated_usage(subject: Subject) -> None:
    subject.upstream.will_stream("one two three")
    subject.upstream.will_fail(faults.no_usage())
    usage = (await subject.chunks("some words of a prompt"))[-1].usage
    assert usage is not None
    assert usage.estimated
    assert usage.prompt_tokens > 0
    assert usage.completion_tokens > 0


@case(LLM, "good credentials are proved")
async def good_credentials(subject: Subject) -> None:
    await subject.model(LLM).check_credentials(subject.models[LLM], subject.plain())
    subject.nothing_refused()


@case(LLM, "bad credentials are refused in the upstream's words", needs=["key"])
async def bad_credentials(subject: Subject) -> None:
    wrong = subject.plain(**{subject.secret: "wrong-key-0123456789"})
    with raises(CredentialsValidateFailedError) as caught:
        await subject.model(LLM).check_credentials(subject.models[LLM], wrong)
    assert caught[0].status in (400, 401, 403)  # some take a wrong key for a fault of the request
    assert "wrong-key-0123456789" not in str(caught[0])


async def _cut_off(subject: Subject, fault: faults.Fault) -> None:
    subject.upstream.will_stream(*("word " for _ in range(50)))
    subject.upstream.will_fail(fault)
    with raises(InvokeConnectionError):
        await subject.chunks()


async def _fails_with_words(subject: Subject, words: str, *, stream: bool) -> None:
    try:
        await (subject.chunks() if stream else subject.ask())
    except InvokeError as error:
        assert words in str(error)
        return
    raise AssertionError("the call succeeded")


async def _raises_any(call: Awaitable[object]) -> None:
    try:
        await call
    except ModelbayError:
        return
    raise AssertionError("the call succeeded")
