"""What the built-in providers declare: complete, in both languages, and true to their sources."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from modelbay.catalog import Plugin, read_plugin
from modelbay.entities import (
    AIModelEntity,
    CredentialFormSchema,
    ModelCredentialSchema,
    ModelType,
    ParameterRule,
    ProviderCredentialSchema,
    WireDeclaration,
)
from modelbay.sdk.wired.custom import custom_schema
from modelbay.sdk.wired.endpoint import endpoint_of, options_of

PROVIDERS = Path(__file__).parents[2] / "src/modelbay/providers"
SHARED = Path(__file__).parents[2] / "../shared"
NAMES = ["openai", "openai_api_compatible", "anthropic", "ollama", "cohere", "jina"]
TABLES = sorted(PROVIDERS.glob("*/models/*/*.yaml"), key=str)
TABLES = [path for path in TABLES if path.relative_to(PROVIDERS).parts[0] in NAMES]
KIT_OPTIONS = {"stream", "check_by_streaming", "check_tokens"}  # read by the kit, not by a dialect
LEVELS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]


@cache
def plugin(name: str) -> Plugin:
    """Read a built-in plugin."""
    return read_plugin(PROVIDERS / name)


def model(provider: str, name: str, model_type: str = "llm") -> AIModelEntity:
    """Return one declared model."""
    return next(
        each for each in plugin(provider).models if each.model == name and each.model_type == model_type
    )


def rule(declared: AIModelEntity, name: str) -> ParameterRule | None:
    """Return a model's rule of that name, if it has one."""
    return next((each for each in declared.parameter_rules if each.name == name), None)


def wire_of(provider: str) -> WireDeclaration:
    """Return a provider's wire."""
    wire = plugin(provider).provider.wire
    assert wire is not None
    return wire


def custom(provider: str, model_type: ModelType, credentials: dict[str, Any]) -> AIModelEntity:
    """Return the declaration of a custom model."""
    return custom_schema("mine", model_type, wire_of(provider).custom[model_type], credentials)


