"""A conversation: what was said, what is attached to the next message, and the model that answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from modelbay import Modelbay
from modelbay.cli.chat.writer import AnswerWriter
from modelbay.cli.inputs import file_part, image_part
from modelbay.entities import (
    LLMUsage,
    PromptMessage,
    PromptMessageContentUnionTypes,
    SystemPromptMessage,
    TextPromptMessageContent,
    UserPromptMessage,
)
from modelbay.entities.fold import ChunkFolder


class Session:
    """The state of a chat. A turn that brings no answer leaves it as it was."""

    def __init__(
        self,
        bay: Modelbay,
        model: str,
        parameters: Mapping[str, Any] | None = None,
        system: str | None = None,
    ) -> None:
        self._bay = bay
        self.model = model
        self.parameters = dict(parameters or {})
        self.system = system
        self.messages: list[PromptMessage] = []
        self.attached: list[PromptMessageContentUnionTypes] = []

    def attach_image(self, source: str) -> None:
        """Send an image along with the next message."""
        self.attached.append(image_part(source))

    def attach_file(self, path: str) -> None:
        """Send a file along with the next message."""
        self.attached.append(file_part(Path(path).expanduser()))

    def clear(self) -> None:
        """Forget what was said and attached; the instructions stay."""
        self.messages.clear()
        self.attached.clear()

    def switch(self, model: str) -> None:
        """Let another model answer from now on; InvokeBadRequestError if there is none of that name."""
        self._bay.llm(model).schema()
        self.model = model

    def say(self, text: str, out: IO[str]) -> LLMUsage | None:
        """Send a message and write the answer as it comes; return what it consumed.

        An answer that Ctrl-C stopped counts as far as it came; one that failed does not count at all.
        """
        question = self._question(text)
        answer = ChunkFolder()
        try:
            self._receive(question, answer, out)
        except KeyboardInterrupt:
            if answer.result().text:
                self._keep(question, answer)
            raise
        self._keep(question, answer)
        return answer.usage

    def _receive(self, question: UserPromptMessage, answer: ChunkFolder, out: IO[str]) -> None:
        writer = AnswerWriter(out)
        chunks = self._bay.llm(self.model).stream([*self._before(), question], **self.parameters)
        try:
            for chunk in chunks:
                answer.add(chunk)
                writer.write(chunk)
        finally:
            writer.end()

    def _before(self) -> list[PromptMessage]:
        first: list[PromptMessage] = [SystemPromptMessage(content=self.system)] if self.system else []
        return [*first, *self.messages]

    def _question(self, text: str) -> UserPromptMessage:
        if not self.attached:
            return UserPromptMessage(content=text)
        return UserPromptMessage(content=[*self.attached, TextPromptMessageContent(data=text)])

    def _keep(self, question: UserPromptMessage, answer: ChunkFolder) -> None:
        self.messages += [question, answer.result().message]
        self.attached = []
