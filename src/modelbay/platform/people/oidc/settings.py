"""How people sign in with a provider of OpenID Connect: `oidc` in `gateway.yaml`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from modelbay.errors import ModelbayError
from modelbay.platform.people.emails import normal_email

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


class SecretPlace(BaseModel):
    """Where a secret is kept: never in the settings themselves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: str | None = Field(None, description="The name of an environment variable.")
    file: str | None = Field(None, description="The path of a file; its first line counts.")

    @model_validator(mode="after")
    def _one(self) -> SecretPlace:
        if (self.env is None) == (self.file is None):
            raise ValueError("write env: NAME or file: PATH")
        return self

    def read(self) -> str:
        """Return the secret.

        Raises:
            ValueError: There is none; the text says where.
        """
        if self.env is not None:
            found, place = os.environ.get(self.env, ""), f"the variable {self.env}"
        else:
            place = f"the file {self.file}"
            try:
                found = (Path(self.file or "").expanduser().read_text("utf-8").splitlines() or [""])[0]
            except (OSError, UnicodeDecodeError):
                found = ""
        if not found.strip():
            raise ValueError(f"{place} holds no secret")
        return found.strip()


class OidcSettings(BaseModel):
    """The provider, and whom of its people it lets in here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(description="The provider's address, exactly as its own configuration says it.")
    client_id: str = Field(min_length=1, description="What the provider calls this gateway.")
    client_secret: SecretPlace | None = Field(
        None, description="Where its secret is: `{env: NAME}` or `{file: PATH}`; none for a public client."
    )
    scopes: list[str] = Field(
        ["openid", "email", "profile"], description="What is asked for; `openid` has to be among it."
    )
    label: str = Field("Single sign-on", max_length=60, description="What the button says.")
    domains: list[str] = Field(
        default_factory=list, description="Only e-mail addresses of these domains; any without."
    )
    create_users: bool = Field(
        False, description="Whether people of the `domains` get an account without being invited."
    )
    workspace: str | None = Field(
        None, description="The workspace that such people become members of; none without."
    )
    url: str | None = Field(
        None, description="This gateway's address for browsers, if it is not the one that they send as Host."
    )

    @field_validator("issuer")
    @classmethod
    def _checked_issuer(cls, value: str) -> str:
        parts = urlsplit(value)
        if not is_safe(value) or parts.query or parts.fragment:
            raise ValueError("an https:// address without query; http:// only on this machine")
        return value

    @field_validator("url")
    @classmethod
    def _checked_url(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("an address that begins with https://")
        return value and value.rstrip("/")

    @field_validator("scopes")
    @classmethod
    def _checked_scopes(cls, value: list[str]) -> list[str]:
        if "openid" not in value or any(not scope or set(scope) & set(' "\\') for scope in value):
            raise ValueError("words, among them openid")
        return value

    @field_validator("domains")
    @classmethod
    def _checked_domains(cls, value: list[str]) -> list[str]:
        try:
            return [normal_email(f"x@{domain}").partition("@")[2] for domain in value]
        except ModelbayError:
            raise ValueError("domains, such as example.com") from None

    @model_validator(mode="after")
    def _knows_whom_to_create(self) -> OidcSettings:
        if self.create_users and not self.domains:
            raise ValueError("create_users needs domains: else everybody with an account there gets one here")
        if self.workspace and not self.create_users:
            raise ValueError("workspace is for people whom create_users lets in; others are invited into one")
        return self

    @property
    def discovery(self) -> str:
        """Where the provider describes itself."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    def secret(self) -> str:
        """Return the client's secret; "" for a public client. ValueError if it is not where it should be."""
        return self.client_secret.read() if self.client_secret is not None else ""

    def allows(self, email: str) -> bool:
        """Whether an e-mail address is of one of the domains."""
        return not self.domains or email.rpartition("@")[2] in self.domains


def is_safe(url: str) -> bool:
    """Whether an address can be trusted to be the provider's: over TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))
