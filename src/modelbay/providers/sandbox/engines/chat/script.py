"""Decide what to answer, and say it in events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from modelbay.providers.sandbox.engines.chat.commands import (
    HELP,
    Command,
    CommandError,
    ToolRequest,
    read_command,
    split_json,
    tool_requests,
)
from modelbay.providers.sandbox.engines.chat.events import Event, Fail, Pause, Reasoning, Text
from modelbay.providers.sandbox.engines.chat.instance import Schema, make_instance
from modelbay.providers.sandbox.engines.chat.pieces import pieces
from modelbay.providers.sandbox.engines.chat.schemas import check_schema
from modelbay.providers.sandbox.engines.chat.tools import Tool, call_events, choose_tool
from modelbay.providers.sandbox.engines.chat.wording import default_answer, filler_words, thoughts
from modelbay.providers.sandbox.engines.chat.written import written

__all__ = ["Directives", "Message", "reply"]

Message = tuple[str, str]  # role (system, developer, user, assistant, tool) and text
_INSTRUCTING = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Directives:
    """How to answer, apart from what the messages say.

    `tool_choice` is auto, none, required or a tool's name; `delay` is seconds before each chunk.
    """

    seed: int = 0
    tool_choice: str = "auto"
    reasoning: bool = False
    delay: float = 0.0


def reply(
    messages: Sequence[Message],
    tools: Sequence[Tool] = (),
    json_schema: Schema | None = None,
    directives: Directives | None = None,
) -> Iterator[Event]:
    """Answer a conversation. The same arguments always give the same events.

    Args:
        messages: Oldest first.
        tools: Mappings with name, description and parameters (a JSON Schema).
        json_schema: The schema that the answer must follow; an empty one asks for any JSON object.
        directives: The rest; see there.

    Raises:
        ValueError: While the events are read: `json_schema` cannot be filled.
    """
    directives = directives or Directives()
    asked = next((text for role, text in reversed(messages) if role == "user"), "")
    try:
        command = read_command(asked)
    except CommandError as error:
        return _says(f"{error}\n\n{HELP}")
    script = _Script(messages, tools, json_schema, directives, command)
    return _paced(script.events(), command, directives.delay)


def _says(text: str) -> Iterator[Event]:
    return (Text(piece) for piece in pieces(text))


def _paced(events: Iterable[Event], command: Command, delay: float) -> Iterator[Event]:
    """Put pauses between the events, and end with the failure if one was asked for."""
    delay = command.delay or delay
    for count, event in enumerate(events):
        if command.fail and count >= command.fail_after:
            break
        if delay:
            yield Pause(delay)
        yield event
    if command.fail:
        yield Fail(command.fail)


@dataclass(frozen=True, slots=True)
class _Script:
    """One answer in the making."""

    messages: Sequence[Message]
    tools: Sequence[Tool]
    json_schema: Schema | None
    directives: Directives
    command: Command

    def events(self) -> Iterator[Event]:
        try:
            yield from self._thinks()
            yield from self._chosen()
        except CommandError as error:
            yield from _says(f"{error}\n\n{HELP}")

    def _thinks(self) -> Iterator[Event]:
        if self.command.action == "reason" or self.directives.reasoning:
            for piece in pieces(thoughts(self.command.text)):
                yield Reasoning(piece)

    def _chosen(self) -> Iterator[Event]:
        results = self._tool_results()
        if results:
            return self._answers_with(results)
        actions = {
            "help": lambda: _says(HELP),
            "echo": lambda: _says(self.command.text),
            "repeat": self._repeats,
            "long": lambda: map(Text, filler_words(self.command.count, self.directives.seed)),
            "tool": self._tool_command,
            "json": self._json_command,
        }
        return actions.get(self.command.action or "", self._plain)()

    def _plain(self) -> Iterator[Event]:
        tool = self._tool_to_call()
        if tool is not None:
            request = ToolRequest(str(tool["name"]), None, self.command.text)
            return call_events([request], self.tools, self.directives.seed)
        if self.json_schema is not None:
            return self._structured(self.json_schema, self.command.text)
        return _says(self._default_answer())

    def _tool_to_call(self) -> Tool | None:
        choice = self.directives.tool_choice
        if choice == "none" or not self.tools:
            return None
        named = next((tool for tool in self.tools if tool["name"] == choice), None)
        chosen = named or choose_tool(self.command.text, self.tools)
        return self.tools[0] if chosen is None and choice == "required" else chosen

    def _tool_results(self) -> list[str]:
        """Return the results at the end of the conversation: the model's turn after its own calls."""
        results: list[str] = []
        for role, text in reversed(self.messages):
            if role != "tool":
                break
            results.insert(0, text)
        return results

    def _answers_with(self, results: Sequence[str]) -> Iterator[Event]:
        if self.json_schema is not None:
            return self._structured(self.json_schema, "\n".join((self.command.text, *results)))
        if len(results) == 1:
            return _says(f"The tool answered: {results[0]}")
        return _says("The tools answered:\n" + "\n".join(f"{n}. {text}" for n, text in enumerate(results, 1)))

    def _repeats(self) -> Iterator[Event]:
        for count in range(self.command.count):
            yield from _says((" " if count else "") + self.command.text)

    def _tool_command(self) -> Iterator[Event]:
        return call_events(tool_requests(self.command.text), self.tools, self.directives.seed)

    def _json_command(self) -> Iterator[Event]:
        text = self.command.text
        if not text.lstrip().startswith("{"):
            return self._structured(self.json_schema or {}, text)
        given, text = split_json(text)
        schema: Schema = given  # type: ignore[assignment]  # json.loads gives JSON
        try:
            check_schema(schema, "The JSON schema")
            return self._structured(schema, text)
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _structured(self, schema: Schema, message: str) -> Iterator[Event]:
        if not schema:
            return _says(written({"answer": message, "words": len(message.split())}))
        return _says(written(make_instance(schema, message)))

    def _default_answer(self) -> str:
        instructions = " ".join(text for role, text in self.messages if role in _INSTRUCTING)
        turn = sum(role == "user" for role, _ in self.messages)
        return default_answer(self.command.text, instructions, turn, self.directives.seed)
