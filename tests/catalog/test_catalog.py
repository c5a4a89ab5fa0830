"""Which plugins there are."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path

import pytest

from modelbay.catalog import Catalog, ModelSummary, WarningKind
from modelbay.entities import AIModelEntity
from modelbay.errors import DeclarationError, InvokeBadRequestError

from .conftest import PROVIDER, Write

TABLE = """
defaults: {model_type: llm}
models:
  - model: big
    label: {en_US: Big, zh_Hans: 大}
    features: [vision]
    model_properties: {mode: chat, context_size: 8192}
    pricing: {input: "3.00", output: "15.00", unit: "0.000001", currency: USD}
    deprecated: true
  - model: ranker
    model_type: rerank
"""


def test_a_list_shows_what_a_person_chooses_a_model_by(write: Write, folder: Path) -> None:
    """All of it comes from the index: a list parses no YAML."""
    write("acme", {"models/llm/models.yaml": TABLE})

    big, ranker = Catalog([folder], builtin=False).models()

    assert (big.provider, big.model, big.type, big.label, big.translations) == (
        "acme",
        "big",
        "llm",
        "Big",
        {"zh_Hans": "大"},
    )
    assert (big.features, big.context_size, big.mode, big.deprecated) == (("vision",), 8192, "chat", True)
    assert big.fetch_from == "predefined-model"
    assert big.price == (Decimal("3.00"), Decimal("15.00"), Decimal("0.000001"), "USD", "token")
    assert (ranker.type, ranker.price, ranker.context_size, ranker.features) == ("rerank", None, None, ())


def test_models_are_chosen_by_type_provider_and_name(write: Write, folder: Path) -> None:
    """A bare model name may belong to several providers."""
    write("acme", {"models/llm/models.yaml": TABLE})
    write("beta", {"models/llm/models.yaml": TABLE})
    catalog = Catalog([folder], builtin=False)

    def ids(models: list[ModelSummary]) -> list[str]:
        return [f"{model.provider}/{model.model}" for model in models]

    assert ids(catalog.models(type="rerank")) == ["acme/ranker", "beta/ranker"]
    assert ids(catalog.models(provider="beta")) == ["beta/big", "beta/ranker"]
    assert ids(catalog.find_model("big")) == ["acme/big", "beta/big"]
    assert ids(catalog.find_model("big", "rerank")) == []
    assert [provider.provider for provider in catalog.providers()] == ["acme", "beta"]
    assert catalog.providers()[0].models == {"llm": 1, "rerank": 1}


def test_a_plugin_folder_itself_may_be_given(write: Write) -> None:
    """Who develops a plugin has one folder, not a folder of folders."""
    plugin = write("acme", {"models/llm/models.yaml": TABLE})

    catalog = Catalog([str(plugin)], builtin=False)

    assert catalog.provider("acme").folder == plugin


def test_the_builtin_providers_come_with_the_package() -> None:
    """They are plugins like any other, found beside the code."""
    catalog = Catalog()

    assert {provider.folder.parent.name for provider in catalog.providers()} <= {"providers"}
    assert catalog.report().broken == {}


def test_of_two_plugins_with_one_provider_the_first_folder_counts(write: Write) -> None:
    """Otherwise an installed plugin could take the place, and the keys, of a built-in one."""
    first = write("acme", {"models/llm/a.yaml": "model: a"})
    second = write(
        "copy", {"provider/copy.yaml": PROVIDER.format(name="acme"), "models/llm/b.yaml": "model: b"}
    )

    catalog = Catalog([first, second], builtin=False)

    assert [model.model for model in catalog.models()] == ["a"]
    assert catalog.provider("acme").folder == first
    assert [(w.kind, w.file) for w in catalog.warnings] == [(WarningKind.REPEATED_PROVIDER, str(second))]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """A mistyped path would otherwise look like a plugin without models."""
    with pytest.raises(DeclarationError, match="absent: there is no such folder"):
        Catalog([tmp_path / "absent"], builtin=False).models()


def test_a_broken_plugin_takes_only_itself_away(write: Write, folder: Path) -> None:
    """The list of the others must still show, and asking for this one says what is wrong."""
    write("acme", {"models/llm/a.yaml": "model: a"})
    broken = write("broken", {"manifest.yaml": "name: ["})
    catalog = Catalog([folder], builtin=False)

    assert [model.model for model in catalog.models()] == ["a"]
    assert list(catalog.report().broken) == [broken]
    with pytest.raises(DeclarationError, match=r"manifest\.yaml, line"):
        catalog.provider("broken")


def test_a_provider_that_does_not_exist_is_the_callers_mistake(write: Write, folder: Path) -> None:
    """A slip in a name is answered with the names that are close."""
    write("acme")

    with pytest.raises(InvokeBadRequestError, match=r"no provider 'acne'\. Did you mean acme\?"):
        Catalog([folder], builtin=False).provider("acne")
    with pytest.raises(InvokeBadRequestError, match=r"no provider 'acne'"):
        Catalog([folder], builtin=False).declared("acne")


def test_what_a_provider_declares_is_told_without_its_models(
    write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks every provider for its form builds no model; a change counts after `refresh`."""
    write("acme", {"models/llm/models.yaml": TABLE})
    catalog = Catalog([folder], builtin=False)
    whole = catalog.provider("acme").provider
    built = _count_models(monkeypatch)

    declared = catalog.declared("acme")
    write("acme", {"provider/acme.yaml": PROVIDER.format(name="acme").replace("Acme", "Apex")})
    kept = catalog.declared("acme")
    catalog.refresh()
    models_built = len(built)

    assert declared == whole.model_copy(update={"models": []})
    assert models_built == 0
    assert kept is declared
    assert catalog.declared("acme").label.en_us == "Apex"


def _count_models(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    built: list[object] = []
    build = AIModelEntity.model_validate

    def counted(value: object) -> AIModelEntity:
        built.append(value)
        return build(value)

    monkeypatch.setattr(AIModelEntity, "model_validate", counted)
    return built


def test_what_was_read_is_kept_until_refresh(write: Write, folder: Path) -> None:
    """A server looks up models on every call: that must not touch the disk."""
    write("acme", {"models/llm/a.yaml": "model: a"})
    catalog = Catalog([folder], builtin=False)
    before = catalog.provider("acme")
    write("acme", {"models/llm/b.yaml": "model: b"})

    kept = [model.model for model in catalog.models()]
    catalog.refresh()

    assert kept == ["a"]
    assert [model.model for model in catalog.models()] == ["a", "b"]
    assert [model.model for model in before.models] == ["a"]
    assert [model.model for model in catalog.provider("acme").models] == ["a", "b"]


def test_threads_that_ask_first_at_once_get_one_answer(write: Write, folder: Path) -> None:
    """A server's first requests arrive together."""
    for name in ("acme", "beta", "gamma"):
        write(name, {"models/llm/models.yaml": TABLE})
    catalog, start = Catalog([folder], builtin=False), threading.Barrier(8)
    plugins: list[object] = []
    models: list[list[ModelSummary]] = []

    def ask() -> None:
        start.wait()
        models.append(catalog.models())
        plugins.append(catalog.provider("beta"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(plugin) for plugin in plugins}) == 1
    assert len(models) == 8
    assert all(len(each) == 6 for each in models)