def texts(path: Path) -> dict[str, Any]:
    """Return a YAML file as it stands, before any tolerance."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def languages_in(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every text in several languages with its place."""
    if isinstance(value, dict):
        if "en_US" in value:
            yield place, value
        for key, item in value.items():
            yield from languages_in(item, f"{place}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from languages_in(item, f"{place}[{index}]")


def nulls_in(value: Any, place: str = "") -> Iterator[str]:
    """Yield the places that are empty, as after a comma that should have been quoted."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from nulls_in(item, f"{place}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from nulls_in(item, f"{place}[{index}]")
    elif value is None:
        yield place


# the plugins as packages


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_plugin_reads_without_a_warning(name: str) -> None:
    """Ours are the examples that plugin authors copy."""
    assert [str(warning) for warning in plugin(name).warnings] == []
    assert plugin(name).manifest.name == plugin(name).provider.provider == name


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_is_one_that_any_host_accepts(name: str) -> None:
    """A built-in provider has no private door, so its package must satisfy the format's strictest reader."""
    manifest = texts(PROVIDERS / name / "manifest.yaml")

    assert (manifest["type"], manifest["author"]) == ("plugin", "modelbay")
    assert re.fullmatch(r"\d{1,4}(\.\d{1,4}){2}", manifest["version"])
    assert re.fullmatch(r"\d{1,4}(\.\d{1,4}){2}", manifest["meta"]["version"])
    assert manifest["meta"]["runner"] == {"language": "python", "version": "3.12", "entrypoint": "main"}
    assert manifest["meta"]["arch"] == ["amd64", "arm64"]
    assert manifest["resource"]["memory"] > 0
    assert manifest["plugins"] == {"models": [f"provider/{name}.yaml"]}
    assert (PROVIDERS / name / "_assets" / manifest["icon"]).is_file()
    assert (PROVIDERS / name / "README.md").read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_permits_exactly_the_types_that_the_provider_has(name: str) -> None:
    """Two lists of the same thing drift apart unless something compares them."""
    permitted = texts(PROVIDERS / name / "manifest.yaml")["resource"]["permission"]["model"]

    assert set(permitted) - {"enabled"} == {
        model_type.folder for model_type in plugin(name).provider.supported_model_types
    }


@pytest.mark.parametrize("path", sorted(PROVIDERS.glob("*/_assets/*.svg")), ids=lambda path: path.parts[-3])
def test_an_icon_is_a_small_drawing_that_runs_and_loads_nothing(path: Path) -> None:
    """Icons are shown in the console, where a script or a remote picture in one would be a way in."""
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox")
    assert tags <= {"svg", "g", "path", "rect", "circle", "title"}
    assert path.stat().st_size < 2000


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_in_english_and_simplified_chinese(name: str) -> None:
    """The console speaks both; addresses and file names are the same in all languages."""
    missing = [
        f"{path.name}{place}"
        for path in sorted((PROVIDERS / name).rglob("*.yaml"))
        for place, text in languages_in(texts(path))
        if not text.get("zh_Hans") and not re.search(r"\.(url|icon_\w+)$", place)
    ]

    assert missing == []
    assert [place for path in (PROVIDERS / name).rglob("*.yaml") for place in nulls_in(texts(path))] == []


@pytest.mark.parametrize("name", NAMES)
def test_environment_variables_fill_fields_of_the_forms(name: str) -> None:
    """A credential found in the environment must be one that the provider knows."""
    provider = plugin(name).provider
    forms = (provider.provider_credential_schema, provider.model_credential_schema)
    fields = {field.variable for form in forms if form for field in form.credential_form_schemas}
    environment = provider.unknown_fields["environment"]
    names = [
        each for value in environment.values() for each in ([value] if isinstance(value, str) else value)
    ]

    assert set(environment) <= fields
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", each) for each in names)
    assert len(names) == len(set(names))


# the models


def test_the_counts_of_models_are_as_expected() -> None:
    """A row that is lost in an edit shows here."""
    counts = Counter((name, each.model_type.value) for name in NAMES for each in plugin(name).models)

    assert counts == {
        ("openai", "llm"): 47,
        ("openai", "text-embedding"): 3,
        ("openai", "moderation"): 1,
        ("openai", "speech2text"): 6,
        ("openai", "tts"): 4,
        ("anthropic", "llm"): 19,
        ("cohere", "llm"): 6,
        ("cohere", "text-embedding"): 7,
        ("cohere", "rerank"): 7,
        ("jina", "text-embedding"): 13,
        ("jina", "rerank"): 8,
    }


@pytest.mark.parametrize("path", TABLES, ids=lambda path: "/".join(path.parts[-4:-1]))
def test_no_model_stands_in_a_table_twice(path: Path) -> None:
    """Of two rows for one model, one would be lost without a word."""
    rows = [row if isinstance(row, str) else row["model"] for row in texts(path)["models"]]

    assert [name for name, count in Counter(rows).items() if count > 1] == []


@pytest.mark.parametrize("path", TABLES, ids=lambda path: "/".join(path.parts[-4:-1]))
def test_a_table_says_where_its_prices_are_from_and_when_they_were_read(path: Path) -> None:
    """A price without a date cannot be checked."""
    comment = path.read_text(encoding="utf-8").split("\ndefaults:")[0].split("\nmodels:")[0]

    assert re.search(r"^# (Prices?:|No prices)", comment, re.MULTILINE)
    assert re.search(r"\b2026-\d\d-\d\d\b", comment)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: "/".join(path.parts[-4:-1]))
def test_a_model_is_deprecated_exactly_if_its_last_day_is_noted(path: Path) -> None:
    """`deprecated` alone does not say how long one may rely on the model."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if not line.startswith("#")]

    assert [line for line in rows if ("deprecated: true" in line) != ("# sunset 20" in line)] == []


def test_every_language_model_has_a_context_size_and_a_limit_for_its_answer() -> None:
    """Prompt building and forms need both."""
    lacking = [
        each.model
        for name in NAMES
        for each in plugin(name).models
        if each.model_type is ModelType.LLM
        and not (
            each.property_of("context_size")
            and each.property_of("mode") == "chat"
            and (limit := rule(each, "max_tokens"))
            and limit.max
            and 0 < int(limit.default or 0) <= limit.max
        )
    ]

    assert lacking == []


def test_only_models_whose_price_is_not_known_have_none() -> None:
    """A missing price makes every call's cost unknown: the tables give the reasons."""
    unpriced = {each.model for name in NAMES for each in plugin(name).models if each.pricing is None}
    jina = {each.model for each in plugin("jina").models} - {"jina-reranker-v2-base-multilingual"}

    assert unpriced - jina == {
        "command-a-plus-05-2026",
        "gpt-4o-mini-tts",
        "gpt-4o-mini-tts-2025-12-15",
        "rerank-v4.0-fast",
        "rerank-v4.0-pro",
    }
    assert jina <= unpriced


