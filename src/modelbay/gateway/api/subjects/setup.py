"""The first start: whoever has read the link on the terminal becomes the first owner."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Email, Name, Password, Token
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import Request
from modelbay.gateway.api.subjects.sessions import SessionAnswer, begun
from modelbay.platform.people.setup import has_owner


class SetupAnswer(Answer):
    """Whether the installation has an owner."""

    needed: bool = Field(description="Whether the link of the first start is still to be used.")


class NewOwner(Body):
    """The first owner."""

    token: Token = Field(description="What follows `#` in the link that `modelbay serve` has printed.")
    email: Email = Field(description="The owner's e-mail.")
    name: Name = Field(description="The owner's name.")
    password: Password = Field(description="12 to 1000 characters.")


async def is_needed(request: Request[None, None]) -> Reply:
    """Say whether there is an owner."""
    return Reply(SetupAnswer(needed=not await request.run(has_owner)))


async def complete(request: Request[NewOwner, None]) -> Reply:
    """Make the first owner."""
    body = request.body
    session = await request.services.sign_in.complete_setup(
        body.token, email=body.email, name=body.name, password=body.password, browser=request.browser
    )
    return await begun(request, session)


OPERATIONS: Final = [
    Operation(
        id="getSetup",
        method="GET",
        path="/api/setup",
        action="setup.read",
        summary="Say whether this installation still needs its first owner.",
        serve=is_needed,
        answer=SetupAnswer,
    ),
    Operation(
        id="completeSetup",
        method="POST",
        path="/api/setup",
        action="setup.complete",
        summary="Make the first owner, and sign in.",
        description="The link is good once; no link is good once there is an owner.",
        serve=complete,
        body=NewOwner,
        answer=SessionAnswer,
        status=201,
        errors=(404, 409, 429),
    ),
]
