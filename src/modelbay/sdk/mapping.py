"""Turning whatever a plugin raises into one class of the error tree."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TypeVar

from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeConnectionError,
    InvokeError,
    ModelbayError,
    redact,
)

T = TypeVar("T")

ErrorMapping = Mapping[type[InvokeError], Sequence[type[Exception]]]
"""Our class for the classes that a plugin's libraries raise; the first match wins."""


def map_error(error: Exception, mapping: ErrorMapping) -> ModelbayError:
    """Return the error as one of ours; one that is ours already stays what it is."""
    if isinstance(error, ModelbayError):
        return error
    for ours, theirs in mapping.items():
        if isinstance(error, tuple(theirs)):
            return _wrap(ours, error)
    if isinstance(error, ConnectionError | TimeoutError):
        return _wrap(InvokeConnectionError, error)
    return InvokeError(f"{type(error).__name__}: {error}")


def _wrap(ours: type[InvokeError], error: Exception) -> InvokeError:
    text = str(error).strip()
    if ours is InvokeAuthorizationError and not text:
        return ours()
    return ours(f"{ours.summary} {text}" if text else None)


class ErrorBoundary:
    """Maps every error of one call, wherever it is raised, and takes the credentials out of its text."""

    def __init__(
        self, mapping: ErrorMapping, *, provider: str | None, model: str | None, secrets: Sequence[str]
    ) -> None:
        self._mapping = mapping
        self._provider = provider
        self._model = model
        self._secrets = secrets

    def map(self, error: Exception) -> ModelbayError:
        """Return the error to raise; raise it `from` what `cause_of` gives."""
        ours = map_error(error, self._mapping).located(self._provider, self._model)
        ours.description = redact(ours.description, self._secrets)
        ours.args = (ours.description,)
        return ours

    def cause_of(self, error: Exception) -> Exception | None:
        """Return the cause to keep: None where its text would show a credential."""
        text = str(error)
        return None if redact(text, self._secrets) != text else error

    async def around(self, source: AsyncIterator[T]) -> AsyncIterator[T]:
        """Iterate over `source`; an error in chunk 500 looks like one in chunk 1."""
        try:
            async for item in source:
                yield item
        except Exception as error:  # noqa: BLE001 - the boundary: whatever a plugin raises is mapped
            raise self.map(error) from self.cause_of(error)
        finally:
            await close(source)


async def close(source: object) -> None:
    """Close an async generator, so that what it holds is let go at once."""
    closing = getattr(source, "aclose", None)
    if closing is not None:
        await closing()
