"""Make a JSON value that is valid under a JSON Schema, out of what a message says where it says something.

Known: type (also a list), properties, required, items, prefixItems, minItems, maxItems, enum, const, default,
examples, format, pattern (characters, sets and counts only), minLength, maxLength, minimum, maximum (also
exclusive), multipleOf, anyOf, oneOf, allOf, $ref into the schema itself. Other keywords are not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelbay.providers.sandbox.engines.chat.material import Material
from modelbay.providers.sandbox.engines.chat.scalars import Json, make_boolean, make_number, make_string
from modelbay.providers.sandbox.engines.chat.schemas import SchemaError

__all__ = ["Json", "Schema", "make_instance"]

Schema = Mapping[str, Json]
_DEEPEST = 6  # from here on nothing optional: recursive schemas must end
_MOST_VALUES = 20_000
_MOST_ITEMS = 1000  # what a schema may ask of the sandbox
_REFERENCES = 32  # one after the other; a chain that long is a circle


def make_instance(schema: Json, message: str) -> Json:
    """Return a valid instance; the same schema and message always give the same one.

    Raises:
        SchemaError: A `$ref` points nowhere or in a circle, or every instance would be infinitely deep.
    """
    return _Maker(schema, Material.of(message)).value(schema, "", 0)


class _Maker:
    """Walks down the schema. The root is kept for references."""

    def __init__(self, root: Json, material: Material) -> None:
        self._root = root
        self._material = material
        self._made = 0

    def value(self, schema: Json, name: str, depth: int) -> Json:
        """Return an instance of a schema, for a property of that name."""
        if depth > 4 * _DEEPEST:
            raise SchemaError(
                "The JSON schema requires an endless value: make a property of its circle optional."
            )
        schema = self._resolved(schema, depth)
        if fixed := self._fixed(schema):
            return fixed[0]
        kind = _type(schema, prefer_null=depth > _DEEPEST)
        if kind == "object":
            return self._object(schema, depth)
        return self._array(schema, name, depth) if kind == "array" else self._scalar(kind, schema, name)

    def _scalar(self, kind: str, schema: Schema, name: str) -> Json:
        match kind:
            case "integer" | "number":
                return make_number(schema, name, self._material, whole=kind == "integer")
            case "boolean":
                return make_boolean(name, self._material)
            case "null":
                return None
            case _:
                return make_string(schema, name, self._material)

    def _resolved(self, schema: Json, depth: int, steps: int = _REFERENCES) -> Schema:
        """Follow references, choose a branch, merge what must hold together."""
        self._made += 1
        if self._made > _MOST_VALUES:
            raise SchemaError(f"The JSON schema asks for more than {_MOST_VALUES} values: make it smaller.")
        for left in reversed(range(steps)):
            if not isinstance(schema, Mapping):
                return {}
            if isinstance(target := schema.get("$ref"), str):
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = _merged([self._pointed(target), rest])
            elif branches := _branches(schema):
                rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
                schema = _merged([self._branch(branches, depth), rest])
            elif isinstance(together := schema.get("allOf"), list):
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                schema = _merged([*(self._resolved(part, depth, left) for part in together), rest])
            else:
                return schema
        raise SchemaError("The JSON schema's $ref goes round in a circle.")

    def _pointed(self, target: str) -> Json:
        """Return what a JSON pointer into the schema ("#/$defs/name") points to."""
        if not target.startswith("#"):
            raise SchemaError(
                f"The JSON schema's $ref {target!r} points outside the schema: put it under $defs."
            )
        at: Json = self._root
        for step in target.removeprefix("#").split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(at, Mapping) and key in at:
                at = at[key]
            elif isinstance(at, list) and key.isdecimal() and int(key[:9]) < len(at):
                at = at[int(key)]
            else:
                raise SchemaError(f"The JSON schema's $ref {target!r} points to nothing in the schema.")
        return at

    def _branch(self, branches: Sequence[Json], depth: int) -> Json:
        """Choose null only when deep down, else the first branch that is something."""
        nulls = [
            branch for branch in branches if isinstance(branch, Mapping) and branch.get("type") == "null"
        ]
        others = [branch for branch in branches if branch not in nulls]
        return (nulls or others)[0] if depth > _DEEPEST else (others or nulls)[0]

    def _fixed(self, schema: Schema) -> list[Json]:
        """Return [value] where the schema names the values that are allowed, else []."""
        if "const" in schema:
            return [schema["const"]]
        options = schema.get("enum")
        if not isinstance(options, list) or not options:
            return []
        mentioned = (option for option in options if self._material.mentions(str(option)))
        return [next(mentioned, options[0])]

    def _object(self, schema: Schema, depth: int) -> Json:
        properties, required = schema.get("properties"), schema.get("required")
        properties = properties if isinstance(properties, Mapping) else {}
        required = required if isinstance(required, list) else []
        wanted = [name for name in properties if name in required or self._is_worth(name, schema, depth)]
        wanted += [str(name) for name in required if name not in properties]
        return {name: self.value(properties.get(name, {}), name, depth + 1) for name in wanted}

    def _is_worth(self, name: str, schema: Schema, depth: int) -> bool:
        """Tell whether to fill an optional property: if the message names it, or if all are optional."""
        if depth >= _DEEPEST:
            return False
        properties = schema.get("properties")
        own = properties.get(name) if isinstance(properties, Mapping) else None
        options = own.get("enum") if isinstance(own, Mapping) else None
        names = [name, *map(str, options)] if isinstance(options, list) else [name]
        return not schema.get("required") or any(map(self._material.mentions, names))

    def _array(self, schema: Schema, name: str, depth: int) -> Json:
        first = schema.get("prefixItems")
        items = [self.value(item, name, depth + 1) for item in first] if isinstance(first, list) else []
        least, most = _size(schema, "minItems", 0), _size(schema, "maxItems", _MOST_ITEMS)
        wanted = max(least, min(self._offer(schema), most))
        if depth >= _DEEPEST or schema.get("items") is False:
            wanted = least
        items += [self.value(schema.get("items", {}), name, depth + 1) for _ in range(wanted - len(items))]
        return self._all_different(items, schema) if schema.get("uniqueItems") is True else items

    def _all_different(self, items: list[Json], schema: Schema) -> list[Json]:
        """Replace repeated items by other options, or by variants of themselves; drop what has neither."""
        item_schema = self._resolved(schema.get("items", {}), 0)
        options = item_schema.get("enum")
        out: list[Json] = []
        for item in items:
            spare = options if isinstance(options, list) else _variants(item, item_schema, len(items))
            out += [other for other in (item, *spare) if other not in out][:1]
        return out

    def _offer(self, schema: Schema) -> int:
        """Return how many items the message has to offer, at least 1."""
        items = schema.get("items")
        kind = items.get("type") if isinstance(items, Mapping) else None
        if kind in ("integer", "number"):
            return max(1, len(self._material.numbers))
        return max(1, len(self._material.quotes)) if kind == "string" else 1


def _branches(schema: Schema) -> Sequence[Json]:
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        if isinstance(branches, list) and branches:
            return branches
    return ()


def _merged(schemas: Sequence[Json]) -> Schema:
    """Return one schema that asks for what all ask for, as far as they say different things."""
    out: dict[str, Json] = {}
    for schema in schemas:
        for key, value in schema.items() if isinstance(schema, Mapping) else ():
            before = out.get(key)
            if key == "properties" and isinstance(before, Mapping) and isinstance(value, Mapping):
                out[key] = {**before, **value}
            elif key == "required" and isinstance(before, list) and isinstance(value, list):
                out[key] = [*before, *(name for name in value if name not in before)]
            else:
                out[key] = value
    return out


def _type(schema: Schema, *, prefer_null: bool) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        others = [name for name in kind if name != "null"]
        return "null" if not others or (prefer_null and "null" in kind) else str(others[0])
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "number" if "minimum" in schema or "maximum" in schema else "string"


def _variants(item: Json, schema: Schema, count: int) -> list[Json]:
    if isinstance(item, str):
        return [f"{item}{n}" for n in range(2, count + 2)]
    if isinstance(item, int | float) and not isinstance(item, bool):
        step = schema.get("multipleOf")
        return [item + n * (step if isinstance(step, int | float) else 1) for n in range(1, count + 1)]
    return [not item] if isinstance(item, bool) else []


def _size(schema: Schema, key: str, default: int) -> int:
    value = schema.get(key)
    return min(int(value), _MOST_ITEMS) if isinstance(value, int | float) else default
