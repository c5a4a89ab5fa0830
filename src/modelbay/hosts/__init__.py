"""Where a plugin's code runs."""

from modelbay.hosts.host import Host, ProviderCode, TransportOf
from modelbay.hosts.in_process import InProcessHost

__all__ = ["Host", "InProcessHost", "ProviderCode", "TransportOf"]
