"""Passwords: argon2id, long rather than odd, and never kept."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.platform.people.persons import GOOD, quick_passwords

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.people.passwords import LONGEST, SHORTEST, Passwords, check_password
from modelbay.platform.people.refusals import TooManyAttemptsError


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """The real thing, quick."""
    quick = quick_passwords()
    yield quick
    quick.close()


async def test_a_password_is_known_again_and_another_is_not(passwords: Passwords) -> None:
    """The same password has another hash each time: equal ones do not show."""
    one, two = await passwords.hash(GOOD), await passwords.hash(GOOD)

    assert one != two
    assert GOOD not in one
    assert await passwords.matches(one, GOOD)
    assert await passwords.matches(two, GOOD)
    assert not await passwords.matches(one, GOOD + " ")


@given(st.text(min_size=1), st.text())
@settings(max_examples=50)
def test_any_text_can_be_a_password(password: str, other: str) -> None:
    """Every letter counts, in whichever way a keyboard writes it."""
    passwords = quick_passwords()
    stored = passwords._hash(password)

    assert passwords._matches(stored, password)
    assert passwords._matches(stored, other) == (check_same(password, other))


def check_same(one: str, other: str) -> bool:
    """Whether two texts are one password."""
    import unicodedata

    return unicodedata.normalize("NFKC", one) == unicodedata.normalize("NFKC", other)


async def test_new_hashes_have_the_parameters_that_the_rfc_recommends() -> None:
    """The second choice of RFC 9106: 64 MiB, three passes, four lanes."""
    passwords = Passwords()
    stored = await passwords.hash(GOOD)
    passwords.close()

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not passwords.is_outdated(stored)


async def test_a_hash_of_other_parameters_is_outdated_and_still_good(passwords: Passwords) -> None:
    """Machines become faster: hashes have to follow, without anybody losing a password."""
    stored = await passwords.hash(GOOD)
    stronger = Passwords(time_cost=2, memory_cost=16, parallelism=1)

    assert not passwords.is_outdated(stored)
    assert stronger.is_outdated(stored)
    assert await stronger.matches(stored, GOOD)
    stronger.close()


@pytest.mark.parametrize("stored", ["", "damaged", "$argon2id$v=19$m=8,t=1,p=1$x"])
async def test_nothing_matches_where_there_is_no_hash(passwords: Passwords, stored: str) -> None:
    """Not even an empty password, nor one beyond all length."""
    for password in ("", GOOD, "x" * (LONGEST + 1), "\udc80"):
        assert not await passwords.matches(stored, password)


async def test_there_is_the_same_work_without_a_user(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the time of an answer would tell who has an account."""
    import argon2

    verified: list[str] = []
    real = argon2.PasswordHasher.verify

    def watched(self: argon2.PasswordHasher, stored: str, password: bytes) -> bool:
        verified.append(stored.rpartition("$")[0].rpartition("$")[0])
        return real(self, stored, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)
    stored = await passwords.hash(GOOD)
    work = []
    for known in (stored, ""):
        for password in ("wrong", "x" * (LONGEST + 1)):
            verified.clear()
            await passwords.matches(known, password)
            work.append(list(verified))

    assert work == [["$argon2id$v=19$m=8,t=1,p=1"]] * 4


async def test_a_flood_is_refused_rather_than_kept_waiting(passwords: Passwords) -> None:
    """Each comparison takes 64 MiB: hundreds at once would end the process."""
    tries = [passwords.matches("", GOOD) for _ in range(200)]
    ends = await asyncio.gather(*tries, return_exceptions=True)
    refused = [end for end in ends if isinstance(end, TooManyAttemptsError)]

    assert len(refused) == 200 - 34
    assert refused[0].retry_after == 2.0
    assert [end for end in ends if isinstance(end, bool)] == [False] * 34
    assert not await passwords.matches("", GOOD)


@pytest.mark.parametrize("password", ["x" * SHORTEST, "x" * LONGEST, "älteres schiff", "       7     "])
def test_only_the_length_of_a_password_counts(password: str) -> None:
    """Rules about its letters make people write it down."""
    assert check_password(password) == password


@pytest.mark.parametrize("password", ["", "x" * (SHORTEST - 1), "x" * (LONGEST + 1)])
def test_a_password_that_is_too_short_or_long_is_refused_and_not_quoted(password: str) -> None:
    """The message goes to logs and screens."""
    with pytest.raises(InvokeBadRequestError, match=r"^new: 12 to 1000 characters") as caught:
        check_password(password, field="new")
    assert not password or password not in str(caught.value)


def test_no_start_loads_argon2() -> None:
    """Only who signs in needs it, and it is an extra."""
    code = (
        "import sys; import modelbay.platform.people.signing_in, modelbay.cli.app\n"
        "sys.exit(', '.join({'argon2', 'cffi', 'sqlalchemy', 'cryptography'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
