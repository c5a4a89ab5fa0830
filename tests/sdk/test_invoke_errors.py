"""An error of a plugin looks the same wherever it is raised, keeps its cause and shows no credential."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

import pytest
from tests.sdk.kit import HELLO, KEY, Talker, make, piece, pieces

from modelbay.entities import LLMResult, LLMResultChunk
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


class LibraryError(Exception):
    """What a vendor's library raises."""


class LibraryTimeoutError(LibraryError):
    """A more special one."""


class Failing(Talker):
    """Raises `error` after `good` chunks, or from the call itself where `good` is None."""

    error: Exception = LibraryError("went wrong")
    good: int | None = None
    asynchronous = False

    @property
    def _invoke_error_mapping(self) -> Mapping[type[InvokeError], Sequence[type[Exception]]]:
        return {
            InvokeConnectionError: [LibraryTimeoutError],
            InvokeRateLimitError: [LibraryError],
            InvokeAuthorizationError: [PermissionError],
        }

    def _invoke(self, *_: Any) -> Any:
        if self.good is None:
            if self.asynchronous:
                return self._later()
            raise self.error
        return self._async() if self.asynchronous else self._sync()

    async def _later(self) -> LLMResult:
        raise self.error

    def _sync(self) -> Iterator[LLMResultChunk]:
        yield from (piece("x", place) for place in range(self.good or 0))
        raise self.error

    async def _async(self) -> AsyncIterator[LLMResultChunk]:
        for chunk in self._sync():
            yield chunk


def failing(error: Exception, good: int | None = None, asynchronous: bool = False) -> Any:
    model = make(Failing)
    model.error, model.good, model.asynchronous = error, good, asynchronous
    return model


async def raised_by(model: Any, credentials: dict[str, Any] | None = None, streaming: bool = True) -> Any:
    """Return the error of a call and how many chunks came before it."""
    count = 0
    with pytest.raises(ModelbayError) as caught:
        if not streaming:
            await model.invoke("m", credentials or {}, HELLO)
        async for _ in model.stream("m", credentials or {}, HELLO):
            count += 1
    assert model.started_at == 0
    return caught.value, count


def everything(error: BaseException) -> str:
    """Return all that a log or a crash dump would print of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.args) + repr(vars(error))


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("good", [None, 0, 1, 500])
async def test_a_librarys_error_is_mapped_wherever_it_is_raised(
    good: int | None, streaming: bool, asynchronous: bool
) -> None:
    """The plugin format maps only the call itself; a failure in chunk 500 must look like one in chunk 1."""
    model = failing(LibraryError("slow down"), good, asynchronous)
    error, count = await raised_by(model, streaming=streaming)

    assert type(error) is InvokeRateLimitError
    assert "slow down" in error.description
    assert (error.provider, error.model, error.retryable) == ("acme", "m", True)
    assert isinstance(error.__cause__, LibraryError)
    assert count == (good or 0 if streaming else 0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (LibraryTimeoutError("t"), InvokeConnectionError),
        (LibraryError("e"), InvokeRateLimitError),
        (PermissionError("p"), InvokeAuthorizationError),
        (ConnectionResetError("reset"), InvokeConnectionError),
        (TimeoutError(), InvokeConnectionError),
        (ValueError("odd"), InvokeError),
        (KeyError("choices"), InvokeError),
    ],
)
async def test_the_first_class_that_matches_counts(error: Exception, kind: type[InvokeError]) -> None:
    """The plugin's mapping goes before ours; what nobody names is a plain InvokeError with the words."""
    mapped, _ = await raised_by(failing(error))

    assert type(mapped) is kind
    assert str(error).strip("'") in str(mapped)


@pytest.mark.parametrize(
    "error",
    [
        InvokeServerUnavailableError("down", status=503, retry_after=2.5, request_id="r-1", code="c"),
        InvokeBadRequestError("bad", status=422),
        CredentialsValidateFailedError("no"),
        InvokeError("plain", retryable=True),
    ],
)
async def test_an_error_of_ours_stays_what_it_is(error: ModelbayError) -> None:
    """A plugin that already chose the class knows best; only provider and model are filled in."""
    before = {name: value for name, value in vars(error).items() if name not in ("provider", "model")}
    mapped, _ = await raised_by(failing(error, good=3))

    assert mapped is error
    assert {name: vars(error)[name] for name in before} == before
    assert (mapped.provider, mapped.model) == ("acme", "m")


async def test_the_cause_that_the_plugin_named_is_kept() -> None:
    """`raise InvokeError from error` is how plugins tell where it comes from."""

    class Naming(Talker):
        def _invoke(self, *_: Any) -> LLMResult:
            try:
                raise LibraryError("the reason")
            except LibraryError as error:
                raise InvokeServerUnavailableError("down") from error

    mapped, _ = await raised_by(make(Naming))

    assert isinstance(mapped.__cause__, LibraryError)
    assert "the reason" in everything(mapped)


