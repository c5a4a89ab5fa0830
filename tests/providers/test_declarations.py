"""What every built-in provider declares: complete, in both languages, and known to its wire."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.providers.reading import (
    EACH,
    PROVIDERS,
    TABLES,
    custom,
    languages_in,
    nulls_in,
    plugin,
    rule,
    texts,
    wire_of,
)

from modelbay.entities import ModelType
from modelbay.wires.family import family

KIT_OPTIONS = {  # read by the kit, not by a dialect
    *("stream", "check_by_streaming", "check_tokens", "only_stream", "only_stream_with_thinking"),
    *("thinking_default", "family", "address", "inline", "state_of", "detail"),
    "when",  # of a template: whether the section counts
}


# the plugins as packages


@EACH
def test_a_built_in_plugin_reads_without_a_warning(name: str) -> None:
    """Ours are the examples that plugin authors copy."""
    assert [str(warning) for warning in plugin(name).warnings] == []
    assert plugin(name).manifest.name == plugin(name).provider.provider == name


@EACH
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


@EACH
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


@EACH
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


@EACH
def test_environment_variables_fill_fields_of_the_forms(name: str) -> None:
    """A credential found in the environment must be one that the provider knows."""
    provider = plugin(name).provider
    forms = (provider.provider_credential_schema, provider.model_credential_schema)
    fields = {field.variable for form in forms if form for field in form.credential_form_schemas}
    environment = provider.unknown_fields.get("environment", {})
    names = [
        each for value in environment.values() for each in ([value] if isinstance(value, str) else value)
    ]

    assert set(environment) <= fields
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]+", each) for each in names)
    assert len(names) == len(set(names))


# the models


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


@EACH
def test_every_language_model_has_a_context_size_and_a_limit_for_its_answer(name: str) -> None:
    """Prompt building and forms need both."""
    lacking = [
        each.model
        for each in plugin(name).models
        if each.model_type is ModelType.LLM
        and not (
            each.property_of("context_size")
            and each.property_of("mode") in ("chat", "completion")
            and (limit := rule(each, "max_tokens"))
            and limit.max
            and 0 < int(limit.default or 0) <= limit.max
        )
    ]

    assert lacking == []


@EACH
def test_every_price_says_where_it_is_from_and_when_it_was_read(name: str) -> None:
    """The page of the provider tells both, and a bill can be checked."""
    prices = [each.pricing for each in plugin(name).models if each.pricing]

    assert [price for price in prices if not price.source or not price.as_of] == []
    assert {price.currency for price in prices} <= {"USD", "CNY"}


# the wires


def used_options(name: str) -> Iterator[tuple[str, str]]:
    """Yield the wire options that a provider uses, each with the family that has to know it."""
    wire, plug = wire_of(name), plugin(name)
    by_type: dict[ModelType, set[str]] = {kind: set() for kind in plug.provider.supported_model_types}
    for kind, used in by_type.items():
        usual = str(wire.type_options.get(kind, {}).get("family") or wire.families.get(kind, wire.family))
        used.add(usual)
        for option in {*wire.type_options.get(kind, {})} - KIT_OPTIONS:
            yield usual, option
        sections = [each.wire for each in plug.models if each.model_type is kind]
        sections += [template.get("wire", {}) for of, template in wire.custom.items() if of is kind]
        yield from used_in(sections, usual, used)
    families = {name for used in by_type.values() for name in used}
    for option in {*wire.options, *wire.options_from} - KIT_OPTIONS:
        yield "|".join(sorted(families)), option


def used_in(sections: Sequence[Mapping[str, Any]], usual: str, used: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the options of models; `used` gets the families that they name."""
    for section in sections:
        own = re.sub(r"\{\w+\|(\w+)\}", r"\1", str(section.get("family") or usual))
        used.add(own)
        yield from ((own, option) for option in {*section} - KIT_OPTIONS)


@EACH
def test_every_wire_option_is_one_that_its_family_documents(name: str) -> None:
    """An option that no dialect reads is a slip that would show only at the provider."""
    for families, option in set(used_options(name)):
        documentation = "".join(
            importlib.import_module(f"modelbay.wires.{each}").__doc__ or ""
            for each in families.split("|")
            if "{" not in each
        )
        assert re.search(rf"`{option}\b", documentation), f"{families} has no option {option}"


@EACH
def test_the_wire_speaks_every_type_that_the_provider_has(name: str) -> None:
    """A type that neither the wire speaks nor Python serves would fail at its first call."""
    wire, provider = wire_of(name), plugin(name).provider
    in_python = {path.parent.name for path in (PROVIDERS / name).glob("models/*/*.py")}

    for kind in provider.supported_model_types:
        usual = wire.type_options.get(kind, {}).get("family") or wire.families.get(kind, wire.family)
        assert kind.folder in in_python or family(str(usual)).speaks(kind), kind


@EACH
def test_every_type_that_people_can_add_has_a_template(name: str) -> None:
    """Without one a custom model would have no declaration at all."""
    provider = plugin(name).provider
    if provider.model_credential_schema is None:
        pytest.skip("people cannot add models to this provider")
    assert set(wire_of(name).custom) == set(provider.supported_model_types)


@EACH
def test_a_template_makes_a_declaration_even_of_empty_credentials(name: str) -> None:
    """A half-filled form is checked by the form, not by a crash."""
    for model_type in wire_of(name).custom:
        declared = custom(name, model_type, {})
        assert (declared.model, declared.pricing) == ("mine", None)
