"""The library face: what an application developer imports."""

from modelbay.library.asynchronous import AsyncLLM, AsyncModelbay
from modelbay.library.synchronous import LLM, Modelbay

__all__ = ["LLM", "AsyncLLM", "AsyncModelbay", "Modelbay"]
