"""The lanes to models whose upstreams speak as their clients do."""

from __future__ import annotations

from collections.abc import Mapping

from modelbay.entities import ModelType
from modelbay.runtime.engine import Engine
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Using
from modelbay.sdk.wired import WiredLargeLanguageModel, WiredTextEmbeddingModel
from modelbay.sdk.wired.base import WiredModel
from modelbay.sdk.wired.lane import Lane, lane_of
from modelbay.wires.relaying import Relay

_MOST = 1_000  # models that are remembered; names of custom models come from clients


class Lanes:
    """Finds the lane to a model with some credentials once and remembers it, also that there is none."""

    def __init__(self, engine: Engine, relays: Mapping[str, Relay]) -> None:
        self._engine = engine
        self._relays = relays
        self._known: dict[tuple[ModelName, str, str, str], Lane | None] = {}

    async def find(self, name: ModelName, model_type: ModelType, dialect: str, using: Using) -> Lane | None:
        """Return the lane by which a client of the dialect reaches the model; None if there is none."""
        key = (name, dialect, using.id, using.hosted)
        if key not in self._known:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = await self._look(name, model_type, dialect, using)
        return self._known[key]

    async def _look(self, name: ModelName, model_type: ModelType, dialect: str, using: Using) -> Lane | None:
        relay = self._relays.get(dialect)
        instance, credentials = self._engine.model(name, model_type, using.credentials)
        if relay is None or not isinstance(instance, WiredModel) or not _ready_made(instance):
            return None
        if instance.speaks(name.model, credentials) != dialect:
            return None
        schema = await instance.resolve(name.model, credentials)
        return lane_of(instance, name.model, credentials, schema, relay)


def _ready_made(instance: WiredModel) -> bool:
    """Whether the model does nothing of its own: a plugin may have changed what a call does."""
    return type(instance) in (WiredLargeLanguageModel, WiredTextEmbeddingModel)
