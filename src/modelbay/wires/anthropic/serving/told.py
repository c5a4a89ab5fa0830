"""The blocks that a client was told of, in a stream that knows pieces only.

The API opens, fills and closes one block after the other. Pieces of a tool call that come while another call
is not complete wait for it. Where the upstream speaks this API, its reader tells which blocks are complete,
and they are closed as they are: with their signatures and citations.
"""

from __future__ import annotations

from typing import Any

import orjson

from modelbay.wires.anthropic.answer import says_more
from modelbay.wires.anthropic.blocks import Block
from modelbay.wires.anthropic.serving.carried import UNSIGNED, carrier
from modelbay.wires.anthropic.serving.events import AFTER, before, rest_of, started, stopped, whole
from modelbay.wires.carried import pack

Key = str | int
_GROWING = ("text", "thinking")


class ToldBlocks:
    """Writes blocks and remembers what it wrote.

    Attributes:
        before_text: What comes before a piece of text while a text is open, else None.
        length: Characters of the text or thought that is open.
    """

    def __init__(self) -> None:
        self.before_text: bytes | None = None
        self.length = 0
        self._told: list[tuple[str, Any]] = []  # of each block its kind, and its length or id
        self._known = 0  # how many of them are known to be as the upstream's
        self._differs = False
        self._key: Key | None = None
        self._before = b""
        self._arguments: list[str] = []
        self._later: dict[Key, tuple[Block, list[str]]] = {}
        self._done: set[Key] = set()

    @property
    def nothing(self) -> bool:
        """Whether nothing was told yet."""
        return not self._told

    @property
    def differ(self) -> bool:
        """Whether the client was told other blocks than the upstream's."""
        return self._differs or (self._known > 0 and self._known != len(self._told))

    def add(self, key: Key, piece: str, opening: Block) -> bytes:
        """Return what a piece adds. `key` tells which block it is of; `opening` opens a new one."""
        if key == self._key:
            return self._piece(piece) + (self._catch_up() if self._later else b"")
        if key in self._done:
            return b""  # after complete arguments only white space can come
        if self._later or not self._complete():
            self._later.setdefault(key, (opening, []))[1].append(piece)
            return b""
        return self._open(key, opening) + self._piece(piece)

    def reconcile(self, content: list[Block]) -> bytes:
        """Return what the upstream's own blocks, complete so far, say beyond the pieces that were told."""
        out = self.catch_up()
        for index in range(self._known, len(content)):
            if self._differs:
                return out
            out += self._settle(index, content[index])
        self._known = len(content)
        return out

    def catch_up(self) -> bytes:
        """Return the pieces that still wait; no more of what they wait for comes."""
        return self._catch_up(finally_=True) if self._later else b""

    def end(self, carried: dict[str, Any]) -> bytes:
        """Return what closes the last block, and the block for state that is to be carried."""
        if carried and self._kind == "thinking":
            return self._close(pack(carried))
        closed = self._close()
        return closed + whole(len(self._told), carrier(carried)) if carried else closed

    def _settle(self, index: int, block: Block) -> bytes:
        if index == len(self._told):
            self._told.append((str(block.get("type")), None))
            return self._close() + whole(index, block)
        is_open = self._key is not None and index == len(self._told) - 1
        if not self._is(index, block) or (not is_open and _has_rest(block)):
            self._differs = True
            return b""
        return rest_of(index, block) + self._close(None) if is_open else b""

    def _is(self, index: int, block: Block) -> bool:
        """Whether the block that was told is this one. Pieces come in order: length is as good as words."""
        kind, mark = self._told[index]
        if self._key is not None and index == len(self._told) - 1 and kind in _GROWING:
            mark = self.length
        wanted = block.get("id") if kind == "tool_use" else len(str(block.get(kind)))
        return block.get("type") == kind and mark == wanted and not (kind == "tool_use" and says_more(block))

    @property
    def _kind(self) -> str:
        return self._told[-1][0] if self._key is not None else ""

    def _open(self, key: Key, opening: Block) -> bytes:
        closed, index, kind = self._close(), len(self._told), opening["type"]
        self._key, self._before, self.length = key, before(kind, index), 0
        self.before_text = self._before if kind == "text" else None
        self._arguments = []
        self._told.append((kind, opening.get("id")))
        return closed + started(index, opening)

    def _piece(self, piece: str) -> bytes:
        if not piece:
            return b""
        self.length += len(piece)
        if isinstance(self._key, int):
            self._arguments.append(piece)
        return self._before + orjson.dumps(piece) + AFTER

    def _close(self, signature: str | None = UNSIGNED) -> bytes:
        if self._key is None:
            return b""
        index, kind = len(self._told) - 1, self._kind
        if kind in _GROWING:
            self._told[index] = (kind, self.length)
        else:
            self._done.add(self._key)
        signed = kind == "thinking" and signature is not None
        rest = rest_of(index, {"type": kind, "signature": signature}) if signed else b""
        self._key, self.before_text = None, None
        return rest + stopped(index)

    def _complete(self) -> bool:
        """Whether the open block may be closed: a call may if its arguments are whole."""
        if not isinstance(self._key, int):
            return True
        try:
            orjson.loads("".join(self._arguments))
        except orjson.JSONDecodeError:
            return False
        return True

    def _catch_up(self, *, finally_: bool = False) -> bytes:
        out = b""
        while self._later and (finally_ or self._complete()):
            key = next(iter(self._later))
            opening, pieces = self._later.pop(key)
            out += self._open(key, opening) + b"".join([self._piece(piece) for piece in pieces])
        return out


def _has_rest(block: Block) -> bool:
    return block.get("type") == "thinking" or bool(block.get("citations"))
