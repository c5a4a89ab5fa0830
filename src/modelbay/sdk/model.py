"""What all six types of model have in common."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from modelbay.entities import (
    PARAMETER_RULE_TEMPLATE,
    AIModelEntity,
    DefaultParameterName,
    ModelPropertyKey,
    ModelType,
    PriceConfig,
    PriceInfo,
    PriceType,
    ProviderEntity,
)
from modelbay.errors import CredentialsValidateFailedError, InvokeError, ModelbayError
from modelbay.sdk import prices, threads
from modelbay.sdk.mapping import ErrorBoundary, map_error
from modelbay.wires.transport import Transport


class TimingContextRaceConditionError(RuntimeError):
    """A model object was used for two calls at once; make one object per call."""


class AIModel(ABC):
    """Base of the six model types. One object serves one call.

    `provider_schema` and `transport` are set by the host; an object made by hand gets a transport of its own
    at first use. `extras` is what the caller of this one call asks beyond the arguments of the plugin format,
    by Modelbay's names: only what the model `takes`. `fields` are those of the upstream's own dialect, from
    a client that speaks it too (see `speaks`). `notices` say what of the call was left out by rule.
    """

    model_type: ClassVar[ModelType]
    provider_schema: ProviderEntity | None = None

    def __init__(self, model_schemas: Sequence[AIModelEntity] = ()) -> None:
        self.model_schemas = model_schemas  # of all types: most calls look for one model only
        self.started_at = 0.0
        self.extras: Mapping[str, Any] = {}
        self.fields: Mapping[str, Any] = {}
        self.notices: list[str] = []
        self._transport: Transport | None = None
        self._resolved: dict[str, AIModelEntity | None] = {}

    @property
    def transport(self) -> Transport:
        """The way to the network."""
        if self._transport is None:
            self._transport = Transport()
        return self._transport

    @transport.setter
    def transport(self, transport: Transport) -> None:
        self._transport = transport

    # what a plugin defines

    @abstractmethod
    def validate_credentials(self, model: str, credentials: dict[str, Any]) -> Any:
        """Prove that the credentials work for this model; may be async.

        Raises:
            CredentialsValidateFailedError: They do not; the message has the provider's own words.
        """

    @property
    def _invoke_error_mapping(self) -> Mapping[type[InvokeError], Sequence[type[Exception]]]:
        """Our error classes for the classes that the plugin's libraries raise."""
        return {}

    def speaks(self, model: str, credentials: Mapping[str, Any]) -> str:
        """Return the dialect that the model's upstream speaks ("openai.chat"); "" if that is not known."""
        return ""

    def takes(self, name: str, model: str, credentials: Mapping[str, Any]) -> bool:
        """Whether the model can be told `extras` of that name."""
        return False

    def get_customizable_model_schema(self, model: str, credentials: dict[str, Any]) -> Any:
        """Return the declaration of a model that no YAML declares, or None; may be async."""
        return None

    # declarations

    def predefined_models(self) -> list[AIModelEntity]:
        """Return the declared models of this type."""
        return [schema for schema in self.model_schemas if schema.model_type is self.model_type]

    def get_model_schema(
        self, model: str, credentials: Mapping[str, Any] | None = None
    ) -> AIModelEntity | None:
        """Return a model's declaration, from the YAML or from the credentials; None if there is none."""
        if model not in self._resolved:
            schema = self._declared(model)
            if schema is None:
                if not credentials:
                    return None
                schema = self.get_customizable_model_schema_from_credentials(model, credentials)
            if schema is None:
                return None  # only here: `resolve` may find one
            self._resolved[model] = schema
        return self._resolved[model]

    def _declared(self, model: str) -> AIModelEntity | None:
        for schema in self.model_schemas:
            if schema.model == model and schema.model_type is self.model_type:
                return schema
        return None

    def get_customizable_model_schema_from_credentials(
        self, model: str, credentials: Mapping[str, Any]
    ) -> AIModelEntity | None:
        """Return the declaration made from credentials; None if that needs the network (see `resolve`)."""
        schema = self.get_customizable_model_schema(model, dict(credentials))
        if hasattr(schema, "__await__"):
            schema.close()
            return None
        return schema if isinstance(schema, AIModelEntity) else None

    async def resolve(self, model: str, credentials: Mapping[str, Any]) -> AIModelEntity | None:
        """Find a model's declaration once, asking the upstream if the plugin does so, and remember it."""
        if model not in self._resolved:
            self._resolved[model] = self._declared(model) or await threads.call(
                self.get_customizable_model_schema, model, dict(credentials)
            )
        return self._resolved[model]

    def _get_default_parameter_rule_variable_map(self, name: DefaultParameterName) -> dict[str, Any]:
        return dict(PARAMETER_RULE_TEMPLATE[name])

    def _property(self, model: str, credentials: Mapping[str, Any], key: ModelPropertyKey | str) -> Any:
        schema = self.get_model_schema(model, credentials)
        return schema.property_of(key) if schema else None

    def _get_context_size(self, model: str, credentials: Mapping[str, Any]) -> int:
        """Return the model's context size in tokens, 1000 if it is not declared."""
        return int(self._property(model, credentials, ModelPropertyKey.CONTEXT_SIZE) or 1000)

    # prices, tokens, time

    def _pricing(self, model: str, credentials: Mapping[str, Any]) -> PriceConfig | None:
        schema = self.get_model_schema(model, credentials)
        return schema.pricing if schema else None

    def get_price(
        self, model: str, credentials: Mapping[str, Any], price_type: PriceType, tokens: int
    ) -> PriceInfo:
        """Return the price of `tokens`; its amounts are None if the model declares no such price."""
        return prices.price_of(self._pricing(model, credentials), price_type, tokens)

    def _get_num_tokens_by_gpt2(self, text: str) -> int:
        from modelbay.sdk import tokens  # noqa: PLC0415 - the vocabulary is loaded by those who count

        return tokens.gpt2_tokens(text)

    @contextmanager
    def timing_context(self) -> Iterator[None]:
        """Remember in `started_at` when the call began, for latencies."""
        if self.started_at:
            raise TimingContextRaceConditionError("one model object cannot serve two calls at once")
        self.started_at = time.perf_counter()
        try:
            yield
        finally:
            self.started_at = 0.0

    # errors

    def _transform_invoke_error(self, error: Exception) -> ModelbayError:
        return map_error(error, self._invoke_error_mapping).located(self._provider_name, None)

    @property
    def _provider_name(self) -> str | None:
        return self.provider_schema.provider if self.provider_schema else None

    def _boundary(self, model: str, credentials: Mapping[str, Any]) -> ErrorBoundary:
        return ErrorBoundary(self._invoke_error_mapping, self.provider_schema, credentials, model=model)

    async def check_credentials(self, model: str, credentials: dict[str, Any]) -> None:
        """Run `validate_credentials` and report every failure as `CredentialsValidateFailedError`."""
        with validating(self._boundary(model, credentials)):
            await self.resolve(model, credentials)
            await threads.call(self.validate_credentials, model, credentials)


@contextmanager
def validating(boundary: ErrorBoundary) -> Iterator[None]:
    """Report whatever the block raises as a failed validation."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the boundary: whatever a plugin raises is mapped
        raise _as_validation_failure(boundary.map(error)) from boundary.cause_of(error)


def _as_validation_failure(error: ModelbayError) -> CredentialsValidateFailedError:
    """Return the error as a failed validation that keeps status, code and words."""
    if isinstance(error, CredentialsValidateFailedError):
        return error
    return error.told_as(CredentialsValidateFailedError, retryable=error.retryable)
