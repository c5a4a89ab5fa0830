"""`POST /v1/moderations`, as its clients speak it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.entities import ModerationResult
from modelbay.wires.asked import Fields, wrong
from modelbay.wires.serving import ModerationAsk, Wishes

CATEGORIES = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors"),
    *("violence", "violence/graphic"),
)
"""Those that every answer names; clients read them without asking whether they are there."""

_DEFAULT_MODEL = "default"


class ModerationsFace:
    """Speaks of harm. Who names no model gets the default one of the type."""

    dialect = "openai.moderations"

    def from_request(self, body: Mapping[str, Any]) -> ModerationAsk:
        """Return what is asked; InvokeBadRequestError, naming the field, for what cannot be read."""
        fields = Fields(body)
        model = fields.text("model") or _DEFAULT_MODEL
        texts = _texts(fields.take("input"))
        wishes = Wishes(dialect=self.dialect, extras=fields.rest())
        return ModerationAsk(model=model, texts=texts, wishes=wishes)

    def from_results(
        self, ask: ModerationAsk, results: Sequence[ModerationResult], answer_id: str
    ) -> dict[str, Any]:
        """Return the body of the answer, one judgement a text."""
        rows = [_judgement(result) for result in results]
        return {"id": f"modr-{answer_id}", "model": ask.model, "results": rows}


MODERATIONS = ModerationsFace()


def _texts(given: Any) -> list[str]:
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list) or not given:
        raise wrong("input", "is required: give a string, or a list of strings that is not empty")
    if all(isinstance(value, str) for value in given):
        return given
    # Parts are one input together, with one judgement: a text and its pictures.
    return ["\n".join(_part(value, f"input[{place}]") for place, value in enumerate(given))]


def _part(value: Any, place: str) -> str:
    if isinstance(value, str):
        raise wrong(place, "must be a part like the others: strings and parts do not go together")
    fields = Fields(value, place)
    kind = fields.take("type")
    if kind == "image_url":
        raise wrong(f"{place}.image_url", "only text is judged here; leave the image out")
    if kind != "text":
        raise wrong(f"{place}.type", "must be 'text'")
    text = fields.text("text")
    if text is None:
        raise wrong(f"{place}.text", "is required")
    return text


def _judgement(result: ModerationResult) -> dict[str, Any]:
    """Return a judgement with every category; a harm of unknown score gets the highest."""
    names = dict.fromkeys((*CATEGORIES, *result.categories, *result.category_scores))
    harmful = set(result.categories)
    scores = {name: result.category_scores.get(name, 1.0 if name in harmful else 0.0) for name in names}
    return {
        "flagged": result.flagged,
        "categories": {name: name in harmful for name in names},
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in names},
    }
