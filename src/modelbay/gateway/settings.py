"""What the gateway is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from modelbay.errors import ModelbayError
from modelbay.gateway.addresses import check_proxies
from modelbay.platform.network.policy import FIRST_ONLY, Policy, Who
from modelbay.platform.people.oidc.settings import OidcSettings

FILE = "gateway.yaml"
_MIB = 2**20


class SettingsError(ModelbayError):
    """The settings cannot be read; the message names the file and the field."""

    summary = "The settings cannot be read."


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on what a client may send, all checked before anything is parsed or kept.

    Attributes:
        body: Bytes of a JSON body.
        upload: Bytes of a whole form with files.
        file: Bytes of one file in a form.
        depth: How deep a JSON body may be nested.
        items: How many messages, texts or documents a call may have.
        timeout: Seconds a whole call may take.
    """

    body: int = 32 * _MIB
    upload: int = 64 * _MIB
    file: int = 32 * _MIB
    depth: int = 64
    items: int = 10_000
    timeout: float = 600.0


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


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Settings of one gateway.

    Attributes:
        data_dir: Holds keys, ledger and stored responses.
        file_hosts: Hosts at private addresses from which files that messages name may be fetched.
        private_addresses: Workspaces that may call any private address: their ids, "all" or "none".
        machine_identities: Workspaces that may present the machine's own identity, as above.
        credentials: A JSON file with credentials by provider, beside those of the environment.
        trusted_proxies: Ranges of addresses of proxies whose `X-Forwarded-For` is believed.
        workers: How many processes serve; their metrics are added up.
        tls: Whether we are reached over TLS, so that cookies are kept to it.
        when_database_is_away: Whether calls of known keys are taken meanwhile, or refused.
        spool_limit: Bytes of calls that wait for the database before calls are refused.
        oidc: Single sign-on, as `OidcSettings` takes it; None is none.
        lanes: Whether calls may pass through untranslated where client and upstream speak one dialect.
    """

    data_dir: str
    credentials: str | None = None
    routes: dict[str, list[str]] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    plugins: list[str] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    file_hosts: list[str] = field(default_factory=list)
    when_database_is_away: Literal["spool", "refuse"] = "spool"
    spool_limit: int = 2**30
    private_addresses: Who = FIRST_ONLY
    machine_identities: Who = FIRST_ONLY
    trusted_proxies: list[str] = field(default_factory=list)
    access_log: bool = True
    workers: int = 1
    lanes: bool = True
    tls: bool = False
    oidc: dict[str, Any] | None = None

    @property
    def policy(self) -> Policy:
        """What is left to workspaces."""
        return Policy(self.private_addresses, self.machine_identities)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> GatewaySettings:
        """Return the settings with these fields, as `dataclasses.asdict` gives them."""
        return cls(**{**values, "limits": Limits(**values["limits"])})

    @classmethod
    def read(cls, data_dir: Path, **more: Any) -> GatewaySettings:
        """Return the settings that `gateway.yaml` in the data directory makes; the defaults if it is absent.

        Raises:
            SettingsError: The file is not as it should be.
        """
        path = data_dir / FILE
        try:
            given = yaml.safe_load(path.read_text("utf-8")) or {}
            read = SettingsFile.model_validate(given)
            limits = Limits(**{name: _whole(value) for name, value in read.limits.items()})  # type: ignore[arg-type]
        except FileNotFoundError:
            return cls(str(data_dir), **more)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise SettingsError(f"{path}: {place}: {first['msg']}") from None
        except (OSError, yaml.YAMLError, TypeError) as error:
            raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
        return cls(
            str(data_dir),
            routes=read.routes,
            defaults=read.defaults,
            plugins=[str(data_dir / Path(folder).expanduser()) for folder in read.plugins],
            limits=limits,
            file_hosts=[host.lower() for host in read.file_hosts],
            when_database_is_away=read.when_database_is_away,
            spool_limit=read.spool_limit,
            private_addresses=read.private_addresses,
            machine_identities=read.machine_identities,
            oidc=_proved(read.oidc, path),
            trusted_proxies=read.trusted_proxies,
            **more,
        )


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
