"""Entities and closed sets as tables of fields and values."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from scripts.reference.docstrings import docstring_of, summary_of, to_markdown
from scripts.reference.markdown import code, table
from scripts.reference.python import default_of

from modelbay.entities import Entity


def show_entity(cls: type[BaseModel], level: int = 2) -> str:
    """Return an entity: its docstring, its fields with type and default, its properties and methods."""
    bases = [base.__name__ for base in cls.__bases__ if base is not Entity and issubclass(base, Entity)]
    parts = [f"{'#' * level} {cls.__name__}", to_markdown(docstring_of(cls))]
    if bases:
        parts.append(f"Based on {' and '.join(code(base) for base in bases)}.")
    return "\n\n".join([*parts, *_fields(cls), *_members(cls)])


def show_enum(cls: type[Enum], level: int = 2) -> str:
    """Return a closed set: its docstring and values."""
    values = ", ".join(code(member.value) for member in cls)
    return "\n\n".join(
        [f"{'#' * level} {cls.__name__}", to_markdown(docstring_of(cls)), f"Values: {values}."]
    )


def _fields(cls: type[BaseModel]) -> list[str]:
    rows = [
        (code(field.alias or name), code(_annotation(cls, name)), _default(field))
        for name, field in cls.model_fields.items()
    ]
    return [table(("field", "type", "default"), rows)] if rows else []


def _annotation(cls: type, name: str) -> str:
    """Return a field's type as it is written in the source."""
    written = (inspect.get_annotations(owner) for owner in cls.__mro__)
    return str(next(found[name] for found in written if name in found))


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    if field.default is PydanticUndefined:
        return "…"
    if isinstance(field.default, BaseModel):
        return "its defaults"
    return code(default_of(field.default))


def _members(cls: type) -> list[str]:
    found = [
        f"- `{name}`: {summary_of(member.fget)}"
        if isinstance(member, property)
        else f"- `{name}()`: {summary_of(getattr(member, '__func__', member))}"
        for name, member in vars(cls).items()
        if not name.startswith("_") and _is_documented(member)
    ]
    return ["\n".join(found)] if found else []


def _is_documented(member: Any) -> bool:
    if isinstance(member, property):
        return bool(docstring_of(member.fget))
    function = getattr(member, "__func__", member)
    return callable(function) and not isinstance(function, type) and bool(docstring_of(function))
