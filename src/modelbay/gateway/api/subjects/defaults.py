"""The default model of each type."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from modelbay.entities import ModelType
from modelbay.gateway.api.fields import Answer, Body
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.problems import of_form
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.platform.credentials import defaults
from modelbay.platform.credentials.defaults import DefaultModel
from modelbay.platform.credentials.forms import FormError
from modelbay.platform.credentials.snapshot import Status

Name = Annotated[str, Field(min_length=3, max_length=400)]


class DefaultAnswer(Answer):
    """The default model of a type."""

    type: ModelType = Field(description="The type.")
    model: str | None = Field(description="The model, as `provider/model`; null if nobody has chosen one.")
    status: Status | None = Field(description="Whether it can be called; null without one.")
    text: str = Field(description="Why it cannot be called, and what to do; empty if it can.")
    suggested: str | None = Field(description="One that can be called, where the default cannot.")
    version: int = Field(description="Rises with every choice; 0 without one.")


class Defaults(Answer):
    """The default models of all types."""

    items: list[DefaultAnswer] = Field(description="One for each of the six types.")


class DefaultsChange(Body):
    """Which models are to be the defaults."""

    models: dict[Annotated[ModelType, Field(strict=False)], Name | None] = Field(
        min_length=1,
        description="By type, `provider/model`; null takes a default away. All are set, or none.",
    )
    versions: dict[Annotated[ModelType, Field(strict=False)], Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict,
        description="By type, the version that was seen: if it is another by now, nothing is done.",
    )


async def read(request: Request[Any, None]) -> Reply:
    """Return the defaults; nothing is chosen by reading."""
    rows = await request.services.models(request.workspace)
    source = await request.services.credentials(request.workspace)
    found = [defaults.read_default(source.snapshot, rows, kind) for kind in ModelType]
    return Reply(Defaults(items=[_answer(each) for each in found]))


async def choose(request: Request[DefaultsChange, None]) -> Reply:
    """Make models the defaults of their types."""
    body = request.body
    rows = await request.services.models(request.workspace)
    try:
        await request.run(
            defaults.set_defaults,
            request.workspace,
            rows,
            body.models,
            versions=body.versions,
            actor=request.actor,
        )
    except FormError as error:
        raise of_form(error, inside="models") from None
    return await read(request)


def _answer(row: DefaultModel) -> DefaultAnswer:
    return DefaultAnswer(
        type=row.model_type,
        model=f"{row.provider}/{row.model}" if row.model is not None else None,
        status=row.status,
        text=row.text,
        suggested=row.suggested or None,
        version=row.version,
    )


_PATH: Final = "/api/workspaces/{workspace}/defaults"

OPERATIONS: Final = [
    Operation(
        id="getDefaults",
        method="GET",
        path=_PATH,
        action="default.read",
        summary="Return the default model of each type, and whether it can be called.",
        serve=read,
        answer=Defaults,
    ),
    Operation(
        id="setDefaults",
        method="PUT",
        path=_PATH,
        action="default.set",
        summary="Make models the defaults of their types: all of them, or none.",
        serve=choose,
        body=DefaultsChange,
        answer=Defaults,
        errors=(409,),
    ),
]
