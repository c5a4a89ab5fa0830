"""Dify's secrets, opened with its private keys; made here by an implementation of the test's own."""

from __future__ import annotations

import base64
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.vault.dify_sealing import sealed, sealed_at_first, sealed_eax, xor

from modelbay.errors import InvokeBadRequestError
from modelbay.platform.vault import Secret, SecretUnreadable
from modelbay.platform.vault.dify import DifyTenant, open_eax

# "The EAX Mode of Operation", appendix G: message, key, nonce, header, ciphertext with tag.
VECTORS = [
    ("", "233952DEE4D5ED5F9B9C6D6FF80FF478", "62EC67F9C3A4A407FCB2A8C49031A8B3",
     "6BFB914FD07EAE6B", "E037830E8389F27B025A2D6527E79D01"),
    ("F7FB", "91945D3F4DCBEE0BF45EF52255F095A4", "BECAF043B0A23D843194BA972C66DEBD",
     "FA3BFD4806EB53FA", "19DD5C4C9331049D0BDAB0277408F67967E5"),
    ("1A47CB4933", "01F74AD64077F2E704C0F60ADA3DD523", "70C3DB4F0D26368400A10ED05D2BFF5E",
     "234A3463C1264AC6", "D851D5BAE03A59F238A23E39199DC9266626C40F80"),
    ("481C9E39B1", "D07CF6CBB7F313BDDE66B727AFD3C5E8", "8408DFFF3C1A2B1292DC199E46B7D617",
     "33CCE2EABFF5A79D", "632A9D131AD4C168A4225D8E1FF755939974A7BEDE"),
    ("40D0C07DA5E4", "35B6D0580005BBC12B0587124557D2C2", "FDB6B06676EEDC5C61D74276E1F8E816",
     "AEB96EAEBE2970E9", "071DFE16C675CB0677E536F73AFE6A14B74EE49844DD"),
    ("CA40D7446E545FFAED3BD12A740A659FFBBB3CEAB7", "8395FCF1E95BEBD697BD010BC766AAC3",
     "22E7ADD93CFC6393C57EC0B3C17D6B44", "126735FCC320D25A",
     "CB8920F87A6C75CFF39627B56E3ED197C552D295A7CFC46AFC253B4652B1AF3795B124AB6E"),
]  # fmt: skip
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
TENANT = DifyTenant(PEM)


def stored(plain: str, *, key: bytes | None = None) -> str:
    """Return a secret as Dify's database holds it."""
    return sealed(KEY, plain, key=key)


def why(found: Secret | SecretUnreadable) -> str:
    """Return the reason why a secret could not be opened."""
    assert isinstance(found, SecretUnreadable)
    return found.reason


@pytest.mark.parametrize(("message", "key", "nonce", "header", "sealed"), VECTORS)
def test_eax_is_that_of_its_paper(message: str, key: str, nonce: str, header: str, sealed: str) -> None:
    """The vectors prove the test's implementation too, which the other tests rely on."""
    plain, k, n, h, both = map(bytes.fromhex, (message, key, nonce, header, sealed))

    assert sealed_eax(k, n, plain, h) == (both[:-16], both[-16:])
    assert open_eax(k, n, both[-16:], both[:-16], h) == plain


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=1), st.binary(max_size=100), st.binary())
def test_eax_opens_what_the_other_implementation_sealed(
    key: bytes, nonce: bytes, plain: bytes, header: bytes
) -> None:
    """Of any length, over a counter that runs over."""
    ciphertext, tag = sealed_eax(key, nonce, plain, header)

    assert open_eax(key, nonce, tag, ciphertext, header) == plain
    assert open_eax(key, nonce, xor(tag, b"\1".ljust(16, b"\0")), ciphertext, header) is None
    assert open_eax(key, nonce, tag[:8], ciphertext, header) is None


@given(st.text(max_size=300))
def test_a_hybrid_secret_is_opened(text: str) -> None:
    """What Dify stores today."""
    assert TENANT.open("r", "api_key", stored(text)) == Secret(text)


def test_a_secret_of_the_first_releases_is_opened() -> None:
    """Plain RSA, without a prefix: at most 214 bytes."""
    assert TENANT.open("r", "f", sealed_at_first(KEY, "sk-old")) == Secret("sk-old")


@pytest.mark.parametrize("size", [24, 32])
def test_longer_aes_keys_are_taken_too(size: int) -> None:
    """Nothing in the format says that it is 16 bytes."""
    assert TENANT.open("r", "f", stored("x", key=os.urandom(size))) == Secret("x")


@given(st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    """In the key, nonce, tag or text: a reason, never an exception, never another text."""
    raw = base64.b64decode(stored("sk-secret"))
    place = data.draw(st.integers(7, len(raw) - 1))
    changed = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]

    assert why(TENANT.open("r", "f", base64.b64encode(changed).decode())) == "damaged"


@given(st.text() | st.none() | st.integers() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_whatever_is_stored_gives_a_reason(value: object) -> None:
    """One bad row must not end an import."""
    assert why(TENANT.open("r", "f", value)) in ("not-sealed", "damaged")


def test_a_secret_of_another_tenant_does_not_open() -> None:
    """It is said, and what is stored is not passed on in its place."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    assert why(DifyTenant(pem).open("r", "f", stored("sk"))) == "damaged"


def test_a_configuration_is_opened_field_by_field() -> None:
    """Only fields of type secret-input are sealed; one that is bad leaves the others."""
    config = {"api_key": stored("sk"), "base_url": "https://x.example", "extra": "?", "empty": ""}
    found = TENANT.open_all("cred_1", config, frozenset({"api_key", "extra", "empty", "gone"}))

    assert found == {"api_key": Secret("sk"), "extra": SecretUnreadable("not-sealed", "cred_1", "extra")}


@pytest.mark.parametrize("pem", [b"", b"?", PEM[:200], PEM.replace(b"RSA PRIVATE", b"EC PRIVATE")])
def test_what_is_no_private_key_is_one_line(pem: bytes) -> None:
    """And it is not quoted."""
    with pytest.raises(
        InvokeBadRequestError, match=r"^private key: this is not an RSA private key in PEM form"
    ):
        DifyTenant(pem)
    assert "PRIVATE" not in repr(TENANT)
