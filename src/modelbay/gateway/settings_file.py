"""`gateway.yaml`: what it may say, and what it makes of the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from modelbay.gateway.addresses import check_proxies
from modelbay.gateway.settings import Limits, SettingsError
from modelbay.platform.network.policy import FIRST_ONLY
from modelbay.platform.people.oidc.settings import OidcSettings


class SettingsFile(BaseModel):
    """The settings file as people write it."""

    model_config = ConfigDict(extra="forbid")

    routes: dict[str, list[str]] = Field(
        default_factory=dict, description="A name for models to try in order, where one is not to be had."
    )
    defaults: dict[str, str] = Field(
        default_factory=dict, description='What "default" means, for each type of model.'
    )
    plugins: list[str] = Field(
        default_factory=list,
        description="Folders with more plugins; a relative path is from this file's folder.",
    )
    limits: dict[str, float] = Field(default_factory=dict, description="See `Limits`.")
    when_database_is_away: Literal["spool", "refuse"] = Field(
        default="spool",
        description="Whether calls of known keys are taken meanwhile and moved into the database later.",
    )
    spool_limit: int = Field(
        default=2**30, gt=0, description="Bytes of calls that wait for the database before calls are refused."
    )
    file_hosts: list[str] = Field(
        default_factory=list,
        description="Hosts at private addresses from which files that messages name may be fetched.",
    )
    private_addresses: Literal["all", "none"] | list[str] = Field(
        default=list(FIRST_ONLY),
        description="Workspaces whose calls may go to any private address. The others need each host "
        "allowed: modelbay network set PROVIDER --private-host HOST.",
    )
    machine_identities: Literal["all", "none"] | list[str] = Field(
        default=list(FIRST_ONLY),
        description="Workspaces whose calls may use the machine's own identity: an IAM role, application "
        "default credentials, a managed identity.",
    )
    oidc: OidcSettings | None = Field(None, description="Single sign-on: see the guide for teams.")
    trusted_proxies: list[str] = Field(
        default_factory=list,
        description="Ranges of addresses, or unix, of proxies whose `X-Forwarded-For` is believed.",
    )

    _proxies = field_validator("trusted_proxies")(check_proxies)


def parse(text: str, path: Path) -> dict[str, Any]:
    """Return the fields of `GatewaySettings` that a file gives; `path` is where it is.

    Raises:
        SettingsError: The file is not as it should be.
    """
    try:
        read = SettingsFile.model_validate(yaml.safe_load(text) or {})
        limits = Limits(**{name: _whole(value) for name, value in read.limits.items()})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: {place}: {first['msg']}") from None
    except (yaml.YAMLError, TypeError) as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
    return {
        "routes": read.routes,
        "defaults": read.defaults,
        "plugins": [str(path.parent / Path(folder).expanduser()) for folder in read.plugins],
        "limits": limits,
        "file_hosts": [host.lower() for host in read.file_hosts],
        "when_database_is_away": read.when_database_is_away,
        "spool_limit": read.spool_limit,
        "private_addresses": read.private_addresses,
        "machine_identities": read.machine_identities,
        "oidc": _proved(read.oidc, path),
        "trusted_proxies": read.trusted_proxies,
    }


def _proved(oidc: OidcSettings | None, path: Path) -> dict[str, Any] | None:
    """Return how people sign in; SettingsError if the client's secret is not where it should be."""
    if oidc is None:
        return None
    try:
        oidc.secret()
    except ValueError as error:
        raise SettingsError(f"{path}: oidc.client_secret: {error}") from None
    return oidc.model_dump()


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value
