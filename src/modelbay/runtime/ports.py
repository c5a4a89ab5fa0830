"""What the runtime asks of those who use it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from modelbay.entities import AIModelEntity, Credentials, ModelProviderConfiguration, ModelType
from modelbay.wires.network import Network


class Declared(Protocol):
    """A plugin that the catalog has read."""

    @property
    def folder(self) -> Path:
        """Where the plugin is."""
        ...

    @property
    def provider(self) -> ModelProviderConfiguration:
        """What it declares of its provider."""
        ...

    @property
    def models(self) -> Sequence[AIModelEntity]:
        """What it declares of its models."""
        ...


class ListedProvider(Protocol):
    """A row of the catalog's list of providers."""

    @property
    def provider(self) -> str:
        """The provider's name."""
        ...


class Listed(Protocol):
    """A row of the catalog's list of models."""

    @property
    def provider(self) -> str:
        """The provider's name."""
        ...

    @property
    def model(self) -> str:
        """The model's name."""
        ...


class Catalog(Protocol):
    """Which plugins there are."""

    def provider(self, name: str) -> Declared:
        """Return a provider's plugin; InvokeBadRequestError, listing the providers, if there is none."""
        ...

    def declared(self, name: str) -> ModelProviderConfiguration:
        """Return what a provider declares, without its models; as `provider` if there is none."""
        ...

    def providers(self) -> Sequence[ListedProvider]:
        """Return all providers."""
        ...

    def find_model(self, name: str, type: str | None = None) -> Sequence[Listed]:  # noqa: A002
        """Return the declared models of that name and type, of whichever provider."""
        ...


class Using(NamedTuple):
    """Credentials that a call may use, with their id and name.

    `hosted` is the quota that pays for them, "" if they are the workspace's own.
    """

    credentials: Credentials
    id: str = ""
    name: str = ""
    hosted: str = ""


class NetworkSource(Protocol):
    """What is set for the way to providers."""

    def network(self, provider: str) -> Network | None:
        """Return the settings for a provider; None if there are none."""
        ...


class CredentialSource(Protocol):
    """Whose credentials a call uses."""

    def credentials(
        self, provider: ModelProviderConfiguration, model: str | None, model_type: ModelType | None
    ) -> Credentials | None:
        """Return the credentials for a provider's model; None if there are none."""
        ...
