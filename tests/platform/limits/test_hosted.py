"""The file of hosted providers: what it lends, to which plugins, and what is told of its mistakes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from tests.runtime.plugins import write_plugin

from modelbay.catalog import Catalog
from modelbay.platform.limits import hosted
from modelbay.platform.limits.hosted import FILE, Hosted, HostedError, Kind, Unit
from modelbay.platform.limits.lending import read_hosted
from modelbay.platform.limits.periods import Period

SECRET = "sk-test-4711-secret"
DEFAULT = "MODELBAY_HOSTED_OPENAI_API_KEY"
GOOD = """
openai:
  credentials:
    openai_api_key: {env: OUR_KEY}
    openai_api_base: https://gateway.example/v1
  quotas:
    - {kind: trial, unit: credits, limit: 0.1, models: [gpt-4*], credits: {gpt-4.1: 20, "gpt-4*": 0.5}}
    - {kind: paid, unit: tokens, limit: -1, period: month}
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OUR_KEY", SECRET)
    monkeypatch.setenv("MODELBAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv(DEFAULT, raising=False)


def given(data_dir: Path, text: str) -> Path:
    (data_dir / FILE).write_text(text)
    return data_dir


class NoGrants:
    """A workspace that was granted nothing."""

    grants: Mapping[tuple[str, str], Decimal] = {}


def test_a_file_is_read_to_the_last_digit(tmp_path: Path) -> None:
    """A tenth is a tenth; of several patterns the first that fits says what a model is worth."""
    [openai] = read_hosted(given(tmp_path, GOOD), Catalog()).providers()
    trial, paid = openai.quotas[Kind.TRIAL], openai.quotas[Kind.PAID]

    assert openai.credentials.reveal() == {
        "openai_api_key": SECRET,
        "openai_api_base": "https://gateway.example/v1",
    }
    assert (trial.unit, trial.limit, trial.period) == (Unit.CREDITS, Decimal("0.1"), Period.TOTAL)
    worth = [trial.credits_of(name) for name in ("gpt-4.1", "gpt-4o", "gpt-5")]
    assert worth == [Decimal(20), Decimal("0.5"), Decimal(1)]
    assert (paid.unit, paid.limit, paid.period) == (Unit.TOKENS, Decimal(-1), Period.MONTH)
    assert SECRET not in repr(openai)


def test_a_secret_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    """As orchestrators give it; its name counts from where hosted.yaml is, and ends with no line."""
    (tmp_path / "key").write_text(f"{SECRET}\n")
    for name in ("key", tmp_path / "key"):
        text = GOOD.replace("{env: OUR_KEY}", f"{{file: {name}}}")
        [openai] = read_hosted(given(tmp_path, text), Catalog()).providers()
        assert openai.credentials.reveal()["openai_api_key"] == SECRET


def test_without_a_file_and_the_variable_nothing_is_lent(tmp_path: Path) -> None:
    """An installation gives nothing away that nobody has thought of."""
    assert not read_hosted(tmp_path, Catalog())
    assert not read_hosted(given(tmp_path, ""), Catalog())


def test_the_variable_alone_lends_200_calls_of_openais_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The least that a team needs to try everything."""
    monkeypatch.setenv(DEFAULT, SECRET)
    hosted, catalog = read_hosted(tmp_path, Catalog()), Catalog()
    [openai] = hosted.providers()
    [(kind, terms)] = openai.quotas.items()

    assert (openai.name, kind, terms.unit) == ("openai", Kind.TRIAL, Unit.TIMES)
    assert terms.limit == 200
    [using] = hosted.offers("openai", "gpt-4.1-mini", NoGrants())
    assert (using.id, using.name, using.hosted) == ("hosted:trial", "hosted", "trial")
    assert not hosted.offers("openai", "o3-pro", NoGrants())
    declared = {model.model for model in catalog.models("llm", "openai")}
    assert {name for name in terms.models if "*" not in name} <= declared


def test_an_own_file_takes_the_place_of_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who writes one says all."""
    monkeypatch.setenv(DEFAULT, SECRET)
    assert not read_hosted(given(tmp_path, "{}"), Catalog())


KEY = "openai.credentials.openai_api_key"
QUOTA = "quotas: [{kind: trial, unit: times, limit: 5}]"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("openai: [", "while parsing"),
        ("- openai", "this is not a mapping of providers"),
        ("openai:", "openai: Input should be"),
        ("openai: {credentials: {}}", "openai.quotas: Field required"),
        ("openai: {credentials: {}, quotas: []}", "openai.quotas: List should have at least 1"),
        (f"openai: {{{QUOTA}}}", "openai.credentials: Field required"),
        (f"openai: {{credentials: {{}}, {QUOTA}, x: 1}}", "openai.x: Extra inputs"),
        (GOOD.replace("trial", "gold"), "openai.quotas.0.kind: Input should be"),
        (GOOD.replace("credits, limit", "money, limit"), "openai.quotas.0.unit: Input should be"),
        (GOOD.replace("0.1", "-2"), "openai.quotas.0.limit: Value error, a number from 0 on"),
        (GOOD.replace("0.1", "-0.5"), "openai.quotas.0.limit: Value error, a number from 0 on"),
        (GOOD.replace("0.1", ".nan"), "openai.quotas.0.limit: "),
        (GOOD.replace("0.1", ".inf"), "openai.quotas.0.limit: "),
        (GOOD.replace("0.1", "many"), "openai.quotas.0.limit: "),
        (GOOD.replace("0.1", "yes"), "openai.quotas.0.limit: "),
        (GOOD.replace("20,", "-20,"), "openai.quotas.0.credits.gpt-4.1: "),
        (GOOD.replace("period: month", "period: year"), "openai.quotas.1.period: Input should be"),
        (GOOD.replace("paid", "trial"), "openai.quotas: each kind can be there once"),
        (
            GOOD.replace("OUR_KEY", "NO_SUCH"),
            f"{KEY}: the environment has no such",
        ),
        (GOOD.replace("env: OUR_KEY", ""), f"{KEY}: write either"),
        (
            GOOD.replace("env: OUR_KEY", "env: OUR_KEY, file: x"),
            f"{KEY}: write either",
        ),
        (
            GOOD.replace("env: OUR_KEY", "file: nowhere"),
            f"{KEY}: nowhere: No such file",
        ),
        (
            GOOD.replace("env: OUR_KEY", "file: empty"),
            f"{KEY}: empty: it is empty",
        ),
        (
            GOOD.replace("env: OUR_KEY", "file: bytes"),
            f"{KEY}: bytes: it is no text",
        ),
        (
            GOOD.replace("{env: OUR_KEY}", SECRET),
            f"{KEY}: a secret is not written here",
        ),
        (
            GOOD.replace("{env: OUR_KEY}", "4711"),
            f"{KEY}: a secret is not written here",
        ),
        (GOOD.replace("openai:", "nobody:"), "nobody: "),
    ],
)
def test_each_mistake_is_told_with_file_and_field(tmp_path: Path, text: str, said: str) -> None:
    """And without the value, which may be a secret."""
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(HostedError) as caught:
        read_hosted(given(tmp_path, text), Catalog())

    assert f"{FILE}: {said}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "4711" not in str(caught.value)