@pytest.mark.parametrize("kind", [LibraryError, InvokeBadRequestError, CredentialsValidateFailedError])
async def test_a_credential_is_blanked_in_the_message(kind: type[Exception]) -> None:
    """Libraries print the request that failed, with its headers."""
    credentials = {"api_key": KEY, "pass_phrase": "open sesame", "region": "europe-west"}
    error, _ = await raised_by(failing(kind(f"{KEY} open sesame europe-west")), credentials)

    assert "[redacted] [redacted] europe-west" in str(error)
    assert KEY not in everything(error)
    assert "open sesame" not in everything(error)


@pytest.mark.parametrize("named", [True, False], ids=["from", "while handling"])
@pytest.mark.parametrize("kind", [ValueError, InvokeBadRequestError])
async def test_a_credential_in_what_caused_an_error_is_not_printed(
    kind: type[Exception], named: bool
) -> None:
    """A traceback prints the whole chain, not only the last link."""

    class Chained(Talker):
        def _invoke(self, model: str, credentials: dict[str, Any], *_: Any) -> LLMResult:
            try:
                try:
                    raise OSError(f"GET /?key={credentials['api_key']}")
                except OSError as error:
                    raise LookupError("nothing found") from error
            except LookupError as error:
                if named:
                    raise kind("no answer") from error
                raise kind("no answer")  # noqa: B904 - what careless plugins do

    error, _ = await raised_by(make(Chained), {"api_key": KEY})

    assert "no answer" in str(error)
    assert KEY not in everything(error)


async def test_a_credential_is_blanked_in_code_and_request_id() -> None:
    """Upstreams echo what they were sent in odd places."""
    error, _ = await raised_by(
        failing(InvokeBadRequestError("bad", code=f"key {KEY}", request_id=KEY)), {"api_key": KEY}
    )
    assert (error.code, error.request_id) == ("key [redacted]", "[redacted]")


async def test_a_credential_inside_a_nested_credential_is_blanked() -> None:
    """Headers that a form collects in a mapping are credentials too."""
    credentials = {"extra_headers": {"X-Api-Key": KEY}, "accounts": [{"token": "tok-12345678"}]}
    error, _ = await raised_by(failing(LibraryError(f"sent {KEY} and tok-12345678")), credentials)

    assert "sent [redacted] and [redacted]" in str(error)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_stop_iteration_is_an_error_like_any_other(asynchronous: bool) -> None:
    """`next(...)` without a default is an easy mistake, and a future cannot hold what it raises."""
    error, _ = await raised_by(failing(StopIteration("none left"), None, asynchronous))

    assert type(error) is InvokeError
    assert "StopIteration" in str(error)


@pytest.mark.parametrize("good", [None, 2])
async def test_a_plugin_that_exits_ends_only_its_own_call(good: int | None) -> None:
    """`sys.exit` in blocking code must not end the event loop that serves everybody."""

    class Leaving(Talker):
        def _invoke(self, *_: Any) -> Any:
            return sys.exit("bye") if good is None else self._chunks()

        def _chunks(self) -> Iterator[LLMResultChunk]:
            yield from pieces("a", "b")[:good]
            sys.exit("bye")

    error, _ = await raised_by(make(Leaving))

    assert type(error) is InvokeError
    assert "SystemExit: bye" in str(error)


async def test_an_error_while_the_generator_closes_is_reported() -> None:
    """Nothing is swallowed; the first error counts where there are two."""

    class Clumsy(Talker):
        def _invoke(self, *_: Any) -> Iterator[LLMResultChunk]:
            try:
                yield from pieces("a", "b")
                raise LibraryError("first")
            finally:
                raise_it = True
                assert not raise_it, "second"

    error, count = await raised_by(make(Clumsy))

    assert count == 1  # the closing chunk waits for the end of the stream
    assert "second" in str(error)


async def test_parameters_are_checked_before_anything_is_sent() -> None:
    """A wrong parameter is the caller's error, named, with provider and model."""
    rule = {"name": "temperature", "use_template": "temperature"}
    model = make(Failing, parameter_rules=[rule])
    with pytest.raises(
        InvokeBadRequestError, match=r"'temperature' is 7, but must be .* from 0 to 1"
    ) as caught:
        await model.invoke("m", {}, HELLO, {"temperature": 7})

    assert (caught.value.provider, caught.value.model) == ("acme", "m")


async def test_a_declaration_that_cannot_be_had_is_an_error_of_the_call() -> None:
    """A plugin may ask its server what the model is, and that may fail."""

    class Asking(Failing):
        def get_customizable_model_schema(self, model: str, credentials: dict[str, Any]) -> Any:
            raise LibraryTimeoutError("no answer from the server")

    with pytest.raises(InvokeConnectionError, match="no answer from the server"):
        await make(Asking).invoke("another", {}, HELLO)
