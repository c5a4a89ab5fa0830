"""Secrets that come in through every door come out of none: stored, logged, answered, counted or dumped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from tests.cli.commands import Done, modelbay
from tests.gateway.api import sign_ins
from tests.gateway.api.sign_ins import CLIENT_SECRET, COOKIE, SECRET
from tests.gateway.process import Running, running
from tests.platform.databases import stored_bytes
from tests.platform.from_dify.dify import OPENAI, Dify
from tests.platform.vault.held import MASTER, disguises
from tests.upstreams.oidc import OidcServer, query_of
from tests.upstreams.openai import OpenAIUpstream

from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.people.passwords import Passwords
from modelbay.platform.people.setup import setup_link
from modelbay.platform.people.signing_in import Browser, SignIn
from modelbay.sdk.testing import Answer, Request
from modelbay.store.database import VARIABLE

ROOT = Path(__file__).parents[2]
CHAT = "/v1/chat/completions"
CALLED = "sk-called-6d1f08c2b7a94e53"
IDLE = "sk-never-called-b3a1c95d7e2f4086"
PASSWORD = "a password of eleven horses"
PASSPHRASE = "a passphrase of twelve mules"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process in /proc")


class Quoting(OpenAIUpstream):
    """An OpenAI that quotes the key that it refuses, as the real one does in part."""

    def unauthorised(self, request: Request) -> Answer | None:
        """Refuse with the key."""
        given = request.headers.get("authorization", "")
        quoted = self.error(401, f"Incorrect API key provided: {given.removeprefix('Bearer ')}")
        return quoted if super().unauthorised(request) else None


@dataclass
class House:
    """An installation: its data, its secrets by name, and all that anybody could see of it."""

    data: Path
    environment: Mapping[str, str]
    secrets: dict[str, str] = field(default_factory=dict)
    shown: dict[str, bytes] = field(default_factory=dict)

    async def do(self, *arguments: str | Path, stdin: str = "") -> str:
        """Run a command, keep what it shows, and return what it wrote to stdout."""
        told = [*map(str, arguments), "--data-dir", str(self.data)]
        done: Done = await asyncio.to_thread(modelbay, *told, stdin=stdin.encode(), **self.environment)
        assert done.code == 0, done.err
        self.shown[" ".join(told)] = (done.out + done.err).encode()
        return done.out.strip()

    def found(self, *, apart: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        """Return which secrets are in what is shown, and where."""
        return [
            (name, place)
            for name, secret in self.secrets.items()
            for place, content in self.shown.items()
            if name not in apart and any(each in content for each in disguises(secret.encode()))
        ]


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIUpstream]:
    """The provider of the workspace that calls."""
    async with Quoting(key=CALLED) as upstream:
        yield upstream


@pytest.fixture
def provider() -> Iterator[OidcServer]:
    """The provider of sign-ins."""
    with OidcServer().running() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, backend: str, provider: OidcServer) -> House:
    """An empty installation whose master key, and whose secret at the provider, are in the environment."""
    environment = {"PYTHONPATH": str(ROOT / "src"), "MODELBAY_MASTER_KEY": MASTER, CLIENT_SECRET: SECRET}
    url = os.environ.get(VARIABLE)
    house = House(tmp_path / "gateway" / "data", environment | ({VARIABLE: url} if url else {}))
    house.data.mkdir(parents=True)
    (house.data / "gateway.yaml").write_text(
        yaml.safe_dump({"oidc": sign_ins.settings(provider), "private_addresses": "all"})
    )
    house.secrets["master key"] = MASTER
    return house


async def fill(house: House, openai: OpenAIUpstream, tmp_path: Path) -> str:
    """Bring secrets in through every door; return the key that opens the gateway."""
    workspace = await house.do("workspace", "create", "Team")
    of = ("--workspace", workspace)
    base = ("--set", f"openai_api_base={openai.base_url}", "--set", "api_protocol=chat")
    await house.do("credential", "add", "openai", *of, *base, "--credentials", "-", stdin=CALLED)
    key = await house.do("key", "create", *of)
    house.shown = {name: shown for name, shown in house.shown.items() if not name.startswith("key create")}
    await import_from_dify(house, tmp_path)
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    exported = tmp_path / "exported"
    await house.do("vault", "export", *of, "-o", exported, "--passphrase-file", secret)
    house.shown["export"] = exported.read_bytes()
    for arguments in (("credential", "list", *of), ("vault", "status", *of), ("key", "list", *of)):
        await house.do(*arguments, "--json")
    await sign_in(house)
    house.secrets |= {"called": CALLED, "idle": IDLE, "key": key, "passphrase": PASSPHRASE}
    return key


async def import_from_dify(house: House, tmp_path: Path) -> None:
    """Bring a workspace in that nobody will call."""
    storage = tmp_path / "storage"
    storage.mkdir()
    dify = Dify(str(tmp_path / "dify.db"), storage)
    tenant = dify.tenant("Idle")
    own = dify.credentials(tenant, OPENAI, {"openai_api_key": dify.seal(tenant, IDLE)})
    dify.add("providers", tenant, provider_name=OPENAI, credential_id=own)
    arguments = ("vault", "import-dify", "--database", dify.place, "--private-keys", storage)
    await house.do(*arguments, "--dry-run")
    await house.do(*arguments)
    pem = (storage / "privkeys" / tenant / "private.pem").read_text().splitlines()
    house.secrets["Dify's private key"] = pem[len(pem) // 2]


async def sign_in(house: House) -> None:
    """Make an owner with a password, and a session."""
    database, passwords = BackgroundDatabase(house.data), Passwords(time_cost=1, memory_cost=8, parallelism=1)
    try:
        link = await database.run(setup_link)
        assert link is not None
        session = await SignIn(database, passwords).complete_setup(
            link, email="ann@example.com", name="Ann", password=PASSWORD, browser=Browser("192.0.2.7")
        )
    finally:
        await database.close()
    house.secrets |= {"password": PASSWORD, "setup link": link, "session": session.token}


@asynccontextmanager
async def served(house: House) -> AsyncIterator[Running]:
    """Run a gateway on the installation; keep what it has written to stderr."""
    async with running(house.data.parent, {}, environment=house.environment) as started:
        assert started.address
        yield started
        started.signal(signal.SIGTERM)
        _, errors = await started.ended()
    house.shown["stderr"] = errors.encode()


async def call(house: House, started: Running, key: str, openai: OpenAIUpstream) -> None:
    """Make calls that succeed and calls that fail in every way, and keep the answers."""
    asked = {"model": "openai/gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}
    named = {"authorization": f"Bearer {key}"}
    bodies = {
        "good": asked,
        "streamed": asked | {"stream": True},
        "unknown model": asked | {"model": "nowhere/nothing"},
        "bad parameter": asked | {"temperature": "hot"},
    }
    answers = {name: await started.call("POST", CHAT, body, named) for name, body in bodies.items()}
    openai.key = "sk-another"
    for name, body in (("refused", asked), ("refused stream", asked | {"stream": True})):
        answers[name] = await started.call("POST", CHAT, body, named)
    answers["no JSON"] = await started.call("POST", CHAT, b"{", named)
    answers["wrong key"] = await started.call("POST", CHAT, asked, {"authorization": f"Bearer {key}x"})
    await started.call("GET", f"/v1/{key}", None, named)  # told to who wrote it, and logged nowhere
    for path in ("/metrics", "/healthz", "/readyz", "/v1/models"):
        answers[path] = await started.call("GET", path, None, named)
    for name, answer in answers.items():
        house.shown[f"answer {name}"] = json.dumps(dict(answer.headers)).encode() + answer.body
    assert [answers[name].status for name in ("good", "streamed", "/metrics")] == [200] * 3
    assert all(answers[name].status >= 400 for name in ("refused", "wrong key", "no JSON", "unknown model"))


async def sign_in_by_provider(house: House, started: Running, provider: OidcServer) -> None:
    """Sign in, and fail to; what is in the addresses on the way is a secret too."""
    provider.person = {"sub": "ann-1", "email": "ann@example.com", "email_verified": True}
    browser, other = (sign_ins.Browser(started, provider) for _ in range(2))
    back, lost = await browser.begin(), await other.begin()
    assert (await browser.get(back)).status == 303
    provider.claims = {"nonce": "another"}
    refused = await other.get(lost)
    assert refused.status == 401
    house.shown["answer refused sign-in"] = refused.body
    house.secrets |= {"client's secret": SECRET, "session by provider": browser.cookies[COOKIE]}
    for place, each in (("first", back), ("other", lost)):
        house.secrets |= {f"{name} of the {place}": query_of(each)[name] for name in ("code", "state")}


def memory_of(process: int) -> bytes:
    """Return what a core dump of a process would hold: all of its memory that can be read."""
    parts = []
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            place, mode, *_ = line.split()
            start, end = (int(number, 16) for number in place.split("-"))
            with suppress(OSError, OverflowError):  # the kernel's own pages
                if "r" in mode:
                    memory.seek(start)
                    parts.append(memory.read(end - start))
    return b"".join(parts)


async def test_no_secret_shows_anywhere(
    house: House,
    openai: OpenAIUpstream,
    provider: OidcServer,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Neither plain nor in base64, hex or UTF-16; not even where a provider quotes the key.

    In the memory of the gateway is what its calls have used, which Python cannot wipe, and nothing else.
    """
    key = await fill(house, openai, tmp_path)
    async with served(house) as started:
        await call(house, started, key, openai)
        memory = await asyncio.to_thread(memory_of, started.process.pid) if os.geteuid() == 0 else b""
        used = {name for name, secret in house.secrets.items() if secret.encode() in memory}
        await sign_in_by_provider(house, started, provider)
    house.shown["stored"] = stored_bytes(house.data, request)

    assert not house.found()
    assert house.shown["stderr"].count(b"\n") >= 10  # the access log was on
    assert b"modelbay_" in house.shown["answer /metrics"]
    assert b"Incorrect API key provided" in house.shown["answer refused"]
    if memory:  # others than root may not look; see below
        assert {"called", "master key"} <= used <= {"called", "master key", "key"}
        assert not any(each in memory for each in disguises(IDLE.encode()))


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_gateway_leaves_no_core_dump(tmp_path: Path, workers: str) -> None:
    """Its memory would stay on a disk, and go into somebody's report of a crash."""
    async with running(tmp_path / "gateway", {}, "--workers", workers) as started:
        await started.ready()
        processes = {started.process.pid, *started.workers()}
        limits = [await asyncio.to_thread(Path(f"/proc/{each}/limits").read_text) for each in processes]

    assert len(limits) == (1 if workers == "1" else 3)
    assert all("Max core file size        0                    0 " in each for each in limits)


def test_nobody_but_root_may_look_into_a_process_that_forbids_dumps() -> None:
    """Where a program takes the cores, the limit of their size does not count; this does."""
    asked = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE
    forbid = "from modelbay.gateway.http.dumps import forbid_dumps; forbid_dumps();"
    environment = {"PYTHONPATH": str(ROOT / "src")}

    def answer(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
        )
        return done.stdout.strip()

    assert (answer(asked), answer(forbid + asked)) == ("1", "0")
