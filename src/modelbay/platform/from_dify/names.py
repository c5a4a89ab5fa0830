"""Dify's names for what has another name here. Facts; read 2026-11-21."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Final

from modelbay.entities import ModelType

_MAKER: Final = (
    "langgenius"  # of the plugins whose forms ours are compared with (tests/providers/test_forms.py)
)
_PROVIDERS: Final = {
    "google": "gemini",  # langgenius/gemini/google
    "nvidia_nim": "nvidia",  # langgenius/nvidia_nim/nvidia_nim: a NIM server of one's own
}
_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zhipuai": {"zhipuai_base_url": "base_url"},  # in configurations saved by old releases
}
_TYPES: Final = {  # in rows written by old releases
    "text-generation": ModelType.LLM,
    "embeddings": ModelType.TEXT_EMBEDDING,
    "reranking": ModelType.RERANK,
}


def provider_name(theirs: str, known: Collection[str], chosen: Mapping[str, str]) -> str | None:
    """Return our name of a provider; None if there is none of it here.

    Args:
        theirs: `organization/plugin/provider`, or a bare name, as rows of before the plugins have it.
        chosen: What somebody has said that theirs are here, which stands before all else.
    """
    if theirs in chosen:
        return chosen[theirs]
    *maker, name = theirs.split("/")
    if maker and maker[0] != _MAKER:
        return None  # somebody else's plugin of that name may have another form
    ours = _PROVIDERS.get(name, name)
    return ours if ours in known else None


def fields_renamed(provider: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored configuration with the field names of our form."""
    renamed = _FIELDS.get(provider, {})
    return {renamed.get(field, field): value for field, value in config.items()}


def type_of(theirs: str) -> ModelType | None:
    """Return a model's type; None if it is none of ours."""
    try:
        return _TYPES.get(theirs) or ModelType(theirs)
    except ValueError:
        return None


def id_of(prefix: str, *theirs: str) -> str:
    """Return the id that a row of theirs has here: the same in every run, so that none is made twice."""
    return f"{prefix}_{hashlib.sha256('/'.join(('dify', *theirs)).encode()).hexdigest()[:16]}"