@pytest.mark.parametrize(
    ("provider", "name", "kind", "context", "price", "cached", "output"),
    [
        ("openai", "gpt-4.1-mini", "llm", 1047576, "0.4", "0.1", "1.6"),
        ("openai", "gpt-4o", "llm", 128000, "2.5", "1.25", "10"),
        ("openai", "gpt-5", "llm", 272000, "1.25", "0.125", "10"),
        ("openai", "gpt-5.6-sol", "llm", 922000, "4", "0.4", "20"),
        ("openai", "gpt-5.5-pro", "llm", 1050000, "30", None, "180"),
        ("openai", "gpt-6.1-terra", "llm", 922000, "1", "0.05", "5"),
        ("openai", "text-embedding-3-small", "text-embedding", 8191, "0.02", None, None),
        ("anthropic", "claude-haiku-4-5", "llm", 200000, "1", "0.1", "5"),
        ("anthropic", "claude-opus-5-5", "llm", 1000000, "4", "0.2", "20"),
        ("cohere", "command-r7b-12-2024", "llm", 128000, "0.0375", None, "0.15"),
        ("cohere", "embed-multilingual-light-v3.0", "text-embedding", 512, "0.1", None, None),
        ("jina", "jina-reranker-v2-base-multilingual", "rerank", 1024, "0.05", None, None),
    ],
)
def test_a_price_per_million_tokens_is_that_of_the_source(
    provider: str, name: str, kind: str, context: int, price: str, cached: str | None, output: str | None
) -> None:
    """Read again from the price lists by hand, so that a slip in the table shows."""
    declared = model(provider, name, kind)

    assert declared.property_of("context_size") == context
    assert declared.pricing is not None
    assert (declared.pricing.unit, declared.pricing.currency) == (Decimal("0.000001"), "USD")
    assert declared.pricing.input == Decimal(price)
    assert declared.pricing.cached == (Decimal(cached) if cached else None)
    assert declared.pricing.output == (Decimal(output) if output else None)


@pytest.mark.parametrize(
    ("provider", "name", "kind", "meter", "price", "unit"),
    [
        ("openai", "whisper-1", "speech2text", "minute", "0.006", "1"),
        ("openai", "gpt-transcribe", "speech2text", "minute", "0.0045", "1"),
        ("openai", "tts-1-hd", "tts", "character", "30", "0.000001"),
        ("cohere", "rerank-v3.5", "rerank", "search", "2", "0.001"),
        ("cohere", "rerank-v5.0-fast", "rerank", "token", "0.02", "0.000001"),
    ],
)
def test_what_is_not_sold_by_the_token_says_so(
    provider: str, name: str, kind: str, meter: str, price: str, unit: str
) -> None:
    """A minute billed as a token would be off by orders of magnitude."""
    pricing = model(provider, name, kind).pricing

    assert pricing is not None
    assert (pricing.meter.value, pricing.input, pricing.unit) == (meter, Decimal(price), Decimal(unit))


def test_long_prompts_have_their_own_prices() -> None:
    """Above 272,000 tokens OpenAI bills twice the input and one and a half times the output."""
    pricing = model("openai", "gpt-5.4").pricing

    assert pricing is not None
    (tier,) = pricing.tiers
    assert (tier.above, tier.input, tier.cached, tier.output) == (
        272000,
        Decimal(5),
        Decimal("0.5"),
        Decimal("22.5"),
    )


def test_writing_to_the_cache_of_claude_costs_a_quarter_more_than_reading_the_prompt() -> None:
    """The price is that of the five-minute cache, the one that `prompt_caching` asks for."""
    prices = [each.pricing for each in plugin("anthropic").models]

    assert all(price and price.cache_write == price.input * Decimal("1.25") for price in prices)


