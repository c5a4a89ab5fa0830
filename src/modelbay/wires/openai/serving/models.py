"""`GET /v1/models` and one model, with what Modelbay knows of it in fields that clients pass over."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

_OURS = "modelbay"


class ListedPrice(Protocol):
    """What a model costs: n meters cost n x price x `unit` in `currency`."""

    @property
    def input(self) -> Decimal:
        """What goes in."""
        ...

    @property
    def output(self) -> Decimal | None:
        """What comes out."""
        ...

    @property
    def unit(self) -> Decimal:
        """Such as 0.000001, for prices per million."""
        ...

    @property
    def currency(self) -> str:
        """Such as "USD"."""
        ...

    @property
    def meter(self) -> str:
        """What is counted, such as "token"."""
        ...


class ListedModel(Protocol):
    """A model in a list, as a catalog has it."""

    @property
    def provider(self) -> str:
        """Who serves it."""
        ...

    @property
    def model(self) -> str:
        """The provider's name for it."""
        ...

    @property
    def type(self) -> str:
        """One of the six."""
        ...

    @property
    def label(self) -> str:
        """Its name for people."""
        ...

    @property
    def features(self) -> tuple[str, ...]:
        """What it can do."""
        ...

    @property
    def context_size(self) -> int | None:
        """In tokens."""
        ...

    @property
    def deprecated(self) -> bool:
        """Whether its end is announced."""
        ...

    @property
    def price(self) -> ListedPrice | None:
        """None if it is not known."""
        ...


def model_body(listed: ListedModel) -> dict[str, Any]:
    """Return a model; its id is the name that calls use, and when it was made nobody tells."""
    return {
        "id": f"{listed.provider}/{listed.model}",
        "object": "model",
        "created": 0,
        "owned_by": listed.provider,
        "display_name": listed.label,
        "type": listed.type,
        "provider": listed.provider,
        "features": list(listed.features),
        "context_size": listed.context_size,
        "price": _price(listed.price),
        "deprecated": listed.deprecated,
    }


def route_body(name: str) -> dict[str, Any]:
    """Return a route, which is called like a model."""
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": _OURS,
        "display_name": name,
        "type": "route",
        "provider": _OURS,
    }


def model_list(bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the list of models."""
    return {"object": "list", "data": list(bodies)}


def _price(price: ListedPrice | None) -> dict[str, str | None] | None:
    """Return the amounts as text, which keeps them exact."""
    if price is None:
        return None
    return {
        "input": f"{price.input:f}",
        "output": None if price.output is None else f"{price.output:f}",
        "unit": f"{price.unit:f}",
        "per": price.meter,
        "currency": price.currency,
    }
