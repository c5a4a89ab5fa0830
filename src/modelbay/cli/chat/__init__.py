"""`modelbay chat`: talk with a language model."""

from __future__ import annotations

from typing import Annotated

import typer

from modelbay.cli import completion
from modelbay.cli.options import CredentialsFile, Parameters, System


def chat(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="provider/model; without it the one that `modelbay demo` would use.",
            autocompletion=completion.language_models,
        ),
    ] = None,
    system: System = None,
    parameters: Parameters = None,
    credentials: CredentialsFile = None,
    gateway: Annotated[
        str | None,
        typer.Option(
            "--gateway",
            metavar="URL",
            help="Ask a running gateway, with the key in MODELBAY_API_KEY.",
        ),
    ] = None,
) -> None:
    """Talk with a language model; /help lists what can be typed.

    Ctrl-C stops the answer, a second one at the prompt leaves. When stdin is not a terminal it is read
    as one prompt, and the answer is all that is written.
    """
    import sys

    from modelbay.cli.call.bay import open_bay
    from modelbay.cli.chat.session import Session
    from modelbay.cli.chat.terminal import converse
    from modelbay.cli.errors import Mistake
    from modelbay.cli.inputs import parse_parameters, read_text

    if credentials == "-":
        raise Mistake("--credentials: the conversation needs stdin, so name a file")
    given = parse_parameters(parameters)
    reason = ""
    if gateway is not None:
        from modelbay.cli.chat.gateway import behind

        bay, model = behind(gateway, model)
    elif model is None:
        from modelbay.cli.choose import choose

        choice = choose()
        model, reason = choice.language_model, choice.reason
        bay = choice.open_bay()
    else:
        bay = open_bay(model, "llm", credentials)
    with bay:
        session = Session(bay, model, given, system)
        if sys.stdin.isatty():
            converse(session, reason)
        else:
            session.say(read_text(None, "prompt"), sys.stdout)
