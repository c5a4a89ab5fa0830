"""The path of a call: resolve the model, get credentials, let the host run the plugin."""

from modelbay.runtime.engine import Engine
from modelbay.runtime.names import ModelName
from modelbay.runtime.ports import Catalog, CredentialSource, Declared

__all__ = ["Catalog", "CredentialSource", "Declared", "Engine", "ModelName"]
