"""Running a suite: a file of tests for one client, in the environment that the client is installed in."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SUITES = Path(__file__).with_name("suites")
INI = SUITES / "pytest.ini"
REPORT = "report.json"
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")
_SECONDS = 180
_OUTPUT = 12_000


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway as its clients see it. `control` is the address of the door to the upstreams."""

    url: str
    key: str
    control: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A provider behind the gateway.

    Attributes:
        upstream: The fake that answers, for the door; empty where there is none.
        models: The model for each use: `chat`, `embeddings`, …
        say: What makes the model repeat what follows.
    """

    upstream: str
    models: Mapping[str, str]
    say: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """A suite, and what it is tried with.

    Attributes:
        environment: Where the client is installed: the name of a lock file, or `npm`.
        suite: The file in `suites/`.
        behind: The provider that answers.
        abilities: What is tried; each of them by at least one test.
        gateway: How the gateway is set up: see `conftest.GATEWAYS`.
    """

    environment: str
    suite: str
    behind: str
    abilities: frozenset[str]
    gateway: str = "usual"

    def __str__(self) -> str:
        return f"{self.suite.partition('.')[0]}-{self.environment}-{self.behind}-{self.gateway}"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a suite went: how many tests passed for each ability, and all it printed."""

    failed: bool
    output: str
    passed: Mapping[str, int] = field(default_factory=dict)

    def check(self, abilities: frozenset[str]) -> None:
        """Fail with what was printed unless all passed, and every ability was tried."""
        assert not self.failed, self.output[-_OUTPUT:]
        assert self.passed.keys() == abilities, f"tried {dict(self.passed)}\n{self.output[-_OUTPUT:]}"


def run(trial: Trial, home: Path, gateway: Gateway, behind: Behind, place: Path) -> Ran:
    """Run a suite in the environment at `home`, in the empty directory `place`."""
    told = _told(trial, gateway, behind, place)
    if trial.environment == "npm":
        return _run(_node(home, trial.suite, place), place, told)
    python = home / "bin" / "python"
    return _run([str(python), "-m", "pytest", "-c", str(INI), str(SUITES / trial.suite)], place, told)


def surroundings(gateway: Gateway, place: Path) -> dict[str, str]:
    """Return the variables of a client: nothing of this machine but where programs are."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {"HOME": str(place), "MODELBAY_BASE_URL": gateway.url, "MODELBAY_API_KEY": gateway.key}
    return kept | own


def _told(trial: Trial, gateway: Gateway, behind: Behind, place: Path) -> dict[str, str]:
    return surroundings(gateway, place) | {
        "SUITE_ABILITIES": " ".join(sorted(trial.abilities)),
        "SUITE_CONTROL": f"{gateway.control}/{behind.upstream}",
        "SUITE_MODELS": json.dumps(dict(behind.models)),
        "SUITE_REPORT": str(place / REPORT),
        "SUITE_SAY": behind.say,
    }


def _node(home: Path, suite: str, place: Path) -> list[str]:
    """Put the suite where node finds its packages: beside them."""
    (place / "node_modules").symlink_to(home / "node_modules")
    for file in SUITES.glob("*.mjs"):
        (place / file.name).write_bytes(file.read_bytes())
    return ["node", "--test", suite]


def _run(command: list[str], place: Path, environment: Mapping[str, str]) -> Ran:
    ran = subprocess.run(
        command,
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    report = place / REPORT
    passed = json.loads(report.read_text("utf-8")) if report.exists() else {}
    return Ran(ran.returncode != 0, ran.stdout, passed)
