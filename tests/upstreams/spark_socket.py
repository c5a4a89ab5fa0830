"""Websockets of the Spark fake: one frame is heard, then frames are said as the script wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from modelbay.sdk.testing import Answer, Request
from modelbay.sdk.testing.connection import _CutShortError
from modelbay.sdk.testing.faults import Fault

from .talking import SWITCHED, Said, Talk, TalkingConnection

_NEVER = 10**6  # seconds
Frames = Callable[[bytes], Iterable[str]]


@dataclass(frozen=True, slots=True)
class FramedTalk(Talk):
    """The answer to an upgrade: `frames` says what to answer to the one message."""

    frames: Frames | None = None


def framed(frames: Frames) -> FramedTalk:
    """Answer an upgrade."""
    return FramedTalk(status=SWITCHED, frames=frames)


class FramedConnection(TalkingConnection):
    """A connection that may become a websocket, whose answers are paced and may break."""

    _frames: Frames | None = None
    _fault: Fault | None = None

    def _serve(self, request: Request) -> None:
        if request.headers.get("upgrade", "").lower() != "websocket":
            super()._serve(request)
            return
        answer, fault = self._server.serve(request, used=self._served > 0)
        self._served += 1
        if isinstance(answer, FramedTalk):
            self._frames, self._fault = answer.frames, fault
            self._switch(request, answer)
            # Until the frame has come the answer is under way: who leaves now hangs up in its middle.
            self._task = asyncio.get_running_loop().create_task(asyncio.sleep(_NEVER))
        else:
            self._task = asyncio.get_running_loop().create_task(self._deliver(request, answer, None))
            self._task.add_done_callback(self._delivered)

    def _say(self, heard: Said) -> None:
        data = heard.encode() if isinstance(heard, str) else heard
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(self._say_all(data))
        self._task.add_done_callback(self._delivered)

    async def _say_all(self, heard: bytes) -> None:
        fault, pace = self._fault, self._server.pace
        cut = fault.cut if fault else None
        self._left = cut.after if cut else None
        try:
            await self._put(b"")
            assert self._frames is not None
            for place, piece in enumerate(pace.cut(self._encoded(self._frames(heard)))):
                if not pace.at_once:
                    await pace.before_write(first=place == 0)
                if fault is not None and fault.truncated:
                    await self._put(piece[: len(piece) // 2])
                    self.close()
                    return
                await self._put(piece)
        except _CutShortError:
            await self._break_off(cut)

    def _encoded(self, frames: Iterable[str]) -> Iterator[bytes]:
        assert self._protocol is not None
        for frame in frames:
            self._protocol.send_text(frame.encode())
            yield b"".join(self._protocol.data_to_send())


def refusal(status: int, message: str, date: str) -> Answer:
    """Refuse an upgrade, with the time of this side."""
    return Answer(status, b'{"message":"%b"}' % message.encode(), headers={"date": date})
