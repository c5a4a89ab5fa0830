"""The tables, said once: migrations and `schema.sql` are tested to make exactly these.

Only tests import this package: SQLAlchemy takes 0.3 s and 34 MB to load, which would be most of a gateway's
start. Queries are portable SQL with named parameters, which SQLite's own driver runs as it is.
"""

from modelbay.store.tables import ledger, limits, models, people
from modelbay.store.tables.columns import metadata

__all__ = ["ledger", "limits", "metadata", "models", "people"]
