"""Filling in network settings from the command line. Never a secret as an argument."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from modelbay.cli.errors import Mistake


def fill_in(
    given: dict[str, Any],
    *,
    settings: str | None,
    proxy: str | None,
    proxy_env: str | None,
    ca_bundle: Path | None,
    header_env: Iterable[str],
    unset: Iterable[str],
) -> dict[str, Any]:
    """Return the fields that were given: by a file or stdin, and by options, which count more.

    Raises:
        Mistake: One cannot be read, or a secret was given as an argument. No value is quoted.
    """
    found: dict[str, Any] = _read(settings) if settings is not None else {}
    found |= given
    if proxy is not None:
        if ":" in proxy.rpartition("@")[0].partition("://")[2]:
            raise Mistake("--proxy: a password is never an argument, which others can see: use --proxy-env")
        found["proxy"] = proxy
    if proxy_env is not None:
        found["proxy"] = _variable("--proxy-env", proxy_env)
    if ca_bundle is not None:
        found["ca_bundle"] = _file("--ca-bundle", ca_bundle)
    headers = dict(_headers(header_env))
    if headers:
        found["headers"] = {**(found.get("headers") or {}), **headers}
    return found | dict.fromkeys(unset)


def _headers(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, equals, variable = text.partition("=")
        if not equals or not name.strip() or not variable:
            raise Mistake("--header-env: write it as NAME=VARIABLE")  # not quoted: it may be a secret
        yield name.strip(), _variable("--header-env", variable)


def _variable(option: str, name: str) -> str:
    text = os.environ.get(name)
    if not text:
        raise Mistake(f"{option}: there is no variable {name[:40]!r}, or it is empty")
    return text


def _file(option: str, path: Path) -> str:
    try:
        return path.expanduser().read_text("ascii")
    except OSError as error:
        raise Mistake(f"{option}: cannot read {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Mistake(f"{option}: {str(path)!r} is not PEM") from None


def _read(source: str) -> dict[str, Any]:
    name = "stdin" if source == "-" else repr(source)
    try:
        text = sys.stdin.read() if source == "-" else Path(source).expanduser().read_text("utf-8")
    except OSError as error:
        raise Mistake(f"--settings: cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Mistake(f"--settings: {name} is not UTF-8") from None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Mistake(f"--settings: {name} is not a JSON object of fields")
    return found
