"""A sign-in on its way: bound to a browser, good for ten minutes and once, on any replica."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from modelbay.platform.background import BackgroundDatabase
from modelbay.platform.people.oidc import attempts
from modelbay.platform.people.oidc.attempts import Attempt
from modelbay.platform.people.refusals import SignInRefusedError
from modelbay.platform.vault import MasterKeys, Vault
from modelbay.store import Database, open_directory

NOW = 1_700_000_000.0


def begun() -> Attempt:
    """Return a sign-in that begins now."""
    return attempts.begin(redirect="https://gate.example/callback", following="/", now=NOW)


def vault_of(folder: Path) -> Vault:
    """Return the vault as another process has it."""
    return Vault(MasterKeys(folder, {}))


@pytest.fixture
def folder(tmp_path: Path, backend: str) -> Path:
    """A data directory."""
    return open_directory(tmp_path / "data")


def test_another_replica_takes_it_back(folder: Path) -> None:
    """It is sealed by the vault, which all have."""
    attempt = begun()
    with Database.open(folder) as database:
        kept = attempts.sealed(database, vault_of(folder), attempt)
        back = attempts.come_back(database, vault_of(folder), kept, attempt.state, now=NOW + 599)

    assert back == attempt
    assert len(kept) < 2000  # browsers keep 4096 characters
    assert all(
        secret not in kept + repr(attempt) for secret in (attempt.state, attempt.nonce, attempt.verifier)
    )


@pytest.mark.parametrize("late", [600.0, 1e6])
def test_it_is_over_after_ten_minutes(folder: Path, late: float) -> None:
    """Whoever finds the browser open later begins again."""
    attempt = begun()
    with Database.open(folder) as database:
        kept = attempts.sealed(database, vault_of(folder), attempt)
        with pytest.raises(SignInRefusedError):
            attempts.come_back(database, vault_of(folder), kept, attempt.state, now=NOW + late)


async def test_of_many_that_come_back_at_once_one_is_let_in(folder: Path) -> None:
    """A used one is noted by a unique row, so there is no moment in between."""
    attempt, vault = begun(), vault_of(folder)
    database = BackgroundDatabase(folder, threads=8)
    try:
        kept = await database.run(attempts.sealed, vault, attempt)
        back = [database.run(attempts.come_back, vault, kept, attempt.state, now=NOW) for _ in range(8)]
        told = await asyncio.gather(*back, return_exceptions=True)
    finally:
        await database.close()

    assert sorted(type(each).__name__ for each in told) == ["Attempt"] + ["SignInRefusedError"] * 7


def test_what_is_over_is_forgotten(folder: Path) -> None:
    """The note of a used one is needed only as long as it could come back."""
    vault = vault_of(folder)
    with Database.open(folder) as database:
        for at in (NOW, NOW + 1000):
            attempt = attempts.begin(redirect="", following="/", now=at)
            attempts.come_back(
                database, vault, attempts.sealed(database, vault, attempt), attempt.state, now=at
            )

        assert database.rows("SELECT count(*) FROM used_sign_ins") == [(1,)]


def test_the_challenge_is_that_of_rfc_7636() -> None:
    """Its appendix B has an example."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    attempt = Attempt("s", "n", verifier, NOW, "", "/")

    assert attempt.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert attempt.challenge == urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()[:43]
