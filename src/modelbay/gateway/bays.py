"""What each workspace calls with: its own credentials and ways, on one catalog and host for all."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from modelbay.entities import ModelType, PriceConfig
from modelbay.hosts import Host
from modelbay.platform.credentials.resolve import WorkspaceCredentials
from modelbay.platform.credentials.snapshot import Snapshot
from modelbay.platform.network.ways import Networks, Ways
from modelbay.platform.prices.book import PriceBook
from modelbay.runtime import Engine
from modelbay.runtime.choices import Choices, Names
from modelbay.runtime.lanes import Lanes
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Catalog, Using
from modelbay.runtime.routing import Figures
from modelbay.runtime.trying import Balancer
from modelbay.wires.relaying import Relay

_MOST = 1_000  # workspaces whose calls are prepared; those not called for longest are prepared anew


class Way(NamedTuple):
    """How models are reached with some credentials."""

    engine: Engine
    lanes: Lanes


class Bay(NamedTuple):
    """A workspace's way to the models.

    Lent credentials go by the installation's own way: an address, a proxy or a certificate of the workspace
    would be shown them.
    """

    own: Way
    lent: Way
    choices: Choices
    made_of: Snapshot
    is_limited: bool

    @property
    def engine(self) -> Engine:
        """What calls models with the workspace's own credentials."""
        return self.own.engine

    def way(self, using: Using) -> Way:
        """Return how models are reached with some credentials."""
        return self.lent if using.hosted else self.own


class Bays:
    """Makes a workspace's bay at its first call, and again when its credentials have changed."""

    def __init__(
        self,
        catalog: Catalog,
        host: Host,
        names: Names,
        relays: Mapping[str, Relay],
        ways: Ways,
        *,
        figures: Callable[[str], Figures],
        balancer: Balancer,
    ) -> None:
        """Prepare for any number of workspaces.

        Args:
            names: The installation's own; a workspace's come before them.
            figures: What the ledger says of a workspace's recent calls, without waiting.
            balancer: What this process remembers of turns and failures.
        """
        self._catalog = catalog
        self._host = host
        self._names = names
        self._relays = relays
        self._ways = ways
        self._figures = figures
        self._balancer = balancer  # outlives the bays, which any change replaces
        self._made: OrderedDict[str, Bay] = OrderedDict()

    def of(self, source: WorkspaceCredentials) -> Bay:
        """Return the bay of a workspace, as its credentials are now; calls under way keep theirs."""
        workspace = source.snapshot.workspace
        bay = self._made.get(workspace)
        if bay is None or bay.made_of is not source.snapshot:
            bay = self._made[workspace] = self._make(source)
            if len(self._made) > _MOST:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(workspace)
        return bay

    def close(self) -> None:
        """Refuse every later call."""
        for bay in self._made.values():
            bay.own.engine.close()
            bay.lent.engine.close()

    def _make(self, source: WorkspaceCredentials) -> Bay:
        snapshot = source.snapshot
        host = self._host.through(self._ways.of(snapshot.workspace, snapshot.networks))
        network = Networks(snapshot.networks)
        own = Engine(catalog=self._catalog, host=host, credentials=source.own, network=network)
        lent = Engine(catalog=self._catalog, host=self._host, credentials=source)
        defaults = {kind: f"{row.provider}/{row.model}" for kind, row in snapshot.defaults.items()}
        choices = Choices(
            self._catalog,
            source,
            self._names.under(snapshot.routes, defaults),
            workspace=snapshot.workspace,
            balancer=self._balancer,
            figures=self._figures,
            priced=partial(_price_now, snapshot.prices),
        )
        return Bay(
            Way(own, Lanes(own, self._relays)),
            Way(lent, Lanes(lent, self._relays)),
            choices,
            snapshot,
            is_limited=bool(snapshot.terms.budgets or source.hosted),
        )


def _price_now(
    book: PriceBook, name: ModelName, model_type: ModelType, declared: PriceConfig | None
) -> PriceConfig | None:
    """Return what a model costs in a workspace now."""
    return book.of(name.provider, name.model, model_type.value, declared, time.time()).config
