"""A database and a storage folder as an installation of Dify leaves them."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.platform.vault.dify_sealing import sealed

_OF_TENANT = "tenant_id uuid NOT NULL, provider_name varchar(255) NOT NULL"
_OF_MODEL = f"{_OF_TENANT}, model_name varchar(255) NOT NULL, model_type varchar(40) NOT NULL"
_TIMES = (
    "created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,"
    " updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP"
)
SCHEMA = {
    "tenants": "name varchar(255) NOT NULL, encrypt_public_key text, plan varchar(255) DEFAULT 'basic',"
    " status varchar(255) NOT NULL DEFAULT 'normal'",
    "providers": f"{_OF_TENANT}, provider_type varchar(40) NOT NULL DEFAULT 'custom',"
    " is_valid boolean NOT NULL DEFAULT false, last_used timestamp, credential_id uuid,"
    " quota_type varchar(40) DEFAULT '', quota_limit bigint, quota_used bigint,"
    " UNIQUE (tenant_id, provider_name, provider_type, quota_type)",
    "provider_credentials": f"{_OF_TENANT}, credential_name varchar(255) NOT NULL,"
    " encrypted_config text NOT NULL",
    "provider_models": f"{_OF_MODEL}, credential_id uuid, is_valid boolean NOT NULL DEFAULT false,"
    " UNIQUE (tenant_id, provider_name, model_name, model_type)",
    "provider_model_credentials": f"{_OF_MODEL}, credential_name varchar(255) NOT NULL,"
    " encrypted_config text NOT NULL",
    "provider_model_settings": f"{_OF_MODEL}, enabled boolean NOT NULL DEFAULT true,"
    " load_balancing_enabled boolean NOT NULL DEFAULT false",
    "load_balancing_model_configs": f"{_OF_MODEL}, name varchar(255) NOT NULL, encrypted_config text,"
    " credential_id uuid, credential_source_type varchar(40), enabled boolean NOT NULL DEFAULT true",
    "tenant_default_models": f"{_OF_MODEL}, UNIQUE (tenant_id, model_type)",
    "tenant_preferred_model_providers": f"{_OF_TENANT}, preferred_provider_type varchar(40) NOT NULL",
}
OPENAI, GOOGLE = "langgenius/openai/openai", "langgenius/gemini/google"


class Dify:
    """An installation of Dify: tables in PostgreSQL or in an SQLite file, private keys in a folder."""

    def __init__(self, place: str, storage: Path) -> None:
        self.place = place
        self.storage = storage
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self._age = 0
        for table, columns in SCHEMA.items():
            parts = columns.split(", UNIQUE")
            unique = f", UNIQUE{parts[1]}" if len(parts) > 1 else ""
            self.run(f"CREATE TABLE {table} (id uuid PRIMARY KEY, {parts[0]}, {_TIMES}{unique})")

    def run(self, statement: str, values: Mapping[str, Any] | None = None) -> None:
        """Run a statement, with parameters written `:name`."""
        if self.place.startswith("postgresql"):
            import psycopg

            for name in values or {}:
                statement = statement.replace(f":{name}", f"%({name})s")
            with psycopg.connect(self.place, autocommit=True) as connection:
                connection.execute(statement.encode(), values)
            return
        file = sqlite3.connect(self.place, isolation_level=None)
        file.execute(statement, values or {})
        file.close()

    def add(self, table: str, tenant: str = "", **values: Any) -> str:
        """Insert a row, younger than those before it; return its id."""
        self._age += 1
        row = {
            "id": str(uuid.uuid4()),
            "created_at": f"2026-01-01 {self._age // 60:02}:{self._age % 60:02}",
            **values,
        }
        if tenant:
            row["tenant_id"] = tenant
        names = sorted(row, key=len, reverse=True)  # no name is the beginning of one replaced before
        marks = ", ".join(f":{name}" for name in names)
        self.run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", row)
        return str(row["id"])

    def tenant(self, name: str, **more: Any) -> str:
        """Make a tenant with a key pair; return its id."""
        tenant = self.add("tenants", name=name, **more)
        key = self.keys[tenant] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        folder = self.storage / "privkeys" / tenant
        folder.mkdir(parents=True)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        (folder / "private.pem").write_bytes(pem)
        return tenant

    def seal(self, tenant: str, text: str) -> str:
        """Seal a secret as Dify does."""
        return sealed(self.keys[tenant], text)

    def credentials(
        self,
        tenant: str,
        provider: str,
        config: Mapping[str, Any],
        *,
        name: str = "API KEY 1",
        model: str = "",
        model_type: str = "llm",
    ) -> str:
        """Store credentials of a provider, or of one of its models; return their id."""
        of = {"model_name": model, "model_type": model_type} if model else {}
        return self.add(
            "provider_model_credentials" if model else "provider_credentials",
            tenant,
            provider_name=provider,
            credential_name=name,
            encrypted_config=json.dumps(config),
            **of,
        )
