"""What a provider offers, as its upstream tells it or as its plugin declares it."""

from __future__ import annotations

from collections.abc import Iterable

from modelbay.entities.declarations import AIModelEntity
from modelbay.errors import ModelbayError


class FetchedModels(list[AIModelEntity]):
    """The models that an upstream lists.

    If it could not be asked these are the declared ones, and `failure` says why.
    """

    def __init__(self, models: Iterable[AIModelEntity] = (), failure: ModelbayError | None = None) -> None:
        super().__init__(models)
        self.failure = failure
