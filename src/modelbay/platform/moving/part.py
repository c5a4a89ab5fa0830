"""One kind of the things that a workspace has, and how all kinds are carried over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, TypeVar

from modelbay.entities import ModelType
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.moving.moved import Moved
from modelbay.platform.moving.things import Thing
from modelbay.platform.people.refusals import invalid
from modelbay.store import Database

T = TypeVar("T", bound=Thing)
_LOCAL: Final = {"id", "created"}
"""What does not make two things different."""


@dataclass(frozen=True, slots=True)
class Here:
    """The workspace that takes things in; inside a transaction.

    `credentials` are the ids here of credentials that have others in the file.
    """

    database: Database
    workspace: str
    replace: bool
    credentials: dict[str, str] = field(default_factory=dict)

    def credential(self, theirs: str) -> str:
        """Return the id here of credentials of the file."""
        return self.credentials.get(theirs, theirs)


class Part(ABC, Generic[T]):
    """A kind of things without secrets; `what` is its name for people."""

    what: ClassVar[str]

    @abstractmethod
    def read(self, database: Database, workspace: str) -> Sequence[T]:
        """Return those of a workspace, in an order that an import may keep."""

    @abstractmethod
    def key(self, thing: T) -> tuple[str, ...]:
        """Return what there can be one of."""

    @abstractmethod
    def check(self, here: Here, thing: T) -> None:
        """Refuse what cannot be made here.

        Raises:
            InvokeBadRequestError: It cannot; the message says why.
        """

    @abstractmethod
    def put(self, here: Here, thing: T, there: T | None) -> None:
        """Make a thing, in the place of what is there."""

    def fitted(self, here: Here, thing: T) -> T:
        """Return a thing as it is here, where credentials may have other ids."""
        return thing

    def stays(self, here: Here, there: T | None) -> str:
        """Return why a thing is not made; "" if it is."""
        return "" if there is None or here.replace else "there is one already"

    def name(self, thing: T) -> str:
        """Return what people call a thing."""
        return " ".join(part for part in self.key(thing) if part)

    def move(self, here: Here, things: Sequence[T]) -> Iterator[Moved]:
        """Make things, and say of each what became of it."""
        present = {self.key(each): each for each in self.read(here.database, here.workspace)}
        for thing in things:
            yield self._moved(here, self.fitted(here, thing), present)

    def _moved(self, here: Here, thing: T, present: dict[tuple[str, ...], T]) -> Moved:
        there = present.get(self.key(thing))
        common: dict[str, Any] = {"what": self.what, "name": self.name(thing), "id": getattr(thing, "id", "")}
        if there is not None and _content(there) == _content(thing):
            return Moved(**common, state="there")
        why = self.stays(here, there)
        if why:
            return Moved(**common, state="there", why=why)
        try:
            self.check(here, thing)
        except InvokeBadRequestError as error:
            return Moved(**common, state="cannot", why=error.description)
        self.put(here, thing, there)
        present[self.key(thing)] = thing
        return Moved(**common, state="made")


def check_type(model_type: str) -> None:
    """Refuse what is no type of models (InvokeBadRequestError)."""
    if model_type not in set(ModelType):
        raise invalid("type", f"{model_type[:40]!r} is none of {', '.join(ModelType)}")


def check_place(model: str, model_type: str) -> None:
    """Refuse what is neither a provider's nor a model's (InvokeBadRequestError)."""
    if model or model_type:
        check_type(model_type)


def _content(thing: Thing) -> dict[str, Any]:
    return thing.model_dump(exclude=_LOCAL)
