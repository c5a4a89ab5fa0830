# mypy: ignore-errors
"""What every suite is told, by environment variables: where the gateway is, which model, what that can do."""

import json
import os
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ABILITIES = frozenset(os.environ["SUITE_ABILITIES"].split())
ran: Counter[str] = Counter()


@dataclass(frozen=True)
class Target:
    """The gateway as a client is told of it, and the names of the models behind it."""

    url: str = field(default_factory=lambda: os.environ["MODELBAY_BASE_URL"])
    key: str = field(default_factory=lambda: os.environ["MODELBAY_API_KEY"])
    models: dict = field(default_factory=lambda: json.loads(os.environ["SUITE_MODELS"]))
    say: str = field(default_factory=lambda: os.environ.get("SUITE_SAY", ""))

    @property
    def model(self):
        """The chat model."""
        return self.models["chat"]

    def prompt(self, text):
        """Return what makes the stand-in behind the gateway repeat a text."""
        return self.say + text


class Upstream:
    """The stand-in behind the gateway, as far as a suite may tell it what to do."""

    def __init__(self, url):
        self.url = url

    def fails(self, fault, times=None):
        """Fail the next `times` requests, or all, with a fault of `modelbay.sdk.testing.faults.named`."""
        self.heals()
        self._post({"fault": fault, "times": times})

    def calls(self, tool, arguments):
        """Call a tool in the next answer."""
        self._post({"tool": tool, "arguments": arguments})

    def heals(self):
        """Answer well again."""
        self._post({})

    def _post(self, order):
        request = urllib.request.Request(self.url, json.dumps(order).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            answer.read()


@pytest.fixture(scope="session")
def target():
    """Give the gateway."""
    return Target()


@pytest.fixture
def upstream():
    """Give the upstream, and leave it well."""
    upstream = Upstream(os.environ["SUITE_CONTROL"])
    yield upstream
    upstream.heals()


def pytest_collection_modifyitems(config, items):
    """Leave out what the model behind the gateway is not able to do."""
    left_out = [item for item in items if not set(_abilities(item)) <= ABILITIES]
    items[:] = [item for item in items if set(_abilities(item)) <= ABILITIES]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Count, ability by ability, what ran to its end."""
    report = yield
    if report.when == "call" and report.passed:
        ran.update(_abilities(item))
    return report


def pytest_sessionfinish():
    """Tell how many tests passed of each ability."""
    Path(os.environ["SUITE_REPORT"]).write_text(json.dumps(ran), "utf-8")


def _abilities(item):
    return [mark.args[0] for mark in item.iter_markers("ability")] or ["chat"]
