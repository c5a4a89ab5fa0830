"""What is answered about providers and their forms."""

from __future__ import annotations

from pydantic import Field

from modelbay.catalog import ProviderSummary
from modelbay.catalog.plugin import Plugin
from modelbay.entities import ConfigurateMethod, CredentialFormSchema, FormType, ModelType
from modelbay.entities.i18n import I18nObject
from modelbay.entities.providers import FormOption, FormShowOnObject
from modelbay.gateway.api.fields import Answer, Page

Texts = dict[str, str]


class ProviderAnswer(Answer):
    """A provider."""

    provider: str = Field(description="The provider's name.")
    label: str = Field(description="What people call it, in English.")
    labels: Texts = Field(description="What people call it in other languages.")
    version: str = Field(description="The version of its plugin.")
    types: list[ModelType] = Field(description="The types of models that it has.")
    methods: list[ConfigurateMethod] = Field(
        description="Whether it has models of its own, and whether models can be added."
    )
    models: dict[str, int] = Field(description="How many models its plugin declares, by type.")


class ProviderPage(Page[ProviderAnswer]):
    """A page of providers, the built-in ones first, by name."""


class ShowOn(Answer):
    """A condition under which something is shown."""

    variable: str = Field(description="Another field, or `__model_type`.")
    value: str = Field(description="The value that it has to have.")


class Option(Answer):
    """A choice of a field."""

    value: str = Field(description="What is sent.")
    label: Texts = Field(description="What is shown, by language.")
    show_on: list[ShowOn] = Field(description="It is offered if all of these hold.")


class FormField(Answer):
    """A field of a form."""

    variable: str = Field(description="The field's name in `values`.")
    label: Texts = Field(description="What is shown, by language.")
    type: FormType = Field(description="How it is asked; `secret-input` is sealed and never shown again.")
    required: bool = Field(description="Whether it has to be filled in, where it is shown.")
    default: str | None = Field(description="What counts if it is left out.")
    options: list[Option] | None = Field(description="The choices of a `select` or `radio`.")
    placeholder: Texts | None = Field(description="What stands in the empty field, by language.")
    help: Texts | None = Field(description="What explains the field, by language.")
    url: str | None = Field(description="Where the value is to be had.")
    max_length: int = Field(description="The most characters; 0 for any number.")
    show_on: list[ShowOn] = Field(description="It is shown if all of these hold.")


class Help(Answer):
    """Where credentials are to be had."""

    title: Texts = Field(description="What the link says, by language.")
    url: Texts = Field(description="Where it leads, by language.")


class ProviderDeclaration(ProviderAnswer):
    """A provider with its forms."""

    description: Texts | None = Field(description="What it is, by language.")
    background: str | None = Field(description="The colour behind its icon.")
    help: Help | None = Field(description="Where credentials are to be had.")
    provider_form: list[FormField] | None = Field(
        description="The form of its own credentials; null if it has none."
    )
    model_form: list[FormField] | None = Field(
        description="The form of a model's credentials; null if models have none."
    )
    model_label: Texts | None = Field(description="How the name of a model that is added is asked for.")
    environment: dict[str, list[str]] = Field(
        description="The environment variables that fields are read from."
    )


def answer_of(row: ProviderSummary) -> ProviderAnswer:
    """Return a provider as answers have it."""
    return ProviderAnswer(
        provider=row.provider,
        label=row.label,
        labels=dict(row.translations),
        version=row.version,
        types=[ModelType(kind) for kind in row.model_types],
        methods=[ConfigurateMethod(method) for method in row.configurate_methods],
        models=dict(row.models),
    )


def declaration_of(
    row: ProviderSummary, plugin: Plugin, environment: dict[str, list[str]]
) -> ProviderDeclaration:
    """Return a provider with its forms as answers have it."""
    declared = plugin.provider
    own, models = declared.provider_credential_schema, declared.model_credential_schema
    link = declared.help
    return ProviderDeclaration(
        **answer_of(row).model_dump(),
        description=_texts(declared.description),
        background=declared.background,
        help=Help(title=link.title.to_dict(), url=link.url.to_dict()) if link else None,
        provider_form=[_field(each) for each in own.credential_form_schemas] if own else None,
        model_form=[_field(each) for each in models.credential_form_schemas] if models else None,
        model_label=_texts(models.model.label) if models and models.model else None,
        environment=environment,
    )


def _field(field: CredentialFormSchema) -> FormField:
    return FormField(
        variable=field.variable,
        label=field.label.to_dict(),
        type=field.type,
        required=field.required,
        default=field.default,
        options=[_option(each) for each in field.options] if field.options is not None else None,
        placeholder=_texts(field.placeholder),
        help=_texts(field.help),
        url=field.url,
        max_length=field.max_length,
        show_on=_conditions(field.show_on),
    )


def _option(option: FormOption) -> Option:
    return Option(value=option.value, label=option.label.to_dict(), show_on=_conditions(option.show_on))


def _conditions(conditions: list[FormShowOnObject]) -> list[ShowOn]:
    return [ShowOn(variable=each.variable, value=each.value) for each in conditions]


def _texts(text: I18nObject | None) -> Texts | None:
    return text.to_dict() if text is not None else None
