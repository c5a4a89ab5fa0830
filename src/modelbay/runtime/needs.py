"""Which credentials a provider needs, for those who gave none."""

from __future__ import annotations

from modelbay.entities import FormType, ModelProviderConfiguration


def needs_credentials(provider: ModelProviderConfiguration) -> bool:
    """Whether a provider cannot be called without credentials."""
    forms = (provider.provider_credential_schema, provider.model_credential_schema)
    return any(field.required for form in forms if form for field in form.credential_form_schemas)


def how_to_give(provider: ModelProviderConfiguration) -> str:
    """Say which credentials a provider needs."""
    form = provider.provider_credential_schema or provider.model_credential_schema
    fields = form.credential_form_schemas if form else []
    secrets = [field.variable for field in fields if field.type is FormType.SECRET_INPUT]
    needed = [field.variable for field in fields if field.required] or secrets
    names = ", ".join(dict.fromkeys(needed))
    return f"no credentials are known for {provider.provider}: it needs {names}"
