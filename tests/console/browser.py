"""A real browser, driven over its DevTools protocol: what a person does with a page, and what it shows."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

SCRIPT = Path(__file__).parents[2] / "scripts" / "chromium.sh"
_CANNOT_INSTALL = 3
_PATIENCE = 30.0
_LEFT = ("navigated or closed", "Cannot find default execution context", "context was destroyed")


class LeftError(AssertionError):
    """The page that was asked has been left meanwhile."""


def program() -> str:
    """Return the path of Chromium, installed if need be."""
    done = subprocess.run([SCRIPT], capture_output=True, text=True, check=False, timeout=900)
    if done.returncode == _CANNOT_INSTALL:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Tab:
    """A page that is open. What goes wrong in it is in `failures`."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket = socket
        self._session = session
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.failures: list[str] = []
        self._reading = asyncio.ensure_future(self._read())

    async def go(self, url: str) -> None:
        """Open a page and wait until it shows a title."""
        await self.ask("Page.navigate", url="about:blank")  # else another fragment would not load it again
        await self.ask("Page.navigate", url=url)
        await self.shows("h1")

    async def shows(self, selector: str, text: str = "") -> str:
        """Wait until something is there that holds a text; return all of its text."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})].map((each) => each.innerText)"
        async with asyncio.timeout(_PATIENCE):
            while True:
                texts: Sequence[str] = ()
                with contextlib.suppress(LeftError):  # it is on its way to the page that is waited for
                    texts = await self.run(found) or ()
                match = next((each for each in texts if text in each), None)
                if match is not None:
                    return str(match)
                await asyncio.sleep(0.02)

    async def fill(self, **values: str) -> None:
        """Type into the fields of these names, as a person does."""
        for name, text in values.items():
            await self.run(f"document.querySelector('[name={name}]').select()")
            await self.ask("Input.insertText", text=text)

    async def press(self, selector: str) -> None:
        """Press a button or a link, which may lead away at once."""
        with contextlib.suppress(LeftError):
            await self.run(f"document.querySelector({json.dumps(selector)}).click()")

    async def run(self, script: str) -> Any:
        """Return what an expression comes to in the page."""
        done = await self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        return done["result"].get("value")

    async def look(self, *, width: int = 1000, height: int = 760, dark: bool = False) -> bytes:
        """Return a picture of the page, as PNG; from then on it has this size and these colours."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.ask("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", features=[scheme])
        shot = await self.ask("Page.captureScreenshot")
        return base64.b64decode(shot["data"])

    async def speaks(self, language: str) -> None:
        """Have the browser ask for a language."""
        agent = await self.run("navigator.userAgent")
        await self.ask("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)

    async def ask(self, method: str, **parameters: Any) -> Any:
        """Send a command of the protocol and return what it answers."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        command = {"id": number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        await self._socket.send(json.dumps(command))
        async with asyncio.timeout(_PATIENCE):
            return await answer

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message)
            if "id" in said:
                answer = self._answers.pop(said["id"])
                if "error" in said:
                    what = said["error"]["message"]
                    kind = LeftError if any(each in what for each in _LEFT) else AssertionError
                    answer.set_exception(kind(what))
                else:
                    answer.set_result(said["result"])
            elif said["method"] == "Runtime.exceptionThrown":
                self.failures.append(json.dumps(said["params"]["exceptionDetails"]))
            elif said["method"] == "Log.entryAdded" and said["params"]["entry"]["source"] in _OURS:
                self.failures.append(said["params"]["entry"]["text"])

    def close(self) -> None:
        """Stop listening."""
        self._reading.cancel()


_OURS = ("security", "javascript", "rendering", "deprecation")


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Tab]:
    """Start a browser with nothing in it, and open a page."""
    options = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}", "--no-first-run"]
    options += ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--lang=en"]
    options += ["--no-proxy-server", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]
    if os.getuid() == 0:
        options.append("--no-sandbox")
    process = await asyncio.create_subprocess_exec(
        await asyncio.to_thread(program),
        *options,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with connect(await _address(process), max_size=None) as socket:
            tab = await _tab(socket)
            try:
                yield tab
            finally:
                tab.close()
    finally:
        process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(_PATIENCE):
        while True:
            line = await process.stderr.readline()
            said += line
            assert line, said.decode()
            found = re.search(rb"DevTools listening on (ws://\S+)", line)
            if found:
                return found[1].decode()


async def _tab(socket: ClientConnection) -> Tab:
    browser = Tab(socket, "")
    target = await browser.ask("Target.createTarget", url="about:blank")
    attached = await browser.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    browser.close()
    tab = Tab(socket, attached["sessionId"])
    for domain in ("Page", "Runtime", "Log"):
        await tab.ask(f"{domain}.enable")
    return tab
