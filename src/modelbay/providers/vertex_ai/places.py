"""Where a model is called: each publisher may have a location of its own, and some models are global only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelbay.errors import InvokeBadRequestError

_LOCATION = re.compile(r"/locations/([^/]+)/")
_NAME = re.compile(r"[a-z0-9-]*")
_REGIONS = frozenset({"us", "eu"})  # several regions together, each under a host of its own


def located(model: str, credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Return the credentials with the locations that the paths of the declaration name."""
    default = _given(credentials, "vertex_location") or "us-central1"
    listed = str(credentials.get("vertex_global_models") or "").split(",")
    everywhere = "global" if model in map(str.strip, listed) else ""
    claude = _given(credentials, "vertex_anthropic_location") or _given(credentials, "vertex_location")
    return {
        **credentials,
        "location": everywhere or default,
        "anthropic_location": everywhere or claude or "us-east5",
        "mistral_location": everywhere or _given(credentials, "vertex_mistral_location") or default,
    }


def with_host(options: dict[str, Any], credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the address of the location in their path, unless an endpoint is given."""
    found = _LOCATION.search(str(options.get("path") or ""))
    if found is None or credentials.get("vertex_endpoint"):
        return options
    return {**options, "address": _host(found[1])}


def _host(location: str) -> str:
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in _REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def _given(credentials: Mapping[str, Any], name: str) -> str:
    """Return a location; it becomes part of a host."""
    location = str(credentials.get(name) or "").strip()
    if not _NAME.fullmatch(location):
        raise InvokeBadRequestError(f"credential '{name}' is {location!r}; give a location as us-central1")
    return location
