"""Classes and functions: signatures and docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
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
    return "\n\n".join(filter(None, [f"## {cls.__name__}", *_made(cls), *methods]))


def show_function(function: Callable[..., Any], level: int = 2, *, name: str = "") -> str:
    """Return a function, by the name that it has where it is imported from."""
    name = name or function.__name__
    return "\n\n".join([f"{'#' * level} {name}", fence(signature(name, function), "python"), _text(function)])


def signature(name: str, function: Callable[..., Any], *, bound: bool = False) -> str:
    """Return a signature as it is written; `bound` leaves out `self`."""
    given = inspect.signature(function)
    public = [each for each in given.parameters.values() if not each.name.startswith("_")]
    arguments = list(_arguments(public[1 if bound else 0 :]))
    result = given.return_annotation
    ending = "" if result in (inspect.Signature.empty, "None", None) else f" -> {_annotation(result)}"
    prefix = "async " if inspect.iscoroutinefunction(function) else ""
    return _written(prefix + name, arguments, ending)


def _written(name: str, arguments: Sequence[str], ending: str = "") -> str:
    line = f"{name}({', '.join(arguments)}){ending}"
    if len(line) <= _WIDEST:
        return line
    return f"{name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + f"){ending}"


def _made(cls: type) -> list[str]:
    """Return how an object is made, what it is, and what its constructor says of its arguments."""
    said = docstring_of(cls.__dict__.get("__init__")).partition("\n\n")[2]  # without "Create a …"
    own = cls.__dict__.get("__init__")
    if own is not None and not _is_public(own):
        return [_text(cls)]
    return [fence(_constructor(cls), "python"), _text(cls), to_markdown(said)]


def _is_public(constructor: Callable[..., Any]) -> bool:
    """Whether people can make such an object: `portal` and `engine` come from a Modelbay."""
    return not {"portal", "engine"} & set(inspect.signature(constructor).parameters)


def _is_shown(name: str, member: Any, private: bool) -> bool:
    if name.startswith("__") or (name.startswith("_") and not private):
        return False
    inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return inspect.isfunction(inner) and bool(docstring_of(inner))


def _member(name: str, member: Any) -> str:
    if isinstance(member, property):
        function = member.fget
        line = f"{name}: {_annotation(inspect.signature(function).return_annotation)}"  # type: ignore[arg-type]
    else:
        function = getattr(member, "__func__", member)
        line = signature(name, function, bound=not isinstance(member, staticmethod))
    return "\n\n".join([f"### {name}", fence(line, "python"), _text(function)])


def _text(thing: object) -> str:
    return to_markdown(docstring_of(thing))


def _constructor(cls: type) -> str:
    if "_fields" in cls.__dict__:
        fields = inspect.get_annotations(cls).items()
        return _written(cls.__name__, [f"{name}: {_annotation(kind)}" for name, kind in fields])
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
    text = str(parameter).split(parameter.name, 1)[0] + parameter.name  # with its stars
    if parameter.annotation is not parameter.empty:
        text += f": {_annotation(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return text
    return f"{text} = {default_of(parameter.default)}"


def _annotation(annotation: Any) -> str:
    annotation = getattr(annotation, "__forward_arg__", annotation)
    text = annotation if isinstance(annotation, str) else str(inspect.formatannotation(annotation))
    return text.replace("typing.", "").replace("collections.abc.", "")


def default_of(value: Any) -> str:
    """Return a default as a person would write it."""
    if isinstance(value, frozenset):
        return f"frozenset({{{', '.join(sorted(map(repr, value)))}}})"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return "…" if "<factory>" in repr(value) or inspect.isroutine(value) else repr(value)
