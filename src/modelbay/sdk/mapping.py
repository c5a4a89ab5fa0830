"""Turning whatever a plugin raises into one class of the error tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from modelbay.entities import Credentials, ProviderEntity
from modelbay.errors import (
    InvokeAuthorizationError,
    InvokeConnectionError,
    InvokeError,
    ModelbayError,
    redact,
)
from modelbay.wires.error_codes import as_declared
from modelbay.wires.redaction import redact_error

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
    """Maps every error of one call, wherever it is raised, and takes the credentials out of its text.

    As a context manager it maps whatever its block raises.
    """

    def __init__(
        self,
        mapping: ErrorMapping,
        provider: ProviderEntity | None,
        credentials: Mapping[str, Any],
        *,
        model: str | None = None,
    ) -> None:
        self._mapping = mapping
        self._schema = provider
        self._provider = provider.provider if provider else None
        self._model = model
        self._credentials = Credentials(credentials).reveal()  # as they are now: a plugin may change them

    @cached_property
    def _secrets(self) -> list[str]:
        """What to take out; most calls end without anybody asking."""
        names = self._schema.secret_variables if self._schema else frozenset[str]()
        return Credentials(self._credentials).secrets(names)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            raise self.map(error) from self.cause_of(error)

    def map(self, error: Exception) -> ModelbayError:
        """Return the error to raise; raise it `from` what `cause_of` gives."""
        ours = map_error(error, self._mapping).located(self._provider, self._model)
        if self._schema is not None and self._schema.wire is not None and self._schema.wire.errors:
            ours = as_declared(ours, self._schema.wire.errors)
        return redact_error(ours, self._secrets)

    def cause_of(self, error: Exception) -> BaseException | None:
        """Return the cause to keep: None where a traceback of it would show a credential."""
        cause = _origin(error) if isinstance(error, ModelbayError) else error
        return None if any(self._shows(link) for link in _chain(cause)) else cause

    def _shows(self, error: BaseException) -> bool:
        text = f"{error}\n{error.args}\n{getattr(error, '__notes__', '')}"
        return redact(text, self._secrets) != text


def _origin(error: BaseException) -> BaseException | None:
    """Return what an error came from, as a traceback would tell."""
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error, what it came from, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = _origin(error)


async def close(source: object) -> None:
    """Close an async generator, so that what it holds is let go at once."""
    closing = getattr(source, "aclose", None)
    if closing is not None:
        await closing()
