"""`models`, `providers`, `tokens` and `check`."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.cli.commands import Here
from tests.upstreams.ollama import OllamaUpstream
from tests.upstreams.openai import OpenAIUpstream

from modelbay.catalog import Catalog, PriceSummary
from modelbay.cli.models import abilities, context, price


def test_models_in_a_pipe_are_lines_of_columns(here: Here) -> None:
    """cut, awk and xargs read them: no heading, no boxes, no colours."""
    done = here("models", "--provider", "sandbox", "--type", "llm")
    rows = [line.split("\t") for line in done.out.splitlines()]

    assert [row[:3] for row in rows] == [
        ["sandbox/sandbox-chat", "llm", "128000"],
        ["sandbox/sandbox-thinker", "llm", "128000"],
    ]
    assert {len(row) for row in rows} == {7}


def test_models_as_json_have_exact_prices(here: Here) -> None:
    """A price in binary floating point is not the price."""
    rows = json.loads(here("models", "--json").out)
    priced = [row for row in rows if row["price"]]

    assert {"provider", "model", "type", "features", "context_size", "deprecated"} <= rows[0].keys()
    assert all(isinstance(row["price"]["input"], str) and "E" not in row["price"]["unit"] for row in priced)


def test_models_can_be_asked_from_the_server_itself(here: Here) -> None:
    """What an Ollama server has nobody can declare."""
    with OllamaUpstream().in_thread() as upstream:
        done = here("models", "--fetch", "--provider", "ollama", OLLAMA_BASE_URL=upstream.url)

    assert "ollama/llama3.2:latest" in done.out
    assert here("models", "--fetch").code == 2


def test_the_declared_models_stand_in_for_a_list_that_cannot_be_had(here: Here) -> None:
    """A provider that is away must not look like one without models; what is shown is said beside it."""
    away = "http://127.0.0.1:1/v1"
    done = here("models", "--fetch", "--provider", "openai", OPENAI_API_KEY="k", OPENAI_BASE_URL=away)

    assert done.code == 0
    assert "openai/gpt-4.1-mini" in done.out
    assert done.err.startswith("note: openai could not be asked (")
    assert "the models that its plugin declares" in done.err


def test_the_matrix_has_a_row_for_every_way_to_call_a_provider(here: Here) -> None:
    """It is what somebody reads who asks what works."""
    rows = [line.split("\t") for line in here("providers", "--matrix").out.splitlines()]
    plain = json.loads(here("providers", "--matrix", "--json").out)

    assert len(rows) == len(plain) > 60
    assert next(row for row in rows if row[0] == "jina")[1:5] == ["", "", "", ""]
    assert all(row[-1].isdigit() for row in rows), "a case fails"
    assert {"openai", "bedrock", "tongyi", "spark"} <= {row["provider"] for row in plain}


@pytest.mark.parametrize(
    ("size", "text"), [(None, ""), (4096, "4096"), (32768, "32.8k"), (128000, "128k"), (1_000_000, "1M")]
)
def test_a_context_size_is_short(size: int | None, text: str) -> None:
    """A column of six-digit numbers is hard to compare."""
    assert context(size) == text


def test_a_price_is_by_a_million_tokens_or_by_its_own_meter() -> None:
    """That is how providers print it, so that people can compare."""
    tokens = PriceSummary(Decimal("0.15"), Decimal("0.60"), Decimal("0.000001"), "USD", "token")
    minutes = PriceSummary(Decimal("0.006"), None, Decimal(1), "USD", "minute")

    assert (price(tokens), price(minutes), price(None)) == ("0.15 / 0.6 USD", "0.006 USD/minute", "")


def test_what_a_model_can_do_is_said_in_short() -> None:
    """Three features that all mean tools would fill the line."""
    chat = next(row for row in Catalog().models("llm", "sandbox"))

    assert abilities(chat) == "tools, json"


def test_providers_say_what_is_ready_and_what_to_set(here: Here) -> None:
    """The next step is in the list: which variable to set."""
    out = here("providers", COHERE_API_KEY="x-secret-value").out
    states = {row[0]: row[4] for row in (line.split("\t") for line in out.splitlines())}

    assert states["sandbox"] == "ready (needs none)"
    assert states["cohere"] == "ready (COHERE_API_KEY)"
    assert states["openai"] == "set OPENAI_API_KEY"
    assert "x-secret-value" not in out


def test_providers_as_json_have_a_switch_for_readiness(here: Here) -> None:
    """A script must not read the words."""
    rows = {row["provider"]: row for row in json.loads(here("providers", "--json").out)}

    assert rows["sandbox"]["ready"] is True
    assert rows["openai"]["ready"] is False
    assert rows["sandbox"]["models"]["llm"] == 2


def test_tokens_say_whether_they_are_exact(here: Here, tmp_path: Path) -> None:
    """An estimate taken for a count breaks a budget."""
    text = tmp_path / "text.txt"
    text.write_text("hello world\n", "utf-8")

    assert here("tokens", stdin=b"hello world").out == "2\texact\to200k_base\n"
    assert here("tokens", text).out == "3\texact\to200k_base\n"
    assert here("tokens", "anthropic/claude-opus-5-5", text).out.split("\t")[1] == "estimate"
    assert json.loads(here("tokens", "openai/gpt-4.1", text, "--json").out) == {
        "tokens": 3,
        "exact": True,
        "method": "o200k_base",
        "model": "openai/gpt-4.1",
    }


def test_tokens_of_a_message_include_its_frame(here: Here) -> None:
    """That is what a call is billed for."""
    done = here("tokens", "openai/gpt-4.1", "--message", stdin=b"hello world")

    assert int(done.out.split("\t")[0]) > 2


def test_text_that_is_not_utf8_is_a_mistake(here: Here) -> None:
    """A count of replaced letters would be wrong."""
    done = here("tokens", stdin=b"\xff\xfe")

    assert (done.code, "not UTF-8" in done.error) == (2, True)


def test_check_says_where_the_credentials_came_from(
    here: Here, openai: OpenAIUpstream, tmp_path: Path
) -> None:
    """Two keys on one machine are the usual reason to check; the value itself is never shown."""
    address = {"OPENAI_BASE_URL": openai.base_url}
    file = tmp_path / "openai.json"
    file.write_text(json.dumps({"openai_api_key": "sk-right-key-123", "openai_api_base": openai.base_url}))

    set_ = here("check", "openai", OPENAI_API_KEY="sk-right-key-123", env=address)
    given = here("check", "openai", "--credentials", file)
    none = here("check", "sandbox")

    assert set_.out == "openai: the credentials work (from OPENAI_API_KEY, OPENAI_BASE_URL)\n"
    assert given.out == f"openai: the credentials work (from {file})\n"
    assert none.out == "sandbox: the credentials work (none are needed)\n"
    assert "sk-right" not in set_.out + given.out


def test_refused_credentials_are_exit_code_3_and_are_not_shown(here: Here, openai: OpenAIUpstream) -> None:
    """The provider's words are kept, the key is not."""
    done = here("check", "openai", OPENAI_API_KEY="sk-wrong-key-999", OPENAI_BASE_URL=openai.base_url)

    assert done.code == 3
    assert "Incorrect API key" in done.error
    assert "sk-wrong" not in done.err


def test_missing_credentials_are_exit_code_3_with_what_to_set(here: Here) -> None:
    """The line ends the search for the right variable."""
    done = here("check", "openai")

    assert done.code == 3
    assert "set OPENAI_API_KEY or give --credentials FILE" in done.error


def test_a_provider_that_cannot_be_reached_is_no_fault_of_the_credentials(here: Here) -> None:
    """Exit code 1: waiting may help, another key will not."""
    with OpenAIUpstream().in_thread() as upstream:
        gone = upstream.base_url

    assert here("check", "openai", OPENAI_API_KEY="sk-any-key-1234", OPENAI_BASE_URL=gone).code == 1
