"""The provider's own collection of language models, and what is known of one model."""

from __future__ import annotations

from typing import Any

from modelbay.entities import AIModelEntity, FetchFrom, I18nObject, ModelPropertyKey, ModelType
from modelbay.errors import InvokeServerUnavailableError
from modelbay.wires.family import Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.replicate.prediction import to_model_request
from modelbay.wires.replicate.problems import problem
from modelbay.wires.replicate.schema import Inputs, features_of, inputs_of, rules_of
from modelbay.wires.request import Request


class Models:
    """Reads `GET /collections/language-models`; the list of all models has anybody's."""

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request."""
        url = endpoint.url("collections/language-models")
        return endpoint.request("GET", url, idempotent=True, to_error=problem)

    @reads_answer
    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return the models of the collection."""
        rows = answer_object(body).get("models")
        if not isinstance(rows, list):
            raise InvokeServerUnavailableError("the provider's answer has no list of models")
        return [self.to_model(f"{row['owner']}/{row['name']}", row) for row in rows]

    def to_show_request(self, model: str, endpoint: Endpoint) -> Request:
        """Return the request for what is known of one model."""
        return to_model_request(model, "", endpoint)

    def to_model(self, model: str, body: Any) -> AIModelEntity:
        """Return the model with the parameters and features that its inputs tell."""
        return language_model(model, inputs_of(body))


def language_model(model: str, inputs: Inputs) -> AIModelEntity:
    """Return a language model's declaration, by what it takes."""
    speaks = (
        bool(inputs.place("system") or inputs.place("messages")) or "chat" in model or "instruct" in model
    )
    return AIModelEntity(
        model=model,
        label=I18nObject(en_us=model),
        model_type=ModelType.LLM,
        features=features_of(inputs),
        fetch_from=FetchFrom.FETCH_FROM_REMOTE,
        model_properties={ModelPropertyKey.MODE: "chat" if speaks else "completion"},
        parameter_rules=rules_of(inputs),
    )