def test_a_mistaken_reference_is_told_as_one(tmp_path: Path) -> None:
    """Not as a text that is missing."""
    with pytest.raises(HostedError, match=f"{KEY}.environment: Extra inputs"):
        read_hosted(given(tmp_path, GOOD.replace("env: OUR_KEY", "environment: OUR_KEY")), Catalog())


def test_a_plugin_that_is_not_built_in_never_gets_the_installations_credentials(tmp_path: Path) -> None:
    """It could send them anywhere."""
    write_plugin(tmp_path / "plugins")
    text = GOOD.replace("openai:", "acme:", 1)
    with pytest.raises(HostedError, match=r"acme: the plugin is neither built in nor verified"):
        read_hosted(given(tmp_path, text), Catalog(folders=[tmp_path / "plugins"]))


def test_a_hosted_set_without_anything_lends_nothing() -> None:
    """What nobody offers cannot be borrowed."""
    assert not Hosted().offers("openai", "gpt-4.1-mini", NoGrants())
    assert Hosted().terms("openai", "trial") is None


def test_the_default_file_refers_to_one_variable_and_is_read_where_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not even read without it: another variable in the file would then lend nothing."""
    text = Path(hosted.__file__).with_name("hosted.yaml").read_text("utf-8")
    monkeypatch.delenv(DEFAULT, raising=False)

    assert re.findall(r"env: (\w+)", text) == [DEFAULT]
    assert not Hosted.read(tmp_path)
    monkeypatch.setenv(DEFAULT, "sk-lent")
    assert [each.name for each in Hosted.read(tmp_path).providers()] == ["openai"]
