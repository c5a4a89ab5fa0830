"""A model of the fast lane: everything of its calls that does not change from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from modelbay.entities import (
    AIModelEntity,
    ModelPropertyKey,
    ParameterRule,
    PriceConfig,
)
from modelbay.sdk.rules import refusal, rule_names
from modelbay.sdk.wired.base import WiredModel
from modelbay.wires.family import Options
from modelbay.wires.relaying import Fields, Relay, Sent, value_of
from modelbay.wires.request import ToError
from modelbay.wires.transport import Transport


@dataclass(frozen=True, slots=True)
class Lane:
    """How a client's request reaches one model without translation.

    Attributes:
        rules: By the client's name of the field.
        most_inputs: How many texts one request may hold.
        schema: What is declared of the model.
        transport: The way to the provider.
    """

    relay: Relay
    url: str
    headers: Mapping[str, str]
    model: bytes
    options: Options
    rules: Mapping[str, ParameterRule]
    pricing: PriceConfig | None
    most_inputs: int
    schema: AIModelEntity
    transport: Transport
    to_error: ToError | None = None

    def to_sent(self, bones: bytes, fields: Fields, headers: Mapping[str, str]) -> Sent | None:
        """Return the request as it goes on; None if it has to be translated, or breaks a rule."""
        for name in self.rules.keys() & fields.keys():
            value = value_of(fields[name])
            if value is not None and not isinstance(value, dict) and refusal(self.rules[name], value):
                return None
        sent = self.relay.to_sent(bones, fields, self.model, self.options, headers)
        if sent is None or sent.inputs > self.most_inputs:
            return None
        return sent._replace(headers=beside(self.headers, sent.headers)) if sent.headers else sent


def beside(own: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of one request; what the endpoint has too, in any case of letters, lists both."""
    names = {name.lower(): name for name in own}
    joined = {}
    for name, value in more.items():
        known = names.get(name, name)
        values = f"{own.get(known, '')},{value}".split(",")
        joined[known] = ",".join(dict.fromkeys(filter(None, map(str.strip, values))))
    return joined


def lane_of(
    instance: WiredModel,
    model: str,
    credentials: Mapping[str, Any],
    schema: AIModelEntity | None,
    relay: Relay,
) -> Lane | None:
    """Return the lane to a model; None if its upstream has to be spoken to by translation."""
    options = instance.wire_options(model, credentials)
    if schema is None or not relay.suits(options) or _has_needs(schema):
        return None
    endpoint = instance.endpoint(credentials, options)
    if endpoint.signer is not None:
        return None  # what it sends changes with the time
    url, headers = relay.address(endpoint, options)
    most = int(schema.property_of(ModelPropertyKey.MAX_CHUNKS) or 1)
    renamed = relay.rule_names()
    rules = rule_names(schema.parameter_rules)
    by_field = {name: rule for name, rule in rules.items() if name not in ("json_schema", "response_format")}
    by_field |= {field: rules[name] for field, name in renamed.items() if name in rules}
    return Lane(
        relay=relay,
        url=url,
        headers=headers,
        model=orjson.dumps(instance.upstream_name(model, credentials)),
        options=options,
        rules=by_field,
        pricing=schema.pricing,
        most_inputs=min(most, instance.transport.batch_size or most),
        transport=instance.transport,
        schema=schema,
        to_error=endpoint.to_error,
    )


def _has_needs(schema: AIModelEntity) -> bool:
    """Whether the model's rules put something into a call that its client did not."""
    return any(rule.required for rule in schema.parameter_rules)
