"""The models of a region, then the inference profiles that the account made itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from modelbay.entities import AIModelEntity, FetchFrom, I18nObject, ModelFeature, ModelPropertyKey, ModelType
from modelbay.wires.bedrock.errors import to_error
from modelbay.wires.family import Endpoint
from modelbay.wires.json_text import answer_object, reads_answer
from modelbay.wires.request import Request

_PROFILES = "inference-profiles?type=APPLICATION&maxResults=1000"


class ModelsDialect:
    """Lists at `/foundation-models` and `/inference-profiles`.

    Nothing tells the size of a context. A model without on-demand use is called through a profile.
    """

    def to_request(self, endpoint: Endpoint) -> Request:
        """Return the request for the models."""
        return _get(endpoint, "foundation-models")

    def to_next_request(self, endpoint: Endpoint, body: Any) -> Request | None:
        """Return the request for the profiles, then for each further page of them."""
        if "modelSummaries" in body:
            return _get(endpoint, _PROFILES)
        token = body.get("nextToken")
        return _get(endpoint, f"{_PROFILES}&nextToken={quote(token, safe='')}") if token else None

    @reads_answer
    def to_models(self, body: Any) -> list[AIModelEntity]:
        """Return what converses, embeds or ranks."""
        answer = answer_object(body)
        models = [_model(row) for row in answer.get("modelSummaries") or ()]
        profiles = [_profile(row) for row in answer.get("inferenceProfileSummaries") or ()]
        return [each for each in (*models, *profiles) if each is not None]


def _get(endpoint: Endpoint, path: str) -> Request:
    return endpoint.request("GET", endpoint.url(path), idempotent=True, to_error=to_error)


def _model(row: Mapping[str, Any]) -> AIModelEntity | None:
    ways = row.get("inferenceTypesSupported") or ()
    model_type = _type_of(row["modelId"], row.get("outputModalities") or ())
    if model_type is None or not {"ON_DEMAND", "INFERENCE_PROFILE"} & set(ways):
        return None
    wire = {} if "ON_DEMAND" in ways else {"cross_region": "geographic"}
    seen = "IMAGE" in (row.get("inputModalities") or ())
    return _entity(
        row["modelId"],
        row.get("modelName") or row["modelId"],
        model_type,
        features=[ModelFeature.VISION] if seen and model_type != ModelType.RERANK else [],
        wire=wire,
        deprecated=(row.get("modelLifecycle") or {}).get("status") == "LEGACY",
    )


def _profile(row: Mapping[str, Any]) -> AIModelEntity | None:
    served = [str(model.get("modelArn") or "") for model in row.get("models") or ()]
    base = served[0].rpartition("/")[2] if served else ""
    model_type = _type_of(base, ("EMBEDDING",) if "embed" in base else ("TEXT",))
    if row.get("status", "ACTIVE") != "ACTIVE" or model_type in (None, ModelType.RERANK):
        return None
    name = row["inferenceProfileId"]
    label = row.get("inferenceProfileName") or name
    return _entity(
        name, label, model_type or ModelType.LLM, features=[], wire={"base": base}, deprecated=False
    )


def _type_of(name: str, modalities: Any) -> ModelType | None:
    if "rerank" in name:
        return ModelType.RERANK
    if "EMBEDDING" in modalities:
        return ModelType.TEXT_EMBEDDING
    return ModelType.LLM if "TEXT" in modalities else None


def _entity(
    name: str,
    label: str,
    model_type: ModelType,
    *,
    features: list[ModelFeature],
    wire: dict[str, Any],
    deprecated: bool,
) -> AIModelEntity:
    mode = {ModelPropertyKey.MODE: "chat"} if model_type == ModelType.LLM else {}
    return AIModelEntity(
        model=name,
        label=I18nObject(en_us=label),
        model_type=model_type,
        features=features,
        fetch_from=FetchFrom.FETCH_FROM_REMOTE,
        model_properties=dict(mode),
        deprecated=deprecated,
        wire=wire,
    )
