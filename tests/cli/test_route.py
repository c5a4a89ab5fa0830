"""`modelbay route` and `modelbay explain`: names for several models, and why a call went as it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.commands import Done, Here
from tests.platform.calls import a_call

from modelbay.platform.records import HEADER, to_line, to_rows
from modelbay.store import Database, calls

FAST, LARGE = "openai/gpt-4.1-mini", "anthropic/claude-sonnet-4-5"


class Route:
    """The command over one data directory."""

    def __init__(self, here: Here, folder: Path) -> None:
        self._here = here
        self.folder = folder

    def __call__(self, *arguments: str, **environment: str) -> Done:
        """Run one of its commands."""
        return self._here("route", *arguments, "--data-dir", str(self.folder), env=environment)

    def explain(self, *arguments: str) -> Done:
        """Explain a call."""
        return self._here("explain", *arguments, "--data-dir", str(self.folder))


@pytest.fixture
def route(here: Here, tmp_path: Path) -> Route:
    return Route(here, tmp_path)


def test_a_route_is_made_and_listed(route: Route) -> None:
    """modelbay route create fast --model A --model B,timeout=10"""
    done = route("create", "fast", "-m", FAST, "-m", f"{LARGE},timeout=10", "--strategy", "fastest")

    assert (done.code, done.out, done.err) == (0, "fast\n", "")
    assert route("list").out == f"fast\tllm\tfastest\t{FAST} {LARGE},timeout=10\n"


def test_all_of_it_is_said_as_json(route: Route) -> None:
    """What is made, listed, shown and edited has one shape."""
    made = json.loads(route("create", "best", "-m", FAST, "--json").out)
    edited = json.loads(route("edit", "best", "-m", f"{LARGE},weight=2", "--version", "1", "--json").out)
    [listed] = json.loads(route("list", "--json").out)
    shown = json.loads(route("show", "best", "--json").out)
    gone = json.loads(route("delete", "best", "--json").out)

    assert made["models"] == [
        {
            "model": FAST,
            "weight": 1,
            "timeout": None,
            "on": ["rate-limit", "authorization", "connection", "unavailable"],
        }
    ]
    assert (edited["version"], edited["models"][0]["model"], edited["models"][0]["weight"]) == (2, LARGE, 2)
    assert listed == edited
    assert shown["models"][0]["status"] == "no-configure"
    assert gone == {"name": "best", "deleted": True}
    assert route("list").out == ""


def test_models_stand_behind_the_name_as_well(route: Route) -> None:
    """modelbay route create fast A B,timeout=10: that is what somebody types who has read no help."""
    made = route("create", "fast", FAST, f"{LARGE},timeout=10", "--strategy", "weighted")
    edited = route("edit", "fast", LARGE, FAST)

    assert (made.code, made.out, edited.out) == (0, "fast\n", "fast is changed\n")
    assert route("list").out == f"fast\tllm\tweighted\t{LARGE} {FAST}\n"


def test_a_route_shows_which_of_its_models_can_be_called(route: Route) -> None:
    """A route is only as good as the credentials behind it."""
    route("create", "best", "-m", FAST, "-m", LARGE)

    rows = [line.split("\t") for line in route("show", "best", OPENAI_API_KEY="sk-1").out.splitlines()]

    assert [row[:2] for row in rows] == [[FAST, "active"], [LARGE, "no-configure"]]
    assert "anthropic" in rows[1][2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("create", "x", "-m", "gpt-4.1-mini"), "models: 'gpt-4.1-mini': write provider/model"),
        (("create", "x", "-m", "openai/gpt-4.1-mimi"), "did you mean openai/gpt-4.1-mini?"),
        (("create", "x", "-m", FAST, "-t", "tts"), "is of type llm, not tts"),
        (("create", "x", "-m", FAST, "-t", "words"), "--type: there is no type 'words'"),
        (("create", "x", "-m", FAST, "-s", "best"), "--strategy: there is no 'best'"),
        (("create", "x"), "models: a route has 1 to 20 models"),
        (("edit", "x", "-m", FAST), "name: there is no route 'x'; see modelbay route list"),
        (("edit", "x"), "nothing to change: give models or --strategy"),
        (("create", "x", FAST, "-m", LARGE), "give the models in one way: behind the name, or each with"),
        (("delete", "x"), "name: there is no route 'x'"),
        (("list", "--workspace", "nobody"), "there is no workspace 'nobody'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(route: Route, arguments: tuple[str, ...], told: str) -> None:
    """And nothing is saved."""
    done = route(*arguments)

    assert (done.code, done.out) == (2, "")
    assert told in done.error
    assert route("list").out == ""


def keep(folder: Path, **facts: Any) -> None:
    """Write a call into the ledger."""
    with Database.open(folder) as database:
        calls.insert(database, to_rows(HEADER, [to_line(a_call("c1", **facts))]))


def test_a_call_that_had_no_choice_is_explained(route: Route) -> None:
    """Which is most calls."""
    keep(
        route.folder,
        credential="cred_1",
        credential_name="production",
        prompt_tokens=10,
        completion_tokens=2,
        latency=1.25,
    )

    done = route.explain("c1")

    assert done.out.splitlines() == [
        "c1 at 2023-11-14T22:13:20Z",
        "- Key key_a asked over openai.chat for a model of type llm by the name 'acme/large'.",
        "- The name says provider and model: no model was to be chosen.",
        "- acme/large was called with credentials 'production' (cred_1): the active ones, and the only "
        "choice.",
        "- The client was told HTTP 200 after 1.25 s.",
        "- It used 10 tokens in and 2 out, for 0.0003125 USD.",
    ]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"asked_model": "large"}, "A model of that name was to be had from one provider only: acme/large."),
        ({"asked_model": "default"}, "'default' was acme/large, the default model of this type."),
        ({"asked_model": "best", "route": "best"}, "'best' is a route."),
        ({"provider": "", "model": "", "status": 404}, "The name led to no model: the call was refused"),
        ({"status": 499}, "The client went away before the end after 0 s."),
        ({"tried": '[{"model": "acme/la', "attempts": 3}, "It was tried 3 times; what came of each was too"),
        (
            {
                "tried": '[{"model": "acme/large", "credential": "cred_1", "name": "a", "passed": '
                '"connection", "left": 7.5, "more": 3}]'
            },
            "credentials 'a' (cred_1) was passed over: it cooled down after connection, for 7.5 s more; "
            "3 more keys rested too.",
        ),
        ({"price": None}, "the price is not known"),
        ({"quantity": "2.5", "meter": "minute"}, "It used 2.5 minute, for 0.0003125 USD."),
    ],
)
def test_what_else_a_call_may_have_been(route: Route, facts: dict[str, Any], told: str) -> None:
    """Each is said in a sentence of its own."""
    keep(route.folder, **facts)

    assert told in route.explain("c1").out


def test_a_call_that_nobody_knows(route: Route) -> None:
    """Of another workspace no more than of none: an id that leaks tells nothing."""
    keep(route.folder, workspace="other")

    done = route.explain("c1")

    assert (done.code, done.error) == (2, "error: id: the ledger of workspace 'default' has no call 'c1'")
