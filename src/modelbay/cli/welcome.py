"""What a person is told when the gateway has started: address, key, and commands that work."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from modelbay.cli.output import bold, dim

_QUESTION = "What is a bay?"


def welcome(
    address: str,
    key: str | None,
    model: str,
    *,
    reason: str = "",
    tls: bool = False,
    setup: str | None = None,
) -> str:
    """Return the lines.

    Args:
        address: `host:port`, or the path of a unix socket.
        key: The set-up's own key; None if keys are in other hands.
        model: The model to try.
        reason: Why that one.
        setup: The token that makes the first owner; None if there is one.
    """
    if address.startswith("/"):
        return f"Modelbay listens on {address}\n" + _first_owner("", setup)
    url = f"{'https' if tls else 'http'}://{address}"
    shown = key or "<your key>"
    lines = [
        f"Modelbay gateway  {bold(url)}",
        f"Key               {bold(shown) if key else _OTHER_HANDS}",
        _first_owner(url, setup),
    ]
    lines += [f"Try it with {model} {dim(f'({reason})')}:", ""]
    for title, command in commands(url, shown, model, _program()).items():
        lines += [dim(f"# {title}"), command, ""]
    return "\n".join(lines)


def commands(url: str, key: str, model: str, program: str) -> Mapping[str, str]:
    """Return a command for each way of calling; every one works as it stands."""
    message = f'[{{"role": "user", "content": "{_QUESTION}"}}]'
    python = (
        f"from openai import OpenAI; bay = OpenAI(base_url='{url}/v1', api_key='{key}'); "
        f"print(bay.chat.completions.create(model='{model}', "
        f"messages=[{{'role': 'user', 'content': '{_QUESTION}'}}]).choices[0].message.content)"
    )
    return {
        "curl": (
            f"curl {url}/v1/chat/completions -H 'Authorization: Bearer {key}' "
            f"-H 'Content-Type: application/json' \\\n"
            f'  -d \'{{"model": "{model}", "messages": {message}}}\''
        ),
        "Python, with the SDK of OpenAI (pip install openai)": f'python3 -c "{python}"',
        "the terminal": f"MODELBAY_API_KEY={key} {program} chat --gateway {url} {model}",
    }


_OTHER_HANDS = "yours; `modelbay key create` makes another"


def _first_owner(url: str, setup: str | None) -> str:
    """Return the line with the link of the first start; "" if nobody needs it."""
    from modelbay.platform.people.invitations import link_of
    from modelbay.platform.people.setup import PAGE

    if setup is None:
        return ""
    link = link_of(url, PAGE, setup)
    return f"First owner       {bold(link)} {dim('(nobody has an account; good once)')}\n"


def _program() -> str:
    """Return how the command was typed, so that it can be typed again."""
    typed = Path(sys.argv[0])
    try:
        return str(typed.relative_to(Path.cwd()))
    except ValueError:
        return str(typed)
