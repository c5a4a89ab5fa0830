"""Routes: names for several models, which calls try in an order; and why a call took the one it took."""

from __future__ import annotations

import asyncio
from typing import Final

from modelbay.gateway.api.fields import PageQuery
from modelbay.gateway.api.forms.routes import (
    ChangedRoute,
    ExplanationAnswer,
    NewRoute,
    RouteAnswer,
    RoutePage,
    answer_of,
    explanation_of,
    steps_of,
)
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform import routes as rules
from modelbay.platform.explain import explain
from modelbay.store.routes import RouteRow

_ROUTE: Final = {"route": "The name of a route."}
_CALL: Final = {"call": "The id of a call: its answer's `x-request-id`."}


async def list_routes(request: Request[None, PageQuery]) -> Reply:
    """List routes."""
    found = await request.run(rules.list_routes, request.workspace)
    kept, following = cut_list(request, found, lambda row: row.name)
    return Reply(RoutePage(items=[answer_of(row) for row in kept], next=following))


async def create(request: Request[NewRoute, None]) -> Reply:
    """Make a route."""
    body = request.body
    row = await request.run(
        rules.create_route,
        request.services.catalog,
        request.workspace,
        body.name,
        steps_of(body.models),
        model_type=body.type,
        strategy=body.strategy,
        actor=request.actor,
    )
    return _told(row)


async def read(request: Request[None, None]) -> Reply:
    """Return a route."""
    return _told(await request.run(rules.get_route, request.workspace, request.params["route"]))


async def change(request: Request[ChangedRoute, None]) -> Reply:
    """Change a route."""
    body = request.body
    row = await request.run(
        rules.edit_route,
        request.services.catalog,
        request.workspace,
        request.params["route"],
        steps=None if body.models is None else steps_of(body.models),
        strategy=body.strategy,
        version=request.version,
        actor=request.actor,
    )
    return _told(row)


async def delete(request: Request[None, None]) -> Reply:
    """Delete a route."""
    name = request.params["route"]
    await request.run(
        rules.delete_route, request.workspace, name, version=request.version, actor=request.actor
    )
    return Reply()


async def tell_why(request: Request[None, None]) -> Reply:
    """Say why a call went as it did."""
    found = await asyncio.to_thread(
        explain, request.services.data_dir, request.params["call"], workspace=request.workspace
    )
    return Reply(explanation_of(found))


def _told(row: RouteRow) -> Reply:
    return Reply(answer_of(row), version=row.version)


_ALL: Final = "/api/workspaces/{workspace}/routes"
_ONE: Final = "/api/workspaces/{workspace}/routes/{route}"

OPERATIONS: Final = [
    Operation(
        id="listRoutes",
        method="GET",
        path=_ALL,
        action="route.read",
        summary="List the routes of a workspace, by name.",
        serve=list_routes,
        query=PageQuery,
        answer=RoutePage,
    ),
    Operation(
        id="createRoute",
        method="POST",
        path=_ALL,
        action="route.create",
        summary="Make a route; running gateways follow it within a second.",
        serve=create,
        body=NewRoute,
        answer=RouteAnswer,
        status=201,
        versioned=True,
    ),
    Operation(
        id="getRoute",
        method="GET",
        path=_ONE,
        action="route.read",
        summary="Return a route.",
        serve=read,
        answer=RouteAnswer,
        versioned=True,
        parameters=_ROUTE,
    ),
    Operation(
        id="changeRoute",
        method="PATCH",
        path=_ONE,
        action="route.edit",
        summary="Change a route; its models all at once.",
        serve=change,
        body=ChangedRoute,
        answer=RouteAnswer,
        versioned=True,
        parameters=_ROUTE,
    ),
    Operation(
        id="deleteRoute",
        method="DELETE",
        path=_ONE,
        action="route.delete",
        summary="Delete a route: calls of its name are refused from then on.",
        serve=delete,
        status=204,
        versioned=True,
        parameters=_ROUTE,
    ),
    Operation(
        id="explainCall",
        method="GET",
        path="/api/workspaces/{workspace}/calls/{call}/explain",
        action="route.explain",
        summary="Say why a call was answered by this model with these credentials.",
        serve=tell_why,
        answer=ExplanationAnswer,
        parameters=_CALL,
    ),
]
