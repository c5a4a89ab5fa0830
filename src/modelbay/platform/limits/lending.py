"""Lending only to plugins that may see the installation's credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from modelbay.entities import ModelProviderConfiguration
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.limits.hosted import FILE, Hosted, HostedError


class Plugins(Protocol):
    """Which plugins there are, as the catalog knows them."""

    def declared(self, name: str) -> ModelProviderConfiguration:
        """Return what a provider declares."""
        ...

    def is_builtin(self, name: str) -> bool:
        """Whether a provider's plugin came with Modelbay."""
        ...


def read_hosted(data_dir: Path, plugins: Plugins) -> Hosted:
    """Return what the installation lends, each provider of it checked against its plugin.

    Raises:
        HostedError: The file is not as it should be, a provider does not exist, or its plugin is not trusted.
    """
    hosted = Hosted.read(data_dir)
    for each in hosted.providers():
        try:
            declared, trusted = plugins.declared(each.name), plugins.is_builtin(each.name)
        except InvokeBadRequestError as error:
            raise HostedError(f"{FILE}: {each.name}: {error.description}") from None
        hosted.check(each.name, declared, trusted=trusted)
    return hosted
