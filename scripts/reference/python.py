"""Classes and functions: signatures and docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from scripts.reference.docstrings import docstring_of, to_markdown
from scripts.reference.markdown import fence

_WIDEST = 100


def show_class(cls: type, *, skip: frozenset[str] = frozenset(), private: bool = False) -> str:
    """Return a class with its constructor and its own methods and properties.

    Args:
        private: Whether names that begin with one underscore are shown: the hooks that plugins define.
    """
    methods = [
        _member(name, member)
        for name, member in vars(cls).items()
        if name not in skip and _is_shown(name, member, private)
    ]
    return "\n\n".join([f"## {cls.__name__}", fence(_constructor(cls), "python"), _text(cls), *methods])


def show_function(function: Callable[..., Any], level: int = 2) -> str:
    """Return a function."""
    name = function.__name__
    return "\n\n".join([f"{'#' * level} {name}", fence(signature(name, function), "python"), _text(function)])


def signature(name: str, function: Callable[..., Any], *, bound: bool = False) -> str:
    """Return a signature as it is written; `bound` leaves out `self`."""
    given = inspect.signature(function)
    arguments = list(_arguments(list(given.parameters.values())[1 if bound else 0 :]))
    result = given.return_annotation
    ending = "" if result in (inspect.Signature.empty, "None", None) else f" -> {_annotation(result)}"
    prefix = "async " if inspect.iscoroutinefunction(function) else ""
    line = f"{prefix}{name}({', '.join(arguments)}){ending}"
    if len(line) <= _WIDEST:
        return line
    return f"{prefix}{name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + f"){ending}"


def _is_shown(name: str, member: Any, private: bool) -> bool:
    if name.startswith("__") or (name.startswith("_") and not private):
        return False
    inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return inspect.isfunction(inner) and bool(docstring_of(inner))


def _member(name: str, member: Any) -> str:
    if isinstance(member, property):
        result = inspect.signature(member.fget).return_annotation  # type: ignore[arg-type]
        return "\n\n".join([f"### {name}", fence(f"{name}: {_annotation(result)}", "python"), _text(member.fget)])
    function = getattr(member, "__func__", member)
    bound = not isinstance(member, staticmethod)
    line = signature(name, function, bound=bound)
    return "\n\n".join([f"### {name}", fence(line, "python"), _text(function)])


def _text(thing: object) -> str:
    return to_markdown(docstring_of(thing))


def _constructor(cls: type) -> str:
    own = cls.__dict__.get("__init__")
    if own is None:
        bases = ", ".join(base.__name__ for base in cls.__bases__ if base not in (object, Enum))
        return f"class {cls.__name__}({bases})" if bases else f"class {cls.__name__}"
    return signature(cls.__name__, own, bound=True)


def _arguments(parameters: list[inspect.Parameter]) -> Iterator[str]:
    keyword_only = False
    for place, each in enumerate(parameters):
        if each.kind is each.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            if not any(before.kind is before.VAR_POSITIONAL for before in parameters[:place]):
                yield "*"
        yield _argument(each)
        after = parameters[place + 1] if place + 1 < len(parameters) else None
        if each.kind is each.POSITIONAL_ONLY and (after is None or after.kind is not each.POSITIONAL_ONLY):
            yield "/"


def _argument(parameter: inspect.Parameter) -> str:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    text = stars + parameter.name
    if parameter.annotation is not parameter.empty:
        text += f": {_annotation(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return text
    return f"{text} = {default_of(parameter.default)}"


def _annotation(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return text.replace("typing.", "").replace("collections.abc.", "")


def default_of(value: Any) -> str:
    """Return a default as a person would write it."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return "…" if "<factory>" in repr(value) else repr(value)
