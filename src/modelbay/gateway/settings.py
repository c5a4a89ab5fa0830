"""What the gateway is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from modelbay.errors import ModelbayError
from modelbay.platform.network.policy import FIRST_ONLY, Policy, Who

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
            text = path.read_text("utf-8")
        except FileNotFoundError:
            return cls(str(data_dir), **more)
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
        # YAML and the model of the file take start-up time and memory: for who has such a file.
        from modelbay.gateway.settings_file import parse  # noqa: PLC0415

        return cls(str(data_dir), **parse(text, path), **more)
