"""`modelbay chat`, in a real terminal and in a pipe."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commands import Here
from tests.cli.terminal import CTRL_C, CTRL_D, Terminal

CHAT = "sandbox/sandbox-chat"
PROMPT = "> "


def opened(*arguments: str) -> Terminal:
    """Return a terminal in which the chat waits at its prompt."""
    terminal = Terminal("chat", *arguments)
    terminal.until(PROMPT)
    return terminal


def test_an_answer_streams_and_says_what_it_took() -> None:
    """Text, then one dimmed line: tokens, time."""
    with opened(CHAT) as terminal:
        terminal.type("/echo Land in sight\n")
        answer = terminal.until(PROMPT)
        terminal.type(CTRL_D)

        assert answer.splitlines()[1] == "Land in sight"
        assert "tokens" in answer.splitlines()[2]
        assert terminal.ended() == 0


def test_ctrl_c_stops_the_answer_and_the_conversation_goes_on() -> None:
    """The answer would last for minutes; what follows shows that the program lives and remembers the turn."""
    with opened(CHAT) as terminal:
        terminal.type("/slow 0.05 /repeat 5000 wave\n")
        terminal.until("wave wave wave")
        terminal.type(CTRL_C)
        terminal.until("stopped")
        terminal.until(PROMPT)
        terminal.type("Are you there?\n")

        assert "turn 2" in terminal.until(PROMPT)


def test_ctrl_c_twice_at_the_prompt_leaves() -> None:
    """Once might be an answer that had just ended."""
    with opened(CHAT) as terminal:
        terminal.type("half a line")
        terminal.until("half a line")
        terminal.interrupt_until("once more")
        terminal.until(PROMPT)
        terminal.type("another")
        terminal.until("another")
        terminal.interrupt_until("\n")

        assert terminal.ended() == 130


def test_a_failed_answer_is_one_line_and_not_part_of_the_conversation() -> None:
    """The next question must not be sent together with one that has no answer."""
    with opened(CHAT) as terminal:
        terminal.type("/fail rate-limit after 2 Hello\n")
        failed = terminal.until(PROMPT)
        terminal.type("Again?\n")
        again = terminal.until(PROMPT)

    assert "error: " in failed
    assert "Traceback" not in failed
    assert "turn 2" not in again


def test_commands_change_the_conversation(tmp_path: Path) -> None:
    """Instructions, another model, an attachment, forgetting, leaving."""
    notes = tmp_path / "notes.txt"
    notes.write_text("three words here", "utf-8")
    steps = {
        "/system Speak like a sailor": "instructions set",
        "Hello": "my instructions (4 words)",
        f"/file {notes}": "attached",
        "/image nowhere.png": "error: image: cannot read 'nowhere.png'",
        "/model sandbox/nosuch-thing": "model: sandbox/nosuch-thing",
        "/model sandbox/sandbox-thinker": "model: sandbox/sandbox-thinker",
        "What is this?": "The message has",
        "/clear": "forgotten",
        "/image": "error: /image needs PATH",
        "/help": "/quit",
        "//help": "/fail KIND",
    }
    with opened(CHAT) as terminal:
        for line, shown in steps.items():
            terminal.type(f"{line}\n")
            assert shown in terminal.until(f"\n{PROMPT}"), line
        terminal.type("/quit\n")

        assert terminal.ended() == 0


def test_the_arrow_up_brings_back_the_last_line() -> None:
    """A question is rarely right the first time."""
    with opened(CHAT) as terminal:
        terminal.type("/echo first\n")
        terminal.until(f"\n{PROMPT}")
        terminal.type("\x1b[A\n")

        assert "\nfirst\n" in terminal.until(f"\n{PROMPT}")


def test_without_a_terminal_stdin_is_one_prompt(here: Here) -> None:
    """Nothing but the answer is written, and the exit code tells of a failure."""
    done = here("chat", CHAT, stdin=b"/echo Ahoy\n")
    failed = here("chat", CHAT, stdin=b"/fail authorization hello")

    assert (done.code, done.out.strip(), done.err) == (0, "Ahoy", "")
    assert failed.code == 3
    assert failed.error
