"""Finds keys that a JSON Schema does not name: published schemas leave objects open, so a typo would pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
_UNIONS = frozenset({"anyOf", "allOf", "oneOf", "$ref"})


def unknown_keys(value: object, schema: Schema, allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the dotted path of every key that no fitting branch of the schema names.

    An object described as a free map (`additionalProperties`, or no properties at all) may hold anything.
    """
    yield from _walk(value, [schema], schema, allowed, "")


def _walk(
    value: object, schemas: Sequence[Schema], root: Schema, allowed: frozenset[str], path: str
) -> Iterator[str]:
    if isinstance(value, dict):
        leaves = _fitting(schemas, value, root)
        for key, item in value.items():
            inner = [leaf["properties"][key] for leaf in leaves if key in leaf.get("properties", {})]
            if inner:
                yield from _walk(item, inner, root, allowed, f"{path}{key}.")
            elif key not in allowed and not any(_is_free(leaf) for leaf in leaves):
                yield f"{path}{key}"
    elif isinstance(value, list):
        branches = [branch for schema in schemas for branch in _branches(schema, root)]
        items = [leaf["items"] for branch in branches for leaf in branch if "items" in leaf]
        for place, item in enumerate(value if items else ()):
            yield from _walk(item, items, root, allowed, f"{path}{place}.")


def _fitting(schemas: Sequence[Schema], value: Mapping[str, Any], root: Schema) -> list[Schema]:
    """Return the leaves of the branches whose constants (`type`, `role`) are those of the value."""
    branches = [branch for schema in schemas for branch in _branches(schema, root)]
    fitting = [branch for branch in branches if all(_may_be(leaf, value) for leaf in branch)]
    return [leaf for branch in fitting or branches for leaf in branch if _is_object(leaf)]


def _branches(schema: Schema, root: Schema) -> list[list[Schema]]:
    """Resolve references and unions: each branch is a list of schemas that hold together."""
    branches: list[list[Schema]] = [[schema]]
    if "$ref" in schema:
        branches = _joined(branches, _branches(_resolved(schema["$ref"], root), root))
    for part in schema.get("allOf", ()):
        branches = _joined(branches, _branches(part, root))
    if "anyOf" in schema or "oneOf" in schema:
        union = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        branches = _joined(branches, [branch for part in union for branch in _branches(part, root)])
    return branches


def _joined(first: list[list[Schema]], second: list[list[Schema]]) -> list[list[Schema]]:
    return [[*left, *right] for left in first for right in second]


def _is_object(leaf: Schema) -> bool:
    return bool(leaf.get("type", "object") == "object")


def _may_be(leaf: Schema, value: Mapping[str, Any]) -> bool:
    if not _is_object(leaf):
        return False
    for key, schema in leaf.get("properties", {}).items():
        names = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if names is not None and isinstance(value.get(key), str) and value[key] not in names:
            return False
    return True


def _is_free(leaf: Schema) -> bool:
    """Tell whether an object schema takes any key: `{}`, a bare object, or a map."""
    more = leaf.get("additionalProperties")
    if more is not None:
        return more is not False
    return not leaf or (
        leaf.get("type") == "object" and "properties" not in leaf and not leaf.keys() & _UNIONS
    )


def _resolved(reference: str, root: Schema) -> Schema:
    node: Any = root
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return dict(node)
