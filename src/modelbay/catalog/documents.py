"""YAML files as plain data: text, numbers, booleans, null, lists and mappings with text keys."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import yaml

from modelbay.catalog.findings import Path

_TAG = "tag:yaml.org,2002:"
_DEEPEST_NESTING = 100
_SURELY_SHALLOW = 400
_MOST_VALUES = 1_000_000
_LARGEST_INTEGER = 2**63 - 1  # what the compiled form can hold

_MENDS = (
    (
        "found character that cannot start",
        "quote text that starts with @, % or `",
    ),
    ("mapping values are not allowed", "quote the text that contains ': '"),
    ("undefined alias", "quote text that starts with *"),
    ("quoted scalar", "close the quotes"),
    ("flow sequence", "close the bracket ["),
    ("flow mapping", "close the brace {"),
    ("block collection", "indent all items of the list alike"),
    ("block mapping", "indent all keys alike, and double a quote inside quotes"),
    ("constructor for the tag", "remove the tag that starts with !"),
    ("control characters", "remove the control character"),
)


class DocumentError(Exception):
    """A file is not a usable document; the message says what is wrong and what to do."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}: " if self.line else ""
        return place + self.message


class _Loader(yaml.CSafeLoader):
    """A safe loader whose keys are always text and that leaves dates as they were written."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[tuple[str, int]] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark)
            if key in mapping:
                self.repeated.append((key, key_node.start_mark.line + 1))
            mapping[key] = self.construct_object(value_node, deep=deep)
        return mapping


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int | str:
    number = loader.construct_yaml_int(node)
    return number if abs(number) <= _LARGEST_INTEGER else str(node.value)


def _float(loader: _Loader, node: yaml.ScalarNode) -> float | str:
    number = loader.construct_yaml_float(node)
    return number if math.isfinite(number) else str(node.value)


def _as_written(_loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


def _undefined(loader: _Loader, node: yaml.Node) -> None:
    loader.construct_undefined(node)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != f"{_TAG}timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor(f"{_TAG}int", _integer)
_Loader.add_constructor(f"{_TAG}float", _float)
_Loader.add_constructor(f"{_TAG}timestamp", _as_written)
for _kind in ("binary", "set", "omap", "pairs"):
    _Loader.add_constructor(_TAG + _kind, _undefined)


@dataclass(frozen=True)
class Document:
    """A YAML file: its data, where each value stands, and the keys that were written twice (with line)."""

    data: Any
    node: yaml.Node | None
    repeated_keys: list[tuple[str, int]]

    def line_of(self, path: Path) -> int | None:
        """Return the line of the value at `path`, or of the nearest value above it that exists."""
        node = self._node_at(path)
        return node.start_mark.line + 1 if node else None

    def mark_of(self, path: Path) -> tuple[int, int]:
        """Return line and column, from 1, of the value at `path` or of the nearest above it."""
        node = self._node_at(path)
        return (node.start_mark.line + 1, node.start_mark.column + 1) if node else (1, 1)

    def text_at(self, path: Path) -> str | None:
        """Return a plain value as it was written: `1.10` is not the number 1.1 where a name is meant."""
        node = self._node_at(path)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else None

    def _node_at(self, path: Path) -> yaml.Node | None:
        node = self.node
        for step in path:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return node


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child: yaml.Node = node.value[step]
        return child
    return None


def read_document(content: bytes) -> Document:
    """Parse the bytes of a YAML file. A byte order mark and any line ends are accepted.

    Raises:
        DocumentError: These are not UTF-8, not YAML, or YAML that no declaration needs.
    """
    text = _decode(content)
    try:
        _refuse_deep_nesting(text)
        return _parse(text)
    except yaml.MarkedYAMLError as error:
        raise _broken(error, text) from error
    except yaml.YAMLError as error:
        raise DocumentError(f"this is not YAML ({error}); {_mend(str(error))}.") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"a value cannot be read ({error}); correct or quote it.") from error


def _parse(text: str) -> Document:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
    finally:
        loader.dispose()
    if "&" in text and "*" in text:
        _refuse_bombs(data)
    return Document(data, node, loader.repeated)


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise DocumentError("the file is not UTF-8; save it as UTF-8.", line, column) from error


def _refuse_deep_nesting(text: str) -> None:
    """Libyaml composes recursively on the C stack: a document nested 100,000 deep would end the process."""
    # Brackets and the longest line bound the depth, and cost nothing to look at; events cost a pass.
    deepest = text.count("[") + text.count("{") + max(map(len, text.splitlines()), default=0)
    if deepest <= _SURELY_SHALLOW:
        return
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST_NESTING:
            raise _too_deep(event)


def _too_deep(event: yaml.Event) -> DocumentError:
    message = f"this is nested more than {_DEEPEST_NESTING} levels deep; flatten it."
    mark = event.start_mark
    return DocumentError(message, mark.line + 1, mark.column + 1) if mark else DocumentError(message)


def _refuse_bombs(data: Any) -> None:
    """Refuse anchors that contain themselves or that multiply a small file into a huge value."""
    sizes: dict[int, int] = {}

    def size_of(value: Any) -> int:
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in sizes:
            sizes[id(value)] = _MOST_VALUES  # seen again while it is measured: it contains itself
            children = value.values() if isinstance(value, dict) else value
            sizes[id(value)] = 1 + sum(map(size_of, children))
        return sizes[id(value)]

    if size_of(data) > _MOST_VALUES:
        raise DocumentError("an anchor (&) makes the file endless or huge; write the value out.")


def _broken(error: yaml.MarkedYAMLError, text: str) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    said = ", ".join(part for part in (error.context, error.problem) if part)
    if not mark:
        return DocumentError(f"this is not YAML ({said}); {_mend(said)}.")
    indented_by_tab = "".join(text.splitlines()[mark.line : mark.line + 1]).startswith("\t")
    mend = "indent with spaces, not tabs" if indented_by_tab else _mend(said)
    return DocumentError(f"this is not YAML ({said}); {mend}.", mark.line + 1, mark.column + 1)


def _mend(said: str) -> str:
    return next((mend for words, mend in _MENDS if words in said), "check indentation and quotes there")
