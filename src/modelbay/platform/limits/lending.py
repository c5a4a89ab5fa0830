"""Lending only to plugins that may see the installation's credentials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from modelbay.entities import ModelProviderConfiguration
from modelbay.errors import InvokeBadRequestError
from modelbay.platform.credentials.resolve import HOSTED
from modelbay.platform.credentials.snapshot import Choice, Status
from modelbay.platform.limits.hosted import FILE, Hosted, HostedError
from modelbay.platform.limits.quotas import Quota, list_quotas
from modelbay.store import Database


class Lent:
    """What calls use where something is lent, as it stands now: for lists of models with their statuses."""

    def __init__(self, database: Database, hosted: Hosted, workspace: str) -> None:
        self._quotas: dict[str, list[Quota]] = defaultdict(list)
        self._hosted = hosted
        for each in list_quotas(database, hosted, workspace) if hosted else ():
            self._quotas[each.provider].append(each)

    def __call__(self, provider: str, model: str, own: Choice) -> Choice:
        """Return what a call of a model uses, own credentials or lent ones, or why it can use neither."""
        quotas = self._quotas.get(provider, [])
        if not quotas or own.status is Status.DISABLED:
            return own
        if quotas[0].preferred != HOSTED and own.status is not Status.NO_CONFIGURE:
            return own  # broken credentials of its own are told, not passed over
        lent = self._lent(provider, model, quotas)
        return own if own.credentials and lent.status is not Status.ACTIVE else lent

    def _lent(self, provider: str, model: str, quotas: Sequence[Quota]) -> Choice:
        covering = [each for each in quotas if self._covers(each, model)]
        if not covering:
            text = f"what is lent of {provider} does not cover this model: give credentials of your own"
            return Choice(Status.NO_PERMISSION, text=text)
        first = next((each for each in covering if each.valid), None)
        if first is None:
            text = f"the {covering[-1].kind} quota of {provider} is used up: give credentials of your own"
            return Choice(Status.QUOTA_EXCEEDED, text=text)
        return Choice(Status.ACTIVE, None, f"hosted:{first.kind}", "hosted")

    def _covers(self, quota: Quota, model: str) -> bool:
        terms = self._hosted.terms(quota.provider, quota.kind)
        return terms is not None and terms.covers(model)


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
