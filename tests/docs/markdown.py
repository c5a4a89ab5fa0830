"""Reading a page: its code blocks, and what the comments above them say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """One code block. `mark` is the comment right above it, `line` where its code begins in the page."""

    page: Path
    line: int
    language: str
    mark: str
    code: str

    @property
    def file(self) -> str:
        """The file that the block is the content of: `<!-- file: plugins/acme/manifest.yaml -->`."""
        return self.mark.removeprefix("file: ") if self.mark.startswith("file: ") else ""

    @property
    def is_output(self) -> bool:
        """Whether the block is what the one before it prints: `<!-- output -->`."""
        return self.mark == "output"

    @property
    def is_shown_only(self) -> bool:
        """Whether the block is not run, for the reason given: `<!-- not run: … -->`."""
        return self.mark.startswith("not run: ")


def blocks_of(page: Path) -> list[Block]:
    """Return the code blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [_block(page, text, found) for found in _BLOCK.finditer(text)]


def _block(page: Path, text: str, found: re.Match[str]) -> Block:
    line = text.count("\n", 0, found.start("code")) + 1
    return Block(page, line, found["language"], found["mark"] or "", found["code"])


def matches(expected: str, printed: str) -> bool:
    """Whether `printed` is as a page says; `...` stands for any text, spaces at line ends do not count."""
    parts = (re.escape(part) for part in _tidy(expected).split("..."))
    return re.fullmatch(".*".join(parts), _tidy(printed), re.DOTALL) is not None


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
