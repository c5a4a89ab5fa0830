"""The description of the API, OpenAPI 3.1: made of the operations that serve, so that it cannot differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from modelbay.gateway.api import problems
from modelbay.gateway.api.cookies import CSRF_HEADER
from modelbay.gateway.api.fields import Answer
from modelbay.gateway.api.operation import SEGMENTS, VALUE, Operation, Scope
from modelbay.platform.people.permissions import ACTIONS

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaMode

_REF: Final = "#/components/schemas/{model}"
_ABOUT: Final = """
The management API of Modelbay: workspaces, members, keys, credentials, models, usage.

People sign in with `POST /api/session`; the session is a cookie that scripts cannot read, and each change
sends its `csrf_token` in the header `x-csrf-token`. Some operations may also be called with a key of the
gateway, as `Authorization: Bearer mb-…`.

Lists are pages: `limit` says how long, `cursor` takes `next` of the page before. What two people may edit has
a version: send the `ETag` that you have read as `If-Match`. A POST may carry an `Idempotency-Key`: sent again
within a day it is answered as before, and not done again.
"""


class WrongField(Answer):
    """A field that is wrong."""

    field: str = Field(description="The field: of the body, the query, the path or a header.")
    message: str = Field(description="What is wrong with it, and what to do.")


class ProblemDetails(Answer):
    """Why something was not done (RFC 9457)."""

    type: str = Field(description="What kind of problem it is, as a URN that ends with `code`.")
    title: str = Field(description="The words of the status.")
    status: int = Field(description="The status of the answer.")
    detail: str = Field(description="What happened and what to do, in a line for people.")
    code: str = Field(description="What kind of problem it is, for programs.")
    errors: list[WrongField] = Field(description="The fields that are wrong; empty if it is none.")
    request_id: str = Field(description="The id of the request, by which the log names it.")


@lru_cache(maxsize=4)
def description(operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the description of some operations."""
    models = {model: mode for operation in operations for model, mode in _models(operation)}
    models[ProblemDetails] = "serialization"
    schemas, definitions = models_json_schema(list(models.items()), ref_template=_REF)
    references: dict[Any, Any] = {model: schema for (model, _), schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Modelbay", "version": _version(), "description": _ABOUT.strip()},
        "servers": [{"url": "/", "description": "This gateway."}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "modelbay_session",
                    "description": "A session; under TLS the name begins with `__Host-`.",
                },
                "key": {"type": "http", "scheme": "bearer", "description": "A key of the gateway."},
            },
        },
    }


def _models(operation: Operation) -> Iterable[tuple[type[BaseModel], JsonSchemaMode]]:
    if operation.body is not None:
        yield operation.body, "validation"
    if operation.answer is not None:
        yield operation.answer, "serialization"


def _described(operation: Operation, references: Mapping[type[BaseModel], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": " ".join(part for part in (operation.description, _who(operation)) if part),
        "tags": [operation.action.partition(".")[0]],
        "x-action": operation.action,
        "security": _security(operation),
        "parameters": [*_path(operation), *_query(operation), *_headers(operation)],
        "responses": _responses(operation, references),
    }
    if operation.body is not None:
        content = {"application/json": {"schema": references[operation.body]}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _who(operation: Operation) -> str:
    if operation.scope is Scope.OPEN:
        return "Nobody need have signed in."
    if operation.scope is Scope.SELF:
        return "For whoever has signed in."
    where = "the first workspace" if operation.scope is Scope.INSTALLATION else "the workspace"
    keys = ", or a key of it" if operation.by_key else ""
    return f"Needs the role `{ACTIONS[operation.action]}` or more in {where}{keys}."


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.scope is Scope.OPEN:
        return []
    names = ("session", "key") if operation.by_key else ("session",)
    return [{name: []} for name in names]


def _path(operation: Operation) -> list[dict[str, Any]]:
    meaning = {**SEGMENTS, **operation.parameters}
    schema = {"type": "string", "pattern": f"^{VALUE.pattern}$"}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema, "description": meaning[name]}
        for name in operation.names
    ]


def _query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema(ref_template=_REF)
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": field.pop("description"),
            "schema": _without_null(_resolved(field, schema.get("$defs", {}))),
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    if operation.changes and operation.scope is not Scope.OPEN:
        found.append((CSRF_HEADER, "The session's `csrf_token`; a key needs none.", {"type": "string"}))
    if operation.conditional:
        text = "The `ETag` of what you have seen: if it has changed since, nothing is done."
        found.append(("If-Match", text, {"type": "string", "examples": ['"v1"', "*"]}))
    if operation.repeatable:
        text = "Sent again with the same within a day, the request is answered as before, and not done again."
        pattern = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        found.append(("Idempotency-Key", text, pattern))
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": schema}
        for name, text, schema in found
    ]


def _responses(operation: Operation, references: Mapping[type[BaseModel], Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": HTTPStatus(operation.status).phrase + "."}
    if operation.answer is not None:
        done["content"] = {operation.media: {"schema": references[operation.answer]}}
    elif operation.media != "application/json":
        done["content"] = {operation.media: {"schema": {}}}
    if operation.versioned and operation.answer is not None:
        text = "The version of what is shown, for `If-Match`."
        done["headers"] = {"ETag": {"description": text, "schema": {"type": "string"}}}
    problem = {problems.MEDIA: {"schema": references[ProblemDetails]}}
    refused = {
        str(status): {"description": _REASONS[status], "content": problem} for status in _statuses(operation)
    }
    return {str(operation.status): done} | refused


def _statuses(operation: Operation) -> list[int]:
    """Return what an operation may be answered with beside its own status."""
    found = {400, 422, 500, 503, *operation.errors}
    if operation.scope is not Scope.OPEN:
        found |= {401, 403}
    if operation.changes:
        found.add(403)
    if operation.names:
        found.add(404)
    if operation.body is not None:
        found |= {408, 413, 415}
    if operation.conditional:
        found |= {409, 412}
    if operation.repeatable:
        found.add(409)
    return sorted(found)


_REASONS: Final = {
    400: "The request cannot be read.",
    401: "Nobody has signed in, or the session is over.",
    403: "The role does not allow it, or the CSRF token is missing.",
    404: "There is no such thing in this workspace, or no such workspace for you.",
    408: "The body came too slowly.",
    409: "It stands against what is there; `detail` says what to do.",
    412: "It has been changed since: read it again.",
    413: "The body is too long.",
    415: "The body is no JSON.",
    422: "Fields are not valid; `errors` names them.",
    429: "Too many attempts: `Retry-After` says when to come again.",
    500: "The gateway failed; its log says why.",
    502: "The provider failed.",
    503: "The database or the vault cannot be used now.",
}


def _resolved(schema: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema without references, which would lead out of it."""
    if "$ref" in schema:
        found = dict(definitions[schema["$ref"].rpartition("/")[2]])
        return {**found, **{name: value for name, value in schema.items() if name != "$ref"}}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_resolved(each, definitions) for each in schema["anyOf"]]}
    return schema


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema as it can be written in a query: there is no null there."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**rest, **kinds[0]}


def _version() -> str:
    try:
        return version("modelbay")
    except PackageNotFoundError:
        return "0"
