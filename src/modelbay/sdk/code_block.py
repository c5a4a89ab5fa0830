"""Asking a model without a JSON mode for JSON or XML: by instructions and a code block to continue."""

from __future__ import annotations

from collections.abc import Sequence

from modelbay.entities import (
    MessageContent,
    PromptMessage,
    SystemPromptMessage,
    TextPromptMessageContent,
    UserPromptMessage,
)

FENCE = "```"
STOPS = ["\n```", "```\n"]
FORMATS = frozenset({"JSON", "XML"})

_TEMPLATE = """Answer with a valid {format} object and nothing else.
Unless the instructions describe another structure, use this one: {{"answer": "$your_answer"}}.

<instructions>
{instructions}
</instructions>
"""
_PLAIN_INSTRUCTIONS = "Answer the user in {format}."


def ask_for_code_block(messages: Sequence[PromptMessage], wanted: str) -> list[PromptMessage]:
    """Return the messages, changed so that the model continues an opened code block of the wanted format.

    The caller's messages stay as they are.
    """
    messages = list(messages)
    if messages and isinstance(messages[0], SystemPromptMessage):
        instructions = messages.pop(0).get_text_content()
    else:
        instructions = _PLAIN_INSTRUCTIONS.format(format=wanted)
    system = SystemPromptMessage(content=_TEMPLATE.format(format=wanted, instructions=instructions))
    opening = f"\n{FENCE}{wanted}\n"
    if messages and isinstance(messages[-1], UserPromptMessage):
        last = messages.pop()
        messages.append(last.model_copy(update={"content": _append(last.content, opening)}))
    else:
        messages.append(UserPromptMessage(content=opening))
    return [system, *messages]


def _append(content: MessageContent | None, text: str) -> MessageContent:
    if not isinstance(content, list):
        return (content or "") + text
    parts = list(content)
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        if isinstance(part, TextPromptMessageContent):
            parts[place] = part.model_copy(update={"data": part.data + text})
            return parts
    return [*parts, TextPromptMessageContent(data=text)]


class FenceFilter:
    """Takes the code block's fences out of a streamed answer, wherever the stream was split.

    If the answer opens with a fence, only what is inside the first block counts; otherwise the fences are
    removed and the text stays.
    """

    def __init__(self) -> None:
        self._held = ""
        self._began = False
        self._only_inside = False
        self._in_fence_line = False
        self._done = False

    def feed(self, text: str) -> str:
        """Take in the next piece and return the text that it adds."""
        if self._done:
            return ""
        self._held += text
        if not self._began:
            if not self._held.lstrip():
                return ""
            self._held = self._held.lstrip()
            self._began = True
            self._only_inside = self._held.startswith("`")
        return self._drain(final=False)

    def close(self) -> str:
        """Return what was held back, at the end of the stream."""
        return "" if self._done else self._drain(final=True)

    def _drain(self, *, final: bool) -> str:
        shown: list[str] = []
        while self._held and not self._done:
            if self._in_fence_line:
                if not self._skip_fence_line():
                    break
                continue
            before, fence, after = self._held.partition(FENCE)
            if not fence:
                keep = 0 if final else len(before) - len(before.rstrip("`"))
                shown.append(before[: len(before) - keep])
                self._held = before[len(before) - keep :]
                break
            shown.append(before)
            self._held = after
            self._meet_fence(opening=not self._opened)
        return "".join(shown)

    _opened = False

    def _meet_fence(self, *, opening: bool) -> None:
        if self._only_inside and not opening:
            self._done = True
        self._opened = True
        self._in_fence_line = True

    def _skip_fence_line(self) -> bool:
        """Skip the language name behind a fence; False if its end has not come yet."""
        for place, character in enumerate(self._held):
            if character.isspace():
                self._held = self._held[place + 1 :]
                self._in_fence_line = False
                return True
        self._held = ""
        return False
