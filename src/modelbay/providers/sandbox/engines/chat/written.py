"""Write a JSON value as a model would."""

from __future__ import annotations

import json

__all__ = ["written"]


def written(value: object) -> str:
    """Return the value as JSON text, readable in any language.

    Raises:
        ValueError: There is no JSON for it: a number is endless.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return json.dumps(value, allow_nan=False)  # half a character cannot be sent as it is
