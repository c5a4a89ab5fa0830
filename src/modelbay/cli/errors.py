"""What a failure looks like to the person at the terminal: one line on stderr and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Final

from modelbay.errors import (
    CredentialsValidateFailedError,
    InvokeAuthorizationError,
    InvokeBadRequestError,
    ModelbayError,
)

OK: Final = 0
FAILED: Final = 1
MISTAKE: Final = 2
CREDENTIALS: Final = 3
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141  # as of a program that the signal ended: the reader has had enough

EPILOG: Final = (
    "Exit codes: 0 done, 1 the call failed, 2 the request is wrong (argument, parameter, model), "
    "3 credentials missing or refused, 130 interrupted. MODELBAY_DEBUG=1 adds the traceback to an error."
)


class Mistake(ModelbayError):  # noqa: N818 - it is the user's, not an error of ours
    """The command line itself is wrong."""

    summary = "The command line is not valid."


def exit_code(error: BaseException) -> int:
    """Return the exit code that an error stands for."""
    if isinstance(error, Mistake | InvokeBadRequestError):
        return MISTAKE
    if isinstance(error, CredentialsValidateFailedError) and error.retryable:
        return FAILED  # nobody looked at the credentials: the provider was not reached
    if isinstance(error, InvokeAuthorizationError | CredentialsValidateFailedError):
        return CREDENTIALS
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED


def describe(error: BaseException) -> str:
    """Return an error as one line. An unexpected one is named only: its text might hold a secret."""
    if not isinstance(error, ModelbayError):
        name = type(error).__name__
        return f"unexpected {name}, a fault of Modelbay; MODELBAY_DEBUG=1 shows where it happened"
    line = " ".join(str(error).split())
    if error.retry_after is not None:
        line += f" (retry after {error.retry_after:g} s)"
    return f"{line} (request {error.request_id})" if error.request_id else line


def report(error: BaseException) -> int:
    """Write an error to stderr and return its exit code."""
    if os.environ.get("MODELBAY_DEBUG"):
        traceback.print_exception(error)
    print_error(_with_hint(error))
    return exit_code(error)


def print_error(line: str) -> None:
    """Write one line of error to stderr, red on a terminal."""
    label = "\x1b[1;31merror:\x1b[0m" if is_coloured(sys.stderr) else "error:"
    print(f"{label} {line}", file=sys.stderr)  # noqa: T201 - the command line's own output


def is_coloured(stream: object) -> bool:
    """Whether colours may be written to a stream: a terminal, and nobody has asked for none."""
    isatty = getattr(stream, "isatty", None)
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return bool(isatty and isatty() and not plain)


def _with_hint(error: BaseException) -> str:
    line = describe(error)
    if isinstance(error, InvokeAuthorizationError) and error.status is None and error.provider:
        from modelbay.cli.credentials import how_to_set  # start-up time: for this failure only

        return line + how_to_set(error.provider)
    return line


def say_warning(line: str) -> None:
    """Write one line of warning to stderr, yellow on a terminal."""
    label = "\x1b[1;33mnote:\x1b[0m" if is_coloured(sys.stderr) else "note:"
    print(f"{label} {line}", file=sys.stderr)  # noqa: T201 - the command line's own output
