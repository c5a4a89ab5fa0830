"""Texts and images as Jina's APIs take them."""

from __future__ import annotations

from typing import Any

from modelbay.entities import MultiModalContent, MultiModalContentType
from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import Options


def to_content(value: str | MultiModalContent, options: Options, place: str) -> Any:
    """Return an input in the form that the model takes: bare text, or an object that says what it is.

    Raises:
        InvokeBadRequestError: An image for a model that takes bare text; the message names `place`.
    """
    is_image = not isinstance(value, str) and value.content_type == MultiModalContentType.IMAGE
    content = value if isinstance(value, str) else value.content
    if options.get("input_form", "text") == "object":
        return {"image": _bare(content)} if is_image else {"text": content}
    if is_image:
        raise InvokeBadRequestError(f"{place}: this model takes text only, not an image")
    return content


def _bare(image: str) -> str:
    """Return an image as its address or its bare base64: the API knows no data URIs."""
    return image.partition(",")[2] if image.startswith("data:") else image
