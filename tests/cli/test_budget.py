"""`modelbay budget`: set, changed, listed with what was spent, deleted."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from tests.cli.commands import Here
from tests.platform.calls import a_call

from modelbay.platform.fold import FOLDER
from modelbay.platform.people.invitations import accept_as_new
from modelbay.platform.records import HEADER, to_line
from modelbay.store import Database
from modelbay.store.journal import Journal, frame


def test_a_budget_is_set_changed_and_listed_with_what_was_spent(here: Here, tmp_path: Path) -> None:
    """What was spent before there was a budget counts; setting it again changes it."""
    at = ("--data-dir", tmp_path)
    first = here("budget", "set", "10", "--period", "total", *at)
    journal = Journal.create(tmp_path / FOLDER, HEADER)
    journal.append(frame(to_line(a_call("one"))))
    journal.close()
    again = here("budget", "set", "12.50", "--period", "total", "--action", "warn", *at)
    [row] = json.loads(here("budget", "list", "--json", *at).out)
    [line] = here("budget", "list", *at).out.splitlines()

    assert (first.code, first.err) == (0, "")
    assert first.out == again.out == row["id"] + "\n"
    assert (row["amount"], row["action"], row["used"], row["left"]) == (
        "12.50",
        "warn",
        "0.0003125",
        "12.4996875",
    )
    assert line.split("\t")[:4] == [row["id"], "workspace", "", "12.50"]


def test_a_budget_of_a_model_is_deleted(here: Here, tmp_path: Path) -> None:
    """By the id that the list shows; what is not there is told in one line."""
    at = ("--data-dir", tmp_path)
    made = here("budget", "set", "5", "--model", "openai/*", *at).out.strip()
    here("budget", "set", "6", "--model", "openai/*", *at)
    unseen = here("budget", "delete", made, "--version", "1", *at)
    done = here("budget", "delete", made, "--version", "2", *at)
    missing = here("budget", "delete", made, *at)

    assert unseen.code == 2
    assert unseen.error.startswith("error: version: the budget has been changed since: it is 2, not 1")
    assert done.out == f"{made} is deleted\n"
    assert (missing.code, missing.error) == (
        2,
        f"error: id: there is no budget '{made}'; see modelbay budget list",
    )
    assert here("budget", "list", *at).out == ""


def test_a_member_is_named_by_e_mail(here: Here, tmp_path: Path) -> None:
    """As modelbay rate and modelbay key take one."""
    link = here("member", "invite", "ann@x.example", "--role", "owner", "--data-dir", tmp_path).out
    with Database.open(tmp_path) as database:
        accept_as_new(database, link.strip().partition("#")[2], name="Ann", password="", now=time.time())
    [ann] = json.loads(here("member", "list", "--json", "--data-dir", tmp_path).out)

    made = here("budget", "set", "5", "--member", "Ann@x.example", "--data-dir", tmp_path)
    same = here("budget", "set", "6", "--member", ann["id"], "--data-dir", tmp_path)

    assert (made.code, made.out) == (0, same.out)
    [row] = json.loads(here("budget", "list", "--json", "--data-dir", tmp_path).out)
    assert (row["scope"], row["target"], row["amount"]) == ("member", ann["id"], "6")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("ten",), "error: amount: 'ten' is no amount; write it as 12.50"),
        (("5", "--currency", "dollars"), "error: currency: 'dollars' is no currency; write three letters"),
        (("5", "--period", "year"), "error: period: 'year' is none of day, week, month, total"),
        (("5", "--key", "key_x"), "error: target: there is no key 'key_x'; see modelbay key list"),
        (("5", "--member", "x@x.example"), "error: member: 'x@x.example' is not a member of this workspace"),
        (("5", "--key", "a", "--model", "b"), "error: a budget is about one of --member, --key and --model"),
        (("5", "--workspace", "nowhere"), "error: workspace: there is no workspace 'nowhere'"),
    ],
)
def test_a_mistake_is_told_by_its_field_and_changes_nothing(
    here: Here, tmp_path: Path, options: tuple[str, ...], error: str
) -> None:
    """One line that says what to write instead."""
    done = here("budget", "set", *options, "--data-dir", tmp_path)

    assert done.code == 2
    assert done.error.startswith(error)
    assert here("budget", "list", "--data-dir", tmp_path).out == ""