def test_speech_models_declare_voices_and_limits() -> None:
    """A voice that is not declared is refused, and a longer text is cut at sentence ends."""
    for each in plugin("openai").models:
        if each.model_type is ModelType.TTS:
            voices = [voice["mode"] for voice in each.property_of("voices")]
            assert each.property_of("default_voice") in voices
            assert len(voices) == (9 if each.model.startswith("tts-1") else 13)
            assert (each.property_of("word_limit"), each.property_of("audio_type")) == (4096, "mp3")


def test_embeddings_declare_the_limits_of_a_request() -> None:
    """OpenAI refuses more than 2048 texts or 300,000 tokens in one request."""
    properties = model("openai", "text-embedding-3-large", "text-embedding").model_properties

    assert properties == {"context_size": 8191, "max_chunks": 2048, "max_tokens_per_request": 300000}


# the tables against the sheets they were made from


def sheet_rows(name: str) -> list[list[str]]:
    """Return the rows of a sheet's table of language models, as cells."""
    path = SHARED / f"providers/{name}.md"
    if not path.is_file():
        pytest.skip("the provider sheets are not beside this checkout")
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(place for place, line in enumerate(lines) if "max output tok" in line)
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def sheet_features(cells: list[str], known: dict[str, str]) -> set[str]:
    """Return a row's features under our names."""
    said = re.split(r"[,; ]+", cells[3])
    return {known[word] for word in said if word in known}


def sheet_levels(cells: list[str]) -> list[str]:
    """Return a row's levels of effort: those beyond low, medium and high are listed."""
    found = re.search(r"effort\+([\w/]+)", cells[3])
    more = found[1].split("/") if found else []
    return [level for level in LEVELS if level in ("low", "medium", "high", *more)]


FEATURES = {
    "vision": "vision",
    "tool": "tool-call",
    "schema": "structured-output",
    "reason": "agent-thought",
    "pdf": "document",
}


@pytest.mark.parametrize("name", ["openai", "anthropic", "cohere"])
def test_a_table_has_every_model_of_its_sheet_with_the_sheets_limits_prices_and_features(name: str) -> None:
    """The sheets were checked against the providers' own documents."""
    for cells in sheet_rows(name):
        declared = model(name, cells[0].split(" ")[0])
        limit = rule(declared, "max_tokens")
        assert declared.property_of("context_size") == int(cells[1]), cells
        assert limit and limit.max == int(cells[2]), cells
        assert {str(each) for each in declared.features or []} & set(FEATURES.values()) == sheet_features(
            cells, FEATURES
        ), cells
        assert declared.deprecated == (cells[7] != "–"), cells
        if declared.pricing is None:
            assert cells[4] == "0", cells  # a trial price: not known what it costs
            continue
        assert (declared.pricing.input, declared.pricing.output) == (Decimal(cells[4]), Decimal(cells[6]))
        assert declared.pricing.cached == (None if cells[5] == "–" else Decimal(cells[5])), cells


def test_openai_models_take_the_sheets_levels_of_effort() -> None:
    """A level that a model does not know is an error at the provider."""
    for cells in sheet_rows("openai"):
        name, _, only = cells[0].partition(" ")
        declared = model("openai", name)
        effort = rule(declared, "reasoning_effort")
        if "reason" not in cells[3]:
            assert effort is None, cells
        elif name != "chat-latest":  # its one level is in the price list only
            assert effort and effort.options == sheet_levels(cells), cells
        assert ("ptool" in cells[3]) == ("multi-tool-call" in (declared.features or [])), cells
        assert (declared.wire.get("only_api") == "responses") == (
            only == "(responses)" or name == "gpt-5-pro"
        )


