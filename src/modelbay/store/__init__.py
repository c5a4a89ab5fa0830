"""Tables, queries and migrations. Rules are the platform's."""

from modelbay.store.database import Database
from modelbay.store.directory import data_directory, open_directory
from modelbay.store.failures import ConflictError, StoreError

__all__ = ["ConflictError", "Database", "StoreError", "data_directory", "open_directory"]
