"""What a plugin declares of its provider and of itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from modelbay.entities.base import Entity
from modelbay.entities.declarations import AIModelEntity, ConfigurateMethod, ModelType
from modelbay.entities.i18n import I18nObject


class FormType(StrEnum):
    """How a field of a credential form is asked."""

    TEXT_INPUT = "text-input"
    SECRET_INPUT = "secret-input"  # noqa: S105 - a kind of field, not a secret
    SELECT = "select"
    RADIO = "radio"
    SWITCH = "switch"


class FormShowOnObject(Entity):
    """A condition: show when `variable` has `value`. `__model_type` stands for the model's type."""

    variable: str
    value: str

    @field_validator("value", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value).lower() if isinstance(value, bool) else value


class FormOption(Entity):
    """One choice of a select or radio field."""

    label: I18nObject
    value: str
    show_on: list[FormShowOnObject] = []

    @model_validator(mode="before")
    @classmethod
    def _label_falls_back_to_the_value(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and not value.get("label"):
            return {**value, "label": {"en_US": str(value.get("value", ""))}}
        return value


class CredentialFormSchema(Entity):
    """One field of a credential form. `max_length` 0 means unlimited."""

    variable: str
    label: I18nObject
    type: FormType
    required: bool = True
    default: str | None = None
    options: list[FormOption] | None = None
    placeholder: I18nObject | None = None
    max_length: int = 0
    show_on: list[FormShowOnObject] = []
    help: I18nObject | None = None
    url: str | None = None


class ProviderCredentialSchema(Entity):
    """The form for a provider's credentials."""

    credential_form_schemas: list[CredentialFormSchema] = []


class FieldModelSchema(Entity):
    """How the name of a custom model is asked for."""

    label: I18nObject
    placeholder: I18nObject | None = None


class ModelCredentialSchema(Entity):
    """The form for a custom model: its name and its credentials."""

    model: FieldModelSchema | None = None
    credential_form_schemas: list[CredentialFormSchema] = []


class ProviderHelpEntity(Entity):
    """Where a person gets credentials."""

    title: I18nObject
    url: I18nObject


WireScheme = Literal[
    "bearer",
    "header",
    "none",
    "aws_sigv4",
    "azure_managed_identity",
    "bce_token",
    "client_credentials",
    "google_service_account",
    "hmac_url",
    "hs256_token",
    "volc_api_key",
]


class WireAuth(Entity):
    """How a wire presents credentials: as a bearer token, in a header of the given name, or by a signer.

    Signers make a token or a signature for each request, of `settings`, whose texts may name credentials in
    braces (`wires.signing`). `when` lists the values that credentials must have for this way to be taken.
    """

    scheme: WireScheme = "bearer"
    credential: str = "api_key"
    header: str = ""
    when: dict[str, list[str]] = {}
    settings: dict[str, str] = {}


class WireOptionSource(Entity):
    """A wire option that a credential decides: its value, looked up if `values` or `patterns` are given.

    `patterns` are regular expressions of the whole credential: what an address or a key looks like may say
    which API it is for.
    """

    credential: str
    values: dict[str, Any] = {}
    patterns: dict[str, Any] = {}


class WireAddress(Entity):
    """Where a wire's upstream is: the credential that overrides it, the default, and how to trim it.

    `default` may name credentials in braces (`{aws_region|us-east-1}`); `select` is a credential that chooses
    among several. `suffix` is appended when the address lacks it; `strip` lists endings that are cut off.
    `assume_https` is for providers whose saved addresses may be a host alone.
    """

    credential: str = ""
    default: str = ""
    select: WireOptionSource | None = None
    suffix: str = ""
    strip: list[str] = []
    assume_https: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_plain(cls, value: Any) -> Any:
        return {"default": value} if isinstance(value, str) else value


class WireListing(Entity):
    """Where an upstream lists its models, if not where its family's servers usually do.

    `detail` is where it says of one model what it can do, `models/{model}`; without it nobody is asked. With
    `each`, every model of the list is asked about: for lists of names only.
    `types` are further lists, of which each has models of one type only. For a list of several types that
    does not say which, `named` are regular expressions of names, by type; `none` are left out.
    """

    family: str = ""
    path: str = ""
    detail: str = ""
    each: bool = False
    types: dict[ModelType, str] = {}
    named: dict[ModelType | Literal["none"], str] = {}
    address: WireAddress | None = None


class WireError(Entity):
    """An upstream's error that its status alone does not tell: how it is known, and what it is.

    All that is given has to fit: the status, one of the codes, and words in the message, for upstreams that
    have neither a status nor a code for it.
    """

    status: int | None = None
    codes: list[str] = []
    says: str = ""
    means: Literal["authorization", "bad-request", "connection", "rate-limit", "server-unavailable"]
    retryable: bool | None = None


class WireDeclaration(Entity):
    """Which dialect a provider speaks; with it a provider needs no Python.

    - `families` names another dialect for single model types, `addresses` another address.
    - `auth` is one way to present credentials, or several of which the first that applies is taken.
    - `headers` may name credentials in braces: `{openai_organization}`; a header whose credential is empty is
      not sent.
    - `check` is the request that proves a provider's credentials, as "GET models"; without it the cheapest
      call of the first declared model does. `check_model` is the credential that may name a language model
      which the key must be able to call.
    - `options` are defaults for every model's own `wire` section, `type_options` for those of one type;
      `options_from` lets credentials decide.
    - `listing` says where the models are listed, if not where the family's servers usually list them.
    - `errors` are what the upstream reports in a way of its own; the first that fits counts.
    - `model_name` is the credential with the upstream's name for a model, where that may differ.
    - `custom` declares, by model type, the models that people add: a declaration whose texts may name
      credentials in braces and whose features may depend on them (`{feature: vision, when: {v: ["true"]}}`).
      `like` names the declared model that one is like (`"{base_model_name}"`, or `{credential, values}`).
    """

    family: str
    families: dict[ModelType, str] = {}
    address: WireAddress = WireAddress()
    addresses: dict[ModelType, WireAddress] = {}
    auth: list[WireAuth] = [WireAuth()]
    headers: dict[str, str] = {}
    check: str = ""
    check_model: str = ""
    errors: list[WireError] = []
    listing: WireListing = WireListing()
    options: dict[str, Any] = {}
    type_options: dict[ModelType, dict[str, Any]] = {}
    options_from: dict[str, WireOptionSource] = {}
    model_name: str = ""
    custom: dict[ModelType, dict[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _read_short_forms(cls, value: Any) -> Any:
        """Accept `wire: openai` and a single way to present credentials."""
        if isinstance(value, str):
            return {"family": value}
        if isinstance(value, Mapping) and isinstance(value.get("auth"), Mapping):
            return {**value, "auth": [value["auth"]]}
        return value


class PythonSources(Entity):
    """The Python files of a plugin."""

    provider_source: str = ""
    model_sources: list[str] = []


class SimpleProviderEntity(Entity):
    """A provider as it appears in lists."""

    provider: str = Field(min_length=1)
    label: I18nObject
    icon_small: I18nObject | None = None
    icon_large: I18nObject | None = None
    icon_small_dark: I18nObject | None = None
    icon_large_dark: I18nObject | None = None
    supported_model_types: list[ModelType]
    models: list[AIModelEntity] = []


class ProviderEntity(SimpleProviderEntity):
    """All that is declared of a provider.

    `position` maps a model type to model names in display order; `notes` are what a user should know of it.
    """

    description: I18nObject | None = None
    background: str | None = None
    help: ProviderHelpEntity | None = None
    configurate_methods: list[ConfigurateMethod]
    provider_credential_schema: ProviderCredentialSchema | None = None
    model_credential_schema: ModelCredentialSchema | None = None
    position: dict[str, list[str]] = {}
    notes: list[I18nObject] = Field(default=[], exclude_if=lambda value: not value)
    wire: WireDeclaration | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def secret_variables(self) -> frozenset[str]:
        """The names of the credentials that are secret."""
        forms = (self.provider_credential_schema, self.model_credential_schema)
        return frozenset(
            field.variable
            for form in forms
            if form
            for field in form.credential_form_schemas
            if field.type is FormType.SECRET_INPUT
        )


class ModelProviderConfiguration(ProviderEntity):
    """A provider with the Python files that carry it."""

    python: PythonSources = PythonSources()


class ModelPosition(Entity):
    """Model names in display order, by type."""

    llm: list[str] = []
    text_embedding: list[str] = []
    rerank: list[str] = []
    speech2text: list[str] = []
    moderation: list[str] = []
    tts: list[str] = []


class PluginManifest(Entity):
    """`manifest.yaml`: the package that carries a provider."""

    version: str
    type: str = "plugin"
    author: str | None = None
    name: str
    label: I18nObject
    description: I18nObject
    icon: str = ""
    icon_dark: str | None = None
    created_at: datetime | None = None
    plugins: dict[str, list[str] | None] = {}
    meta: dict[str, Any] = {}
    resource: dict[str, Any] = {}

    @property
    def provider_files(self) -> list[str]:
        """The provider YAML files, relative to the plugin's folder."""
        return self.plugins.get("models") or []

    @property
    def identity(self) -> str:
        """`author/name:version`."""
        owner = f"{self.author}/" if self.author else ""
        return f"{owner}{self.name}:{self.version}"
