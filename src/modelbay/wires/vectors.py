"""Vectors as upstreams write them."""

from __future__ import annotations

import binascii
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from modelbay.entities import EmbeddingUsage, TextEmbeddingResult
from modelbay.errors import InvokeServerUnavailableError

_FLOAT_BYTES = 4


def floats_of_base64(text: str) -> list[float]:
    """Return little-endian 32-bit floats sent as base64; InvokeServerUnavailableError if they are none."""
    try:
        data = binascii.a2b_base64(text)
    except (binascii.Error, ValueError) as error:
        raise InvokeServerUnavailableError(f"a vector is not valid base64: {error}") from None
    if len(data) % _FLOAT_BYTES:
        raise InvokeServerUnavailableError(f"a vector of {len(data)} bytes is not of 32-bit floats")
    values = array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()


def base64_of_floats(vector: Sequence[float]) -> str:
    """Return a vector as base64 of little-endian 32-bit floats."""
    values = array("f", vector)
    if sys.byteorder == "big":
        values.byteswap()
    return binascii.b2a_base64(values.tobytes(), newline=False).decode("ascii")


def packed_vectors(result: TextEmbeddingResult) -> list[str]:
    """Return the vectors of a result as base64: as they came, if they came so."""
    return result.packed or [base64_of_floats(vector) for vector in result.embeddings]


def plain_vectors(result: TextEmbeddingResult) -> list[list[float]]:
    """Return the vectors of a result as numbers, however they came."""
    return [floats_of_base64(text) for text in result.packed] if result.packed else result.embeddings


def vector_of(value: Any) -> list[float]:
    """Return a vector sent as numbers or as base64."""
    if isinstance(value, str):
        return floats_of_base64(value)
    if isinstance(value, list):
        return value
    raise InvokeServerUnavailableError(f"the provider sent {type(value).__name__} in place of a vector")


def one_vector_each(vectors: Any, count: int) -> list[list[float]]:
    """Return the vectors of an answer; InvokeServerUnavailableError unless there are `count`."""
    found = len(vectors) if isinstance(vectors, list) else 0
    if found != count:
        raise InvokeServerUnavailableError(f"the provider sent {found} vectors for {count} inputs")
    return [vector_of(vector) for vector in vectors]


def packed_vector_each(vectors: Any, count: int) -> list[str] | None:
    """Return the vectors of an answer unread, if there are `count` and all are base64; None if not."""
    if not isinstance(vectors, list) or len(vectors) != count:
        return None
    return vectors if all(isinstance(vector, str) for vector in vectors) else None


def embedding_result(
    model: str, vectors: Any, count: int, usage: EmbeddingUsage, *, packed: bool
) -> TextEmbeddingResult:
    """Return the result with `count` vectors as an upstream wrote them.

    Args:
        packed: Whether base64 may stay as it is: nobody here needs the numbers.

    Raises:
        InvokeServerUnavailableError: A vector is missing, or is none.
    """
    if packed and (texts := packed_vector_each(vectors, count)):
        return TextEmbeddingResult.model_construct(model=model, embeddings=[], usage=usage, packed=texts)
    numbers = one_vector_each(vectors, count)
    if all(isinstance(vector, str) for vector in vectors):  # floats by construction: checking them is dear
        return TextEmbeddingResult.model_construct(model=model, embeddings=numbers, usage=usage)
    try:
        return TextEmbeddingResult(model=model, embeddings=numbers, usage=usage)
    except ValidationError:
        raise InvokeServerUnavailableError("the provider's vectors are not lists of numbers") from None
