"""Vectors as upstreams write them."""

from __future__ import annotations

import binascii
import sys
from array import array
from typing import Any

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
