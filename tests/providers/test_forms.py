"""The forms against those that saved credentials were made with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.providers.reading import EACH, SHARED, plugin, texts

from modelbay.entities import CredentialFormSchema, ModelCredentialSchema, ProviderCredentialSchema

# the forms against those that saved credentials were made with


def namesake(name: str) -> dict[str, Any]:
    """Return the provider file of the plugin of the same name in the corpus, whatever the file is called."""
    found = list((SHARED / f"corpus/dify-official-plugins/{name}/provider").glob("*.yaml"))
    if not found:
        pytest.skip("the corpus is not here, or has no plugin of this name: its sheet is the only source")
    return texts(found[0])


def fact(field: CredentialFormSchema) -> tuple[Any, ...]:
    """Return what saved credentials depend on: all of a field but its words."""
    return (
        field.variable,
        field.type.value,
        field.default,
        tuple(option.value for option in field.options or []),
        tuple((condition.variable, condition.value) for condition in field.show_on),
    )


@EACH
@pytest.mark.parametrize("scope", ["provider", "model"])
def test_a_form_has_the_fields_that_saved_credentials_have(name: str, scope: str) -> None:
    """Credentials saved for the plugin of the same name must fit without a change; ours may ask for more."""
    theirs = namesake(name).get(f"{scope}_credential_schema") or {"credential_form_schemas": []}
    expected = ModelCredentialSchema.model_validate({**theirs, "model": None}).credential_form_schemas
    if not expected:
        return  # a form that only ours has
    ours = fields_of(name, scope)
    known = {fact(field) for field in expected}

    assert [fact(field) for field in ours if fact(field) in known] == list(map(fact, expected))
    assert [
        field.variable for field in ours if fact(field) not in known and field.required and not field.default
    ] == []
    required = {(row["variable"], str(row.get("show_on"))): row for row in theirs["credential_form_schemas"]}
    for field, row in zip([f for f in ours if fact(f) in known], required.values(), strict=True):
        assert field.required == row.get("required", False), field.variable


# the sheet of a provider has another name than its plugin, or another plugin's form comes first
SHEETS = {"x": "xai", "volcengine_maas": "volcengine", "nvidia": "nvidia_nim"}
ROW = re.compile(
    r"\| (?:(provider|model|both) \| )?`(\w+)` \| "
    r"([\w-]+) \| (?:yes|no) \|(?: (.*?) \|)?"
)


def sheet_fields(name: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield scope, variable, type and default of the fields that the provider's sheet lists."""
    path = SHARED / f"providers/{SHEETS.get(name, name)}.md"
    if not path.is_file():
        pytest.skip("there is no sheet of this provider beside this checkout")
    text = path.read_text(encoding="utf-8")
    if text.count("Provider id `") > 1:
        text = text[max(text.find(f"Provider id `{name}`"), 0) :]
        end = text.find("Provider id `", 10)
        text = text[: end if end > 0 else None]
    for line in text.splitlines():
        if found := ROW.match(line):
            scope, variable, kind, default = found.groups(default="")
            for each in ("provider", "model") if scope == "both" else (scope or "provider",):
                yield each, variable, kind, default.strip("`– ")


@EACH
def test_a_form_has_the_fields_of_its_sheet(name: str) -> None:
    """The same, for plugins of which only the facts are at hand."""
    for scope, variable, kind, default in sheet_fields(name):
        found = {(field.type.value, field.default or "") for field in fields_of(name, scope, variable)}
        assert (kind, default) in found, (scope, variable)


@EACH
def test_a_provider_says_where_its_key_is_made(name: str) -> None:
    """Somebody without a key should be one click away from one."""
    provider = plugin(name).provider

    assert provider.help is not None
    assert provider.help.url.en_us.startswith("https://")
    assert provider.help.title.zh_hans


@EACH
def test_the_ways_to_set_a_provider_up_are_those_that_it_has_something_for(name: str) -> None:
    """A method without its form, or its models, leads nowhere."""
    provider = plugin(name).provider
    methods = {str(method) for method in provider.configurate_methods}

    assert methods
    assert ("predefined-model" in methods) == bool(plugin(name).models)
    assert ("customizable-model" in methods) == bool(provider.model_credential_schema)
    if methods & {"predefined-model", "fetch-from-remote"}:
        assert provider.provider_credential_schema is not None


@EACH
def test_a_field_is_secret_exactly_if_its_name_says_so(name: str) -> None:
    """What is secret is masked, sealed and never logged; an address that is masked cannot be checked."""
    for field in {*map(field_key, fields_of(name, "provider")), *map(field_key, fields_of(name, "model"))}:
        variable, kind = field
        if re.search(r"(secret|password|api_key|access_key$|_token$)", variable) and kind != "select":
            assert kind == "secret-input", variable


def field_key(field: CredentialFormSchema) -> tuple[str, str]:
    """Return what is checked of a field once."""
    return field.variable, field.type.value


def fields_of(name: str, scope: str, variable: str | None = None) -> list[CredentialFormSchema]:
    """Return the fields of a form, or those of one variable."""
    form: ProviderCredentialSchema | ModelCredentialSchema | None = getattr(
        plugin(name).provider, f"{scope}_credential_schema"
    )
    fields = form.credential_form_schemas if form else []
    return [field for field in fields if variable in (None, field.variable)]
