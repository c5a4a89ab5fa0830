"""The program as it is started: help, errors, pipes, and how little it loads."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest
from tests.cli.commands import PROGRAM, Here, clean_environment, modelbay
from tests.cli.terminal import CTRL_C, Terminal
from typer.main import get_command

from modelbay.cli.app import COMMANDS, app


def test_help_documents_the_exit_codes() -> None:
    """Who writes a script looks there."""
    done = modelbay("--help")

    assert done.code == 0
    assert "Exit codes: 0 done" in done.out
    assert all(
        name in done.out for name in ("demo", "chat", "call", "models", "providers", "tokens", "check")
    )


def test_python_runs_it_too() -> None:
    """In a container there may be no path to the program; help names it as people type it everywhere else."""
    done = subprocess.run(
        [sys.executable, "-m", "modelbay", "key", "--help"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )

    assert done.stdout == modelbay("key", "--help").out
    assert done.stdout.startswith("Usage: modelbay key ")


def test_starting_loads_neither_the_library_nor_what_draws() -> None:
    """Help, completion and a typing mistake must not wait for pydantic, rich or an HTTP stack."""
    heavy = "('pydantic', 'rich', 'yaml', 'orjson', 'asyncio', 'modelbay.library', 'modelbay.entities')"
    code = f"import sys, modelbay.cli.app; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=clean_environment(), check=True
    )

    assert done.stdout.strip() == "[]"


def test_nothing_typed_shows_the_help(here: Here) -> None:
    """Somebody who just installed it types the name alone."""
    assert here().out.startswith("Usage: modelbay")
    assert here("call").out.startswith("Usage: modelbay call")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "No such command 'nosuch'. See modelbay --help"),
        (["call", "llm"], "Missing argument 'MODEL'. See modelbay call llm --help"),
        (["call", "llm", "sandbox/sandbox-chat", "hi", "--bogus"], "--bogus"),
        (["models", "--type", "poem"], "the types are llm"),
        (["models", "--provider", "openia"], "openai"),
        (["call", "llm", "nosuch/model", "hi"], "nosuch/model"),
        (["call", "llm", "sandbox/sandbox-chat", "hi", "-p", "max_tokens=lots"], "max_tokens"),
        (["call", "llm", "sandbox/sandbox-chat", "hi", "-p", "stop=x"], "stop"),
        (["call", "embed", "sandbox/sandbox-embedding", "a", "--input-type", "poem"], "poem"),
        (["call", "transcribe", "sandbox/sandbox-recogniser", "no/such.wav"], "no/such.wav"),
        (["check", "nosuch"], "nosuch"),
        (["demo", "--provider", "nosuch"], "nosuch"),
        (["demo", "--provider", "anthropic"], "ANTHROPIC_API_KEY"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(here: Here, arguments: list[str], words: str) -> None:
    """No traceback and no page of usage: the line says what was wrong and what to do."""
    done = here(*arguments)

    assert done.code == 2
    assert words in done.error
    assert done.out == ""


def test_a_mistake_in_the_real_program_has_no_traceback() -> None:
    """The way from the installed command to the line is tested once in full."""
    done = modelbay("call", "llm", "nosuch/model", "hi")

    assert done.code == 2
    assert "Traceback" not in done.err
    assert "nosuch/model" in done.error


def test_debugging_adds_the_traceback(here: Here) -> None:
    """The line stays; what leads to it comes before."""
    done = here("call", "llm", "nosuch/model", "hi", MODELBAY_DEBUG="1")

    assert "Traceback" in done.err
    assert done.err.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["models"],
        ["demo", "--provider", "sandbox"],
        ["call", "llm", "sandbox/sandbox-chat", "/repeat 99999 x"],
    ],
)
def test_a_reader_that_has_had_enough_is_no_error(arguments: list[str]) -> None:
    """`modelbay models | head -1` must end quietly, and so must what draws and what streams."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=writing, stderr=subprocess.PIPE, env=clean_environment()
    )
    os.close(writing)
    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (141, b"")


def test_closed_streams_are_as_good_as_empty_ones() -> None:
    """Daemons start programs that way."""
    program = shlex.join([*PROGRAM, "call", "llm", "sandbox/sandbox-chat"])
    for closed, code in ((f"{program} <&-", 2), (f"{program} hello >&-", 0)):
        done = subprocess.run(["sh", "-c", closed], capture_output=True, env=clean_environment(), check=False)
        assert (done.returncode, b"unexpected" in done.stderr) == (code, False)


def test_the_shell_completes_models_and_providers() -> None:
    """Completion runs the program itself, with what was typed in the environment."""
    typed = "modelbay call rerank sandbox/"
    done = modelbay(
        _MODELBAY_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD="3", _TYPER_COMPLETE_ARGS=typed
    )

    assert "sandbox/sandbox-rerank" in done.out
    assert "sandbox/sandbox-chat" not in done.out


def test_ctrl_c_ends_a_call_with_130() -> None:
    """Without a traceback: it was the user's wish."""
    with Terminal("call", "llm", "sandbox/sandbox-chat", "/slow 0.05 /repeat 5000 wave") as terminal:
        terminal.until("wave wave")
        terminal.type(CTRL_C)

        assert terminal.ended() == 130
        assert "Traceback" not in terminal.rest()


def test_help_imports_no_command() -> None:
    """A start costs what is typed: the module of a command comes with the command, none with the help."""
    help_, key = _loaded_by("--help"), _loaded_by("key", "--help")
    commands = {f"modelbay.cli.{name}" for name in COMMANDS}

    assert help_ == {"modelbay", "modelbay.cli", "modelbay.cli.app", "modelbay.cli.errors", "modelbay.errors"}
    assert key & commands == {"modelbay.cli.key"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    """The list is written where no command is imported: it must not become another text."""
    listed = get_command(app).commands[name]  # type: ignore[attr-defined]
    real = listed.real()

    assert listed.help == " ".join(real.help.split("\n\n")[0].split())
    assert listed.get_short_help_str(60) == real.get_short_help_str(60)
    assert (real.name, real.hidden, real.deprecated) == (name, False, False)


def test_a_command_that_is_almost_one_is_guessed(here: Here) -> None:
    """The names are known without the commands."""
    assert "Did you mean 'models'?" in here("modls").error
    assert "Did you mean 'create'?" in here("key", "creat").error


def test_the_shell_completes_commands_and_those_below_them() -> None:
    """Also without an import of those that are not meant."""
    assert [word for word in _completed("modelbay pr").split() if word.startswith("pr")] == [
        "providers",
        "price",
    ]
    assert "revoke" in _completed("modelbay key re")
    assert "--expires" in _completed("modelbay key create --ex")


def _completed(typed: str) -> str:
    return modelbay(
        _MODELBAY_COMPLETE="complete_bash",
        COMP_WORDS=typed,
        COMP_CWORD=str(typed.count(" ")),
        _TYPER_COMPLETE_ARGS=typed,
    ).out


def _loaded_by(*typed: str) -> set[str]:
    code = (
        "import io, json, sys, contextlib\n"
        "from modelbay.cli.app import run\n"
        f"with contextlib.redirect_stdout(io.StringIO()): run({list(typed)!r})\n"
        "print(json.dumps([name for name in sys.modules if name.partition('.')[0] == 'modelbay']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=clean_environment(), check=True
    )
    return set(json.loads(done.stdout))
