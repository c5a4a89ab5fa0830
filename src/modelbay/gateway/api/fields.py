"""What bodies, queries and answers are made of: strict where something is sent, described everywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

T = TypeVar("T", bound=BaseModel)

_LATER = True  # models are built at their first use: most processes never see most of them

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")

Email = Annotated[str, Field(min_length=3, max_length=254, examples=["ann@example.com"])]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Token = Annotated[str, Field(min_length=1, max_length=200)]
Password = Annotated[str, Field(min_length=1, max_length=2000, json_schema_extra={"format": "password"})]


def _written(value: object) -> object:
    """Refuse numbers, which pydantic would take for seconds or milliseconds as it sees fit."""
    if isinstance(value, str) and not _MOMENT.match(value):
        raise ValueError("a time such as 2026-11-21T18:00:00Z")
    return value


def _sent(value: object) -> object:
    """Refuse what is no text: of a body numbers arrive as numbers."""
    if not isinstance(value, str):
        raise ValueError("a time such as 2026-11-21T18:00:00Z")
    return _written(value)


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time in a query."""
SentMoment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_sent)]
"""A time in a body."""


class Body(BaseModel):
    """What is sent. A field that is not known is refused, so that a mistyped one does not pass for none."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, defer_build=_LATER, hide_input_in_errors=True
    )


class Query(BaseModel):
    """What stands behind the question mark."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=_LATER, hide_input_in_errors=True)


class Answer(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=_LATER)


class PageQuery(Query):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=200, description="The most items to return.")
    cursor: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="`next` of the page before; without it, the list from its beginning.",
    )


class Page(Answer, Generic[T]):
    """A part of a list. What is added or removed meanwhile moves nothing that follows."""

    items: list[T] = Field(description="The items, in the list's order.")
    next: str | None = Field(description="The `cursor` of the next page; null if this is the last one.")


def moment(seconds: float) -> datetime:
    """Return a time as answers have it."""
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: float | None) -> datetime | None:
    """Return a time that may be missing."""
    return None if seconds is None else moment(seconds)
