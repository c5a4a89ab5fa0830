"""The ways to providers: for each workspace and provider a transport, shared by all whose settings agree."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from modelbay.hosts import TransportOf
from modelbay.platform.network.policy import Policy
from modelbay.wires.allowance import Allowance
from modelbay.wires.call_transport import CallTransport
from modelbay.wires.network import Network
from modelbay.wires.settings import TransportSettings
from modelbay.wires.transport import Transport, Transports

_MOST: Final = 10_000  # workspaces whose last minute is remembered


class Networks:
    """A `NetworkSource` of one workspace at one moment."""

    def __init__(self, networks: Mapping[str, Network]) -> None:
        self._networks = networks

    def network(self, provider: str) -> Network | None:
        """Return the settings for a provider; None if there are none."""
        return self._networks.get(provider)


class Ways:
    """Finds the way to a provider. Who has no settings of their own goes by the installation's transport."""

    def __init__(self, transport: Transport, policy: Policy) -> None:
        """Begin with one way.

        Args:
            transport: The installation's own; it is not closed here.
        """
        self._transport = transport
        self._policy = policy
        self._others = Transports()
        self._allowances: OrderedDict[str, dict[str, Allowance]] = OrderedDict()

    def of(self, workspace: str, networks: Mapping[str, Network]) -> TransportOf:
        """Return how the calls of a workspace reach providers, under these settings."""
        own = self._policy.settings(workspace, self._transport.settings)
        usual = self._unless_usual(own)
        settings = {name: self._unless_usual(network.on_transport(own)) for name, network in networks.items()}

        allowances = self._allow(workspace, networks)
        on_terms = {name: network for name, network in networks.items() if network.has_terms}

        def transport_of(provider: str) -> Transport:
            other = settings.get(provider, usual)
            network = on_terms.get(provider)
            if network is None:
                return self._at(other)
            return CallTransport(lambda: self._at(other), network, allowances.get(provider))

        return transport_of

    async def aclose(self) -> None:
        """Close all ways but the installation's own."""
        await self._others.aclose()

    def _allow(self, workspace: str, networks: Mapping[str, Network]) -> Mapping[str, Allowance]:
        """Return what a workspace may ask of providers: what is known of the last minute stays known."""
        known = self._allowances.pop(workspace, {})
        found = {
            name: known.get(name, Allowance()).adjust(
                rpm=network.rpm, tpm=network.tpm, parallelism=network.parallelism
            )
            for name, network in networks.items()
            if network.is_limited
        }
        for name in known.keys() - found.keys():
            known[name].adjust(rpm=None, tpm=None, parallelism=None)  # who waits, waits no longer
        if found:
            self._allowances[workspace] = found
            if len(self._allowances) > _MOST:
                self._allowances.popitem(last=False)
        return found

    def _at(self, other: TransportSettings | None) -> Transport:
        return self._transport if other is None else self._others.get(other)

    def _unless_usual(self, settings: TransportSettings) -> TransportSettings | None:
        """Return settings that need a transport of their own; None for those of the installation's."""
        return None if settings == self._transport.settings else settings
