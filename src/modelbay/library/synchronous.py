"""The library, blocking: every method is the twin of one in `asynchronous`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modelbay.library.asynchronous import AsyncLLM, AsyncModelbay
from modelbay.library.portal import Portal, blocking, blocking_stream
from modelbay.platform.environment import Given
from modelbay.wires.settings import TransportSettings


class LLM:
    """One language model. Parameters beyond the named ones are the model's own, such as `temperature`."""

    def __init__(self, portal: Portal, twin: AsyncLLM) -> None:
        self._portal = portal
        self._twin = twin
        self.model = twin.model

    invoke = blocking(AsyncLLM.invoke)
    stream = blocking_stream(AsyncLLM.stream)
    count_tokens = blocking(AsyncLLM.count_tokens)
    schema = blocking(AsyncLLM.schema)


class Modelbay:
    """Any AI model of any provider through one interface; `AsyncModelbay` is the asynchronous twin.

    Safe to use from several threads, and inside a running event loop (where it blocks that loop). Close it,
    or use it in a `with` block.

    Args:
        credentials: By provider name: a mapping of its credential form's fields, or its key as a string.
            A name `provider/model` gives one model credentials of its own.
        environment: Whether to look for keys in environment variables (`OPENAI_API_KEY`, …).
        plugins: Folders with more plugins.
        transport: Proxy, CA bundle, timeouts and retries.
        drop_unknown: Whether parameters that a model does not declare are dropped; they are refused by
            name otherwise.
    """

    def __init__(
        self,
        credentials: Given | None = None,
        *,
        environment: bool = True,
        plugins: Sequence[str | Path] = (),
        transport: TransportSettings | None = None,
        drop_unknown: bool = False,
    ) -> None:
        self._twin = AsyncModelbay(
            credentials,
            environment=environment,
            plugins=plugins,
            transport=transport,
            drop_unknown=drop_unknown,
        )
        self._portal = Portal(self._twin.aclose)

    def llm(self, model: str) -> LLM:
        """Return a language model, by `provider/model` or by its name alone where that is unambiguous."""
        return LLM(self._portal, self._twin.llm(model))

    embed = blocking(AsyncModelbay.embed)
    rerank = blocking(AsyncModelbay.rerank)
    transcribe = blocking(AsyncModelbay.transcribe)
    speak = blocking(AsyncModelbay.speak)
    speak_stream = blocking_stream(AsyncModelbay.speak_stream)
    moderate = blocking(AsyncModelbay.moderate)
    count_tokens = blocking(AsyncModelbay.count_tokens)
    models = blocking(AsyncModelbay.models)
    fetch_models = blocking(AsyncModelbay.fetch_models)
    validate_credentials = blocking(AsyncModelbay.validate_credentials)

    def close(self) -> None:
        """Close all connections and end the background thread; safe to call twice."""
        self._portal.close()

    def __enter__(self) -> Modelbay:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