def test_claude_models_think_sample_and_choose_tools_as_the_sheet_says() -> None:
    """Each of these is a refusal at the provider if it is wrong."""
    for cells in sheet_rows("anthropic"):
        flags = re.split(r"[,; ]+", cells[3])
        declared = model("anthropic", cells[0])
        effort, choice = rule(declared, "reasoning_effort"), rule(declared, "tool_choice")
        style = "always" if "think-always" in flags else "adaptive" if "adaptive" in flags else "budget"
        assert declared.wire["thinking"] == style, cells
        assert declared.wire["sampling"] == ("no-sampling" not in flags), cells
        assert (rule(declared, "temperature") is None) == ("no-sampling" in flags), cells
        assert (rule(declared, "thinking") is None) == (style == "always"), cells
        assert (rule(declared, "thinking_budget") is None) == (style != "budget"), cells
        assert effort and effort.options == sheet_levels(cells), cells
        assert choice and choice.options == (["auto", "none"] if "no-forced-tool" in flags else []), cells


# the forms against those that saved credentials were made with


def namesake(name: str) -> dict[str, Any]:
    """Return the provider file of the same name in the corpus."""
    path = SHARED / f"corpus/dify-official-plugins/{name}/provider/{name}.yaml"
    if not path.is_file():
        pytest.skip("the corpus is not beside this checkout")
    return texts(path)


def fact(field: CredentialFormSchema) -> tuple[Any, ...]:
    """Return what saved credentials depend on: all of a field but its words."""
    return (
        field.variable,
        field.type.value,
        field.default,
        [option.value for option in field.options or []],
        [(condition.variable, condition.value) for condition in field.show_on],
    )


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("openai", "provider_credential_schema"),
        ("openai", "model_credential_schema"),
        ("openai_api_compatible", "model_credential_schema"),
        ("anthropic", "provider_credential_schema"),
        ("anthropic", "model_credential_schema"),
        ("ollama", "model_credential_schema"),
    ],
)
def test_a_form_has_the_fields_that_saved_credentials_have(name: str, form: str) -> None:
    """Credentials saved for the plugin of the same name must fit without a change."""
    theirs = namesake(name)[form]
    ours: ProviderCredentialSchema | ModelCredentialSchema = getattr(plugin(name).provider, form)
    expected = ModelCredentialSchema.model_validate({**theirs, "model": None})
    required = {
        (field["variable"], str(field.get("show_on"))): field["required"]
        for field in theirs["credential_form_schemas"]
        if "required" in field
    }

    assert list(map(fact, ours.credential_form_schemas)) == list(map(fact, expected.credential_form_schemas))
    for field, row in zip(ours.credential_form_schemas, theirs["credential_form_schemas"], strict=True):
        assert field.required == required.get((field.variable, str(row.get("show_on"))), False)


@pytest.mark.parametrize(
    ("name", "scope", "expected"),
    [
        ("cohere", "provider", {"api_key": "secret-input", "base_url": "text-input"}),
        ("cohere", "model", {"mode": "select", "api_key": "secret-input", "base_url": "text-input"}),
        ("jina", "provider", {"api_key": "secret-input"}),
        (
            "jina",
            "model",
            {"api_key": "secret-input", "base_url": "text-input", "context_size": "text-input"},
        ),
    ],
)
def test_a_form_without_a_namesake_in_the_corpus_has_the_fields_of_its_sheet(
    name: str, scope: str, expected: dict[str, str]
) -> None:
    """The same, for plugins of which only the facts are at hand."""
    form = getattr(plugin(name).provider, f"{scope}_credential_schema")

    assert {field.variable: field.type.value for field in form.credential_form_schemas} == expected


def test_methods_and_types_are_those_of_the_namesakes_and_more() -> None:
    """Every way to set a model up is there at least once among the built-in providers."""
    methods = {name: [str(method) for method in plugin(name).provider.configurate_methods] for name in NAMES}

    assert methods["openai_api_compatible"] == ["customizable-model"]
    assert methods["ollama"] == ["customizable-model", "fetch-from-remote"]
    assert all(
        methods[name] == ["predefined-model", "customizable-model"]
        for name in NAMES
        if name not in ("openai_api_compatible", "ollama")
    )


# the wires


def options_in(name: str) -> set[tuple[str, str]]:
    """Return the wire options that a provider uses, with the family that has to know them."""
    wire = wire_of(name)
    used = {*wire.options, *wire.options_from}
    for declared in plugin(name).models:
        used |= set(declared.wire)
    for template in wire.custom.values():
        used |= set(template.get("wire", {}))
    return {(wire.family, option) for option in used - KIT_OPTIONS}


