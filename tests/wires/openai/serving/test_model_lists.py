"""Models as OpenAI clients list them."""

from __future__ import annotations

from tests.wires.serving_checks import complaint

from modelbay.catalog import Catalog
from modelbay.wires.openai.serving.models import model_body, model_list, route_body

MORE = frozenset({"display_name", "type", "provider", "features", "context_size", "price", "deprecated"})


def test_every_model_is_listed_as_the_published_description_says() -> None:
    """What we tell beyond it stands in fields of its own."""
    bodies = [*(model_body(row) for row in Catalog().models()), route_body("fast")]
    described = [{name: value for name, value in body.items() if name not in MORE} for body in bodies]

    assert complaint("openai.openapi.json", "ListModelsResponse", model_list(described)) is None
    assert bodies[-1]["id"] == "fast"


def test_a_model_says_what_it_can_and_costs() -> None:
    """Prices are exact, so they are text."""
    (row,) = [row for row in Catalog().models(provider="openai") if row.model == "gpt-4.1-mini"]
    body = model_body(row)

    assert (body["id"], body["type"], body["context_size"]) == ("openai/gpt-4.1-mini", "llm", 1047576)
    assert "vision" in body["features"]
    assert body["price"] == {
        "input": "0.4",
        "output": "1.6",
        "unit": "0.000001",
        "per": "token",
        "currency": "USD",
    }
