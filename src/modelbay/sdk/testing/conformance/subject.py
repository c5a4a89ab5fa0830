"""What a conformance case works on, and how cases are found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from modelbay.entities import (
    LLMResult,
    LLMResultChunk,
    ModelType,
    PromptMessage,
    PromptMessageTool,
    UserPromptMessage,
)
from modelbay.errors import ModelbayError
from modelbay.sdk.model import AIModel
from modelbay.sdk.testing.upstream import FakeUpstream
from modelbay.wires.request import Timeouts
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport

E = TypeVar("E", bound=ModelbayError)

ABILITIES = frozenset({"tools", "parallel tools", "reasoning", "system", "key", "usage", "stop", "length"})


_HERE = frozenset({"127.0.0.1", "localhost"})  # files that an answer names lie at the fake, too


async def _at_once(_: float) -> None:
    """Stand in for the pause before a retry, so that no case waits."""


@dataclass(slots=True)
class Subject:
    """A provider under test.

    Attributes:
        upstream: The fake that the provider calls; started and stopped by the test.
        make: Makes a fresh model object of a type, with its provider's declaration set.
        credentials: What leads to the upstream, with the key that it accepts.
        models: The model to call, by type; cases of other types are not run.
        secret: The name of the credential that is the key; "" if there is none.
        abilities: What the provider's wire can carry, of `ABILITIES`; cases that need more are not run.
        length_word: The upstream's own word for an answer that hit the limit.
    """

    upstream: FakeUpstream
    make: Callable[[ModelType], AIModel]
    credentials: Mapping[str, Any]
    models: Mapping[ModelType, str]
    secret: str = ""
    abilities: Collection[str] = ABILITIES
    length_word: str = "length"
    _transports: list[Transport] = field(default_factory=list)

    def model(self, model_type: ModelType, **settings: Any) -> Any:
        """Return a fresh model object whose transport does not wait between retries."""
        instance = self.make(model_type)
        settings.setdefault("retries", 0)
        chosen = TransportSettings(trust_env=False, file_hosts=_HERE, **settings)
        transport = Transport(chosen, sleep=_at_once)
        self._transports.append(transport)
        instance.transport = transport
        return instance

    def plain(self, **changed: Any) -> dict[str, Any]:
        """Return the credentials as a call gets them."""
        return {**self.credentials, **changed}

    async def ask(
        self, prompt: Any = "Hello", /, *, settings: Mapping[str, Any] | None = None, **call: Any
    ) -> LLMResult:
        """Return a whole answer of the language model."""
        instance = self.model(ModelType.LLM, **(settings or {}))
        result: LLMResult = await instance.invoke(
            self.models[ModelType.LLM], self.plain(), messages_of(prompt), **call
        )
        return result

    def stream(
        self, prompt: Any = "Hello", /, *, settings: Mapping[str, Any] | None = None, **call: Any
    ) -> AsyncIterator[LLMResultChunk]:
        """Return the answer's chunks as they come."""
        instance = self.model(ModelType.LLM, **(settings or {}))
        chunks: AsyncIterator[LLMResultChunk] = instance.stream(
            self.models[ModelType.LLM], self.plain(), messages_of(prompt), **call
        )
        return chunks

    async def chunks(self, prompt: Any = "Hello", /, **call: Any) -> list[LLMResultChunk]:
        """Return all chunks of a streamed answer."""
        return [chunk async for chunk in self.stream(prompt, **call)]

    async def invoke(
        self, model_type: ModelType, *args: Any, settings: Mapping[str, Any] | None = None, **call: Any
    ) -> Any:
        """Return the result of a call of another type."""
        instance = self.model(model_type, **(settings or {}))
        return await instance.invoke(self.models[model_type], self.plain(), *args, **call)

    def nothing_refused(self) -> None:
        """Assert that the upstream's description allowed every request."""
        assert not self.upstream.refused, [str(refusal) for refusal in self.upstream.refused]

    async def close(self) -> None:
        """Close what the case opened."""
        for transport in self._transports:
            await transport.aclose()


def messages_of(prompt: Any) -> list[PromptMessage]:
    """Return messages; a string is a user's message."""
    return [UserPromptMessage(content=prompt)] if isinstance(prompt, str) else list(prompt)


WEATHER = PromptMessageTool(
    name="get_weather",
    description="Say what the weather is like in a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string", "description": "The city's name."}},
        "required": ["city"],
    },
)

SHORT = Timeouts(connect=5.0, first_byte=0.2, idle=0.2, total=10.0)


@contextmanager
def raises(kind: type[E]) -> Iterator[list[E]]:
    """Assert that the block raises just this class; the list holds the error afterwards."""
    caught: list[E] = []
    try:
        yield caught
    except ModelbayError as error:
        assert type(error) is kind, f"expected {kind.__name__}, got {type(error).__name__}: {error}"
        caught.append(error)
        return
    raise AssertionError(f"expected {kind.__name__}, but the call succeeded")


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that a provider must do. `needs` lists the abilities without which it does not apply."""

    name: str
    model_type: ModelType
    run: Callable[[Subject], Awaitable[None]]
    needs: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.model_type.value}: {self.name}"

    @property
    def capability(self) -> str:
        """What of a provider the case is about: one of `CAPABILITIES`."""
        if self.model_type is not ModelType.LLM:
            return self.model_type.value
        for ability in ("reasoning", "tools", "parallel tools"):
            if ability in self.needs:
                return ability.removeprefix("parallel ")
        return "failures" if self.run.__module__.endswith("llm_failures") else "chat"

    async def __call__(self, subject: Subject) -> None:
        """Run the case; AssertionError or the provider's error says what is wrong."""
        try:
            await self.run(subject)
        finally:
            await subject.close()


CAPABILITIES = (
    *("chat", "tools", "reasoning", "failures"),
    *(kind.value for kind in ModelType if kind not in (ModelType.LLM, ModelType.TEXT2IMG)),
)
"""What the cases are counted by; the first four are of language models."""

CASES: list[Case] = []


def case(
    model_type: ModelType, name: str, *, needs: Sequence[str] = ()
) -> Callable[[Callable[[Subject], Awaitable[None]]], Callable[[Subject], Awaitable[None]]]:
    """Register a case."""

    def register(run: Callable[[Subject], Awaitable[None]]) -> Callable[[Subject], Awaitable[None]]:
        CASES.append(Case(name, model_type, run, frozenset(needs)))
        return run

    return register