@pytest.mark.parametrize("name", NAMES)
def test_every_wire_option_is_one_that_its_family_documents(name: str) -> None:
    """An option that no dialect reads is a slip that would show only at the provider."""
    for family, option in options_in(name):
        documentation = importlib.import_module(f"modelbay.wires.{family}").__doc__ or ""
        assert re.search(rf"`{option}\b", documentation), f"{family} has no option {option}"


@pytest.mark.parametrize("name", NAMES)
def test_the_family_speaks_every_type_that_the_provider_has(name: str) -> None:
    """A provider without Python is only what its wire can say."""
    family = importlib.import_module(f"modelbay.wires.{wire_of(name).family}").FAMILY

    assert all(family.speaks(model_type) for model_type in plugin(name).provider.supported_model_types)


@pytest.mark.parametrize("name", NAMES)
def test_every_type_that_people_can_add_has_a_template(name: str) -> None:
    """Without one a custom model would have no declaration at all."""
    assert set(wire_of(name).custom) == set(plugin(name).provider.supported_model_types)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_makes_a_declaration_even_of_empty_credentials(name: str) -> None:
    """A half-filled form is checked by the form, not by a crash."""
    for model_type in wire_of(name).custom:
        declared = custom(name, model_type, {})
        assert (declared.model, declared.pricing) == ("mine", None)


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ({}, "https://api.openai.com/v1/models"),
        ({"openai_api_base": "https://eu.api.openai.com"}, "https://eu.api.openai.com/v1/models"),
        ({"openai_api_base": "http://localhost:9/v1/"}, "http://localhost:9/v1/models"),
    ],
)
def test_openai_is_called_below_its_version(given: dict[str, str], called: str) -> None:
    """Saved addresses come with and without it."""
    endpoint = endpoint_of(wire_of("openai"), {"openai_api_key": "k", "openai_organization": "o", **given})

    assert endpoint.url("models") == called
    assert endpoint.headers == {"Authorization": "Bearer k", "OpenAI-Organization": "o"}


@pytest.mark.parametrize(
    ("name", "protocol", "api"),
    [
        ("gpt-4.1", None, "chat"),
        ("gpt-4.1", "responses", "responses"),
        ("gpt-5.6", None, "responses"),
        ("gpt-5.6", "chat", "chat"),
        ("gpt-5.5-pro", "chat", "responses"),
        ("gpt-audio-1.5", "responses", "chat"),
    ],
)
def test_the_protocol_is_the_credentials_unless_the_model_has_only_one(
    name: str, protocol: str | None, api: str
) -> None:
    """Without a choice, models are called by the API on which all they can do works."""
    credentials = {"api_protocol": protocol} if protocol else {}
    options = options_of(wire_of("openai"), model("openai", name).wire, credentials)

    assert (options.get("only_api") or options.get("api", "chat")) == api


def test_claude_is_called_with_the_version_that_its_api_demands() -> None:
    """The check of credentials is no dialect's request, so the header has to be in the declaration."""
    wire = wire_of("anthropic")
    endpoint = endpoint_of(wire, {"anthropic_api_key": "k", "anthropic_api_url": "https://proxy.example/v1/"})

    assert endpoint.url(wire.check.split()[1]) == "https://proxy.example/v1/models?limit=1"
    assert endpoint.headers == {"x-api-key": "k", "anthropic-version": "2023-06-01"}


# custom models


SWITCHES = {
    "endpoint_url": "http://localhost:8000/v1",
    "mode": "chat",
    "context_size": "32768",
    "max_tokens_to_sample": "8192",
    "function_calling_type": "tool_call",
    "stream_function_calling": "supported",
    "vision_support": "support",
    "structured_output_support": "supported",
    "agent_thought_support": "supported",
    "compatibility_mode": "extended",
}


