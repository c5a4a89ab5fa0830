"""Where requests go: a model, or one of the inference profiles through which several regions serve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelbay.errors import InvokeBadRequestError
from modelbay.wires.family import Endpoint, Options
from modelbay.wires.paths import in_segment

CROSS_REGION = "cross-region"  # the parameter's name
_CHOICES = ("disabled", "geographic", "japan", "global")
_PREFIXES = ("us.", "eu.", "apac.", "jp.", "au.", "in.", "ca.", "us-gov.", "global.")


def to_url(endpoint: Endpoint, name: str, action: str) -> str:
    """Return the address of what is done with a model; InvokeBadRequestError if that is no name of one."""
    return endpoint.url(f"model/{in_segment(name)}/{action}")


def base_name(name: str) -> str:
    """Return a model's id without the prefix of a profile."""
    prefix = next((each for each in _PREFIXES if name.startswith(each)), "")
    return name.removeprefix(prefix)


def profile_of(name: str, parameters: Mapping[str, Any], options: Options) -> str:
    """Return the id to call: the profile that is asked for, if the name is not one already.

    Raises:
        InvokeBadRequestError: The parameter has another value than the four.
    """
    choice = parameters.get(CROSS_REGION) or options.get("cross_region") or "disabled"
    if choice not in _CHOICES:
        raise InvokeBadRequestError(f"{CROSS_REGION}: {choice!r} is not one of {', '.join(_CHOICES)}")
    if choice == "disabled" or not _is_model(name):
        return name
    fixed = {"japan": "jp", "global": "global"}
    prefix = fixed.get(choice) or _geographic(options.get("geography"), options.get("profiles"))
    return f"{prefix}.{name}"


def _is_model(name: str) -> bool:
    """Whether it is the id of a model, `vendor.name`, and not of a profile, nor an ARN."""
    return "." in name and not name.startswith("arn:") and base_name(name) == name


def _geographic(at_region: Any, of_model: Any) -> str:
    """Return the first of a region's prefixes that the model has; its first, if that is not known."""
    prefixes: Sequence[str] = at_region if isinstance(at_region, list) and at_region else ["us"]
    return next((each for each in prefixes if each in (of_model or ())), prefixes[0])
