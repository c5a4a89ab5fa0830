"""What each workspace calls with: its own credentials and ways, on one catalog and host for all."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from modelbay.hosts import Host
from modelbay.platform.credentials.resolve import WorkspaceCredentials
from modelbay.platform.credentials.snapshot import Snapshot
from modelbay.platform.network.ways import Networks, Ways
from modelbay.runtime import Engine
from modelbay.runtime.choices import Choices, Names
from modelbay.runtime.lanes import Lanes
from modelbay.runtime.ports import Catalog
from modelbay.wires.relaying import Relay

_MOST = 1_000  # workspaces whose calls are prepared; those not called for longest are prepared anew


class Bay(NamedTuple):
    """A workspace's way to the models."""

    engine: Engine
    choices: Choices
    lanes: Lanes
    made_of: Snapshot


class Bays:
    """Makes a workspace's bay at its first call, and again when its credentials have changed."""

    def __init__(
        self,
        catalog: Catalog,
        host: Host,
        names: Names,
        relays: Mapping[str, Relay],
        ways: Ways,
    ) -> None:
        self._catalog = catalog
        self._host = host
        self._names = names
        self._relays = relays
        self._ways = ways
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
            bay.engine.close()

    def _make(self, source: WorkspaceCredentials) -> Bay:
        snapshot = source.snapshot
        host = self._host.through(self._ways.of(snapshot.workspace, snapshot.networks))
        network = Networks(snapshot.networks)
        engine = Engine(catalog=self._catalog, host=host, credentials=source, network=network)
        choices = Choices(self._catalog, source, self._names)
        return Bay(engine, choices, Lanes(engine, self._relays), snapshot)