def test_the_switches_of_a_compatible_server_become_features_and_rules() -> None:
    """Nothing is guessed: what the form does not say, the model cannot do."""
    full = custom("openai_api_compatible", ModelType.LLM, SWITCHES)
    bare = custom("openai_api_compatible", ModelType.LLM, {"mode": "completion", "context_size": "2048"})

    assert {str(feature) for feature in full.features or []} == {
        *("tool-call", "multi-tool-call", "stream-tool-call", "vision", "structured-output", "agent-thought")
    }
    assert full.model_properties == {"mode": "chat", "context_size": 32768}
    limit = rule(full, "max_tokens")
    assert limit
    assert limit.max == 8192
    assert {"thinking", "reasoning_effort", "json_schema"} <= {each.name for each in full.parameter_rules}
    assert (bare.features, bare.model_properties) == ([], {"mode": "completion", "context_size": 2048})
    assert not {"thinking", "reasoning_effort", "json_schema"} & {each.name for each in bare.parameter_rules}


@pytest.mark.parametrize(
    ("thought", "mode", "forced"),
    [
        ("only_thinking_supported", "extended", True),
        ("not_supported", "extended", False),
        ("supported", "extended", None),
        ("not_supported", "strict", None),
    ],
)
def test_a_model_that_thinks_always_or_never_is_told_so_only_in_extended_mode(
    thought: str, mode: str, forced: bool | None
) -> None:
    """A strict server refuses the switch; a hybrid model thinks unless it is told not to."""
    declared = custom(
        "openai_api_compatible",
        ModelType.LLM,
        {**SWITCHES, "agent_thought_support": thought, "compatibility_mode": mode},
    )
    switch = rule(declared, "thinking")

    assert (switch.default if switch and switch.required else None) == forced
    assert (switch is None) == (mode == "strict")


def test_the_switches_of_a_compatible_server_become_wire_options() -> None:
    """Each names a field that some servers refuse and others need."""
    credentials = {
        **SWITCHES,
        "token_param_name": "max_completion_tokens",
        "stream_include_usage": "disabled",
        "user_identity_support": "no_support",
        "stream_mode_auth": "use",
        "web_search_support": "tool_simple",
    }
    options = options_of(wire_of("openai_api_compatible"), {}, credentials)

    assert options["tool_style"] == "tool"
    assert options["max_tokens_field"] == "max_completion_tokens"
    assert options["stream_usage"] is False
    assert options["user_field"] == "none"
    assert options["check_by_streaming"] is True
    assert options["extra_tools"] == [{"type": "web_search"}]
    assert options["encoding_format"] == "none"
    assert options["thinking"]["disabled"]["enable_thinking"] is False


def test_prices_of_older_set_ups_are_kept_and_half_a_price_is_none() -> None:
    """Older forms asked for four amounts; a price without its unit would bill nonsense."""
    old = {"input_price": "0.002", "output_price": "4", "unit": "0.001", "currency": "USD"}

    priced = custom("openai_api_compatible", ModelType.LLM, {**SWITCHES, **old}).pricing
    half = custom("openai_api_compatible", ModelType.LLM, {**SWITCHES, "input_price": "0.002"}).pricing

    assert priced is not None
    assert (priced.input, priced.output, priced.unit) == (Decimal("0.002"), Decimal(4), Decimal("0.001"))
    assert half is None


def test_voices_between_commas_become_voices_of_which_the_first_is_the_default() -> None:
    """The form has one field for all of them."""
    declared = custom("openai_api_compatible", ModelType.TTS, {"voices": "nova, alloy"})

    assert [voice["mode"] for voice in declared.property_of("voices")] == ["nova", "alloy"]
    assert declared.property_of("default_voice") == "nova"


def test_the_language_of_recordings_goes_into_the_request() -> None:
    """Compatible servers recognise far better when told what is spoken."""
    declared = custom("openai_api_compatible", ModelType.SPEECH2TEXT, {"language": "ja"})

    assert declared.wire == {"extra_body": {"language": "ja"}}


def test_a_model_of_ollama_is_served_with_the_context_that_its_form_says() -> None:
    """Left to itself the server keeps a few thousand tokens and cuts the rest without a word."""
    credentials = {"mode": "chat", "context_size": "16384", "max_tokens": "2048", "vision_support": "true"}
    declared = custom("ollama", ModelType.LLM, credentials)
    limit = rule(declared, "max_tokens")

    assert declared.wire == {"num_ctx": 16384}
    assert limit
    assert limit.max == 2048
    assert [str(feature) for feature in declared.features or []] == ["vision", "structured-output"]
    assert declared.pricing is None
