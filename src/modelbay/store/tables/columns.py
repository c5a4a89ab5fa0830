"""What tables are made of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData, Numeric, Text
from sqlalchemy.types import TypeEngine

# SQLite has no decimals: text keeps every digit, and sums are made by `exact_sum`.
EXACT: TypeEngine[str] = Text().with_variant(Numeric, "postgresql")
# SQLite's integers have 64 bits by any name; PostgreSQL's INTEGER has 32, which a hostile count would exceed.
BIG: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()
