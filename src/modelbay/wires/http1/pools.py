"""The pools of one transport: a pool belongs to one event loop, a transport serves any number of them."""

from __future__ import annotations

import asyncio
import threading

from modelbay.wires.http1.pool import Pool
from modelbay.wires.http1.proxy import Proxies, Proxy
from modelbay.wires.http1.target import target_of
from modelbay.wires.settings import TransportSettings

__all__ = ["Pools"]


class Pools:
    """A pool for each event loop, made when the loop first asks for it."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._pools: dict[asyncio.AbstractEventLoop, Pool] = {}
        self._lock = threading.Lock()
        self._closed = False

    def here(self) -> Pool:
        """Return the pool of the running loop."""
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        return pool if pool is not None else self._new(loop)

    def proxy_of(self, url: str) -> Proxy | None:
        """Return the proxy through which the running loop reaches an address; None if there is none."""
        pool = self._pools.get(asyncio.get_running_loop())
        return pool.proxies.choose(target_of(url)) if pool is not None else None

    def close_idle(self) -> None:
        """Close the connections that no call uses, on every event loop."""
        for loop, pool in list(self._pools.items()):
            if loop.is_running():
                loop.call_soon_threadsafe(pool.close_idle)
            else:
                pool.close_idle()

    def close(self) -> None:
        """Close every connection on every event loop, this one among them; nobody gets a new one."""
        with self._lock:
            self._closed = True
            pools, self._pools = self._pools, {}
        for loop, pool in pools.items():
            if loop is not asyncio.get_running_loop() and loop.is_running():
                loop.call_soon_threadsafe(pool.close)
            else:
                pool.close()

    def _new(self, loop: asyncio.AbstractEventLoop) -> Pool:
        with self._lock:
            if self._closed:
                raise RuntimeError("This transport is closed.")
            for other in [each for each in self._pools if each.is_closed()]:
                self._pools.pop(other).close()
            proxies = Proxies(self._settings.proxy, trust_env=self._settings.trust_env)
            self._pools[loop] = Pool(self._settings, proxies)
            return self._pools[loop]
