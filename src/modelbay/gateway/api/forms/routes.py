"""What is sent and answered about routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from modelbay.entities import ModelType
from modelbay.gateway.api.fields import Answer, Body, Page, moment
from modelbay.platform.explain import Explanation, Tried
from modelbay.platform.routes import HEAVIEST, LONGEST, MOST, as_route
from modelbay.runtime.cooling import ErrorClass
from modelbay.runtime.routing import RouteStrategy, Step
from modelbay.store.routes import RouteRow


class RouteModel(Body):
    """A model of a route."""

    model: str = Field(min_length=1, max_length=400, description="The model, as `provider/model`.")
    weight: int = Field(
        1, ge=1, le=HEAVIEST, description="How many of the calls begin here, where the route is `weighted`."
    )
    timeout: float | None = Field(
        None,
        gt=0,
        le=LONGEST,
        description="Seconds until it has to begin to answer; null for as long as the call may last.",
    )
    on: list[Annotated[ErrorClass, Field(strict=False)]] | None = Field(
        None,
        max_length=20,
        description="The errors after which the next model is tried; null for all but `bad-request`.",
    )


class RouteModelAnswer(Answer):
    """A model of a route, and when a call leaves it."""

    model: str = Field(description="The model, as `provider/model`.")
    weight: int = Field(description="How many of the calls begin here, where the route is `weighted`.")
    timeout: float | None = Field(description="Seconds until it has to begin to answer.")
    on: list[ErrorClass] = Field(description="The errors after which the next model is tried.")


class RouteAnswer(Answer):
    """A route: a name that calls write in place of a model's."""

    name: str = Field(description="What calls write as `model`.")
    type: ModelType = Field(description="The type of its models.")
    strategy: RouteStrategy = Field(description="How it orders its models.")
    models: list[RouteModelAnswer] = Field(description="Its models, in the order in which people put them.")
    created: datetime = Field(description="When it was made.")
    updated: datetime = Field(description="When it was changed last.")
    version: int = Field(description="It rises with every change.")


class RoutePage(Page[RouteAnswer]):
    """A page of routes, by name."""


Models = Annotated[list[RouteModel], Field(min_length=1, max_length=MOST)]
Ordered = Annotated[RouteStrategy, Field(strict=False)]


class NewRoute(Body):
    """A new route."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$", description="What calls write; not `default`."
    )
    models: Models = Field(description="Its models, each once.")
    type: ModelType = Field(ModelType.LLM, strict=False, description="The type of its models.")
    strategy: Ordered = Field(RouteStrategy.ORDERED, description="How it orders its models.")


class ChangedRoute(Body):
    """What becomes of a route; what is left out stays."""

    models: Models | None = Field(None, description="All models that it has then.")
    strategy: Ordered | None = Field(None, description="How it orders its models.")
    version: int | None = Field(None, ge=1, description="The version that was seen; else `If-Match`.")


class TriedAnswer(Answer):
    """A model and its credentials that a call tried, or passed over."""

    model: str = Field(description="The model, as `provider/model`.")
    credential: str = Field(description="The id of the credentials; empty for none.")
    name: str = Field(description="The name of the credentials.")
    why: str = Field(description="Why it was this one's turn.")
    error: str = Field(description="The class of the error after which it was left; empty if it answered.")
    status: int | None = Field(description="The provider's HTTP status, if it failed with one.")
    passed: str = Field(description="What it cooled down after; empty if it was tried.")
    seconds: float = Field(
        description="How long it took; of one passed over, what was left of the cool-down."
    )
    more: int = Field(description="How many others were passed over that are not told.")


class ExplanationAnswer(Answer):
    """Why a call went as it did."""

    call: str = Field(description="The id of the request.")
    at: datetime = Field(description="When it began.")
    asked_model: str = Field(description="The model or route that was asked for.")
    route: str = Field(description="The route that led to the model; empty for none.")
    provider: str = Field(description="The provider that answered; empty if none did.")
    model: str = Field(description="The model that answered.")
    status: int = Field(description="The status that the client was told.")
    error: str = Field(description="The class of the error; empty if there was none.")
    tried: list[TriedAnswer] = Field(description="Every attempt, in order; empty if there was no choice.")
    cut: bool = Field(description="Whether what was tried was too long to be kept.")
    told: list[str] = Field(description="The same in words.")


def steps_of(models: list[RouteModel]) -> list[Step]:
    """Return models as the rules take them."""
    return [
        Step(each.model, each.weight, each.timeout)
        if each.on is None
        else Step(each.model, each.weight, each.timeout, frozenset(each.on))
        for each in models
    ]


def answer_of(row: RouteRow) -> RouteAnswer:
    """Return a route as answers have it."""
    route = as_route(row)
    return RouteAnswer(
        name=row.name,
        type=ModelType(row.model_type),
        strategy=route.strategy,
        models=[_model(step) for step in route.steps],
        created=moment(row.created),
        updated=moment(row.updated),
        version=row.version,
    )


def explanation_of(found: Explanation) -> ExplanationAnswer:
    """Return why a call went as it did."""
    call = found.call
    return ExplanationAnswer(
        call=call["id"],
        at=moment(call["at"]),
        asked_model=call["asked_model"],
        route=call["route"],
        provider=call["provider"],
        model=call["model"],
        status=call["status"],
        error=call["error"],
        tried=[_tried(each) for each in found.tried],
        cut=found.is_cut,
        told=list(found.lines),
    )


def _model(step: Step) -> RouteModelAnswer:
    on = [kind for kind in ErrorClass if kind in step.goes_on]
    return RouteModelAnswer(model=step.model, weight=step.weight, timeout=step.timeout, on=on)


def _tried(each: Tried) -> TriedAnswer:
    return TriedAnswer(
        model=each.model,
        credential=each.credential,
        name=each.name,
        why=each.why,
        error=each.error,
        status=each.status,
        passed=each.passed,
        seconds=each.seconds,
        more=each.more,
    )
