"""Dify's secrets, opened with its private keys; made here by an implementation of the test's own."""

from __future__ import annotations

import base64
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

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


def block(key: bytes, data: bytes) -> bytes:
    """Encrypt one block: all that the test takes from the library under test."""
    return Cipher(AES(key), ECB()).encryptor().update(data)


def xor(one: bytes, other: bytes) -> bytes:
    """Return the exclusive or of two texts, as long as the shorter one."""
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


def doubled(data: bytes) -> bytes:
    """Multiply by x in the field of 2**128 elements (RFC 4493, section 2.3)."""
    value = int.from_bytes(data, "big") << 1
    return ((value ^ (0x87 if value >> 128 else 0)) & (2**128 - 1)).to_bytes(16, "big")


def omac(key: bytes, number: int, data: bytes) -> bytes:
    """CMAC as RFC 4493 writes it down, behind a block with a number."""
    data = bytes(15) + bytes([number]) + data
    first = doubled(block(key, bytes(16)))
    *heads, last = [data[at : at + 16] for at in range(0, len(data), 16)]
    last = xor(last, first) if len(last) == 16 else xor((last + b"\x80").ljust(16, b"\0"), doubled(first))
    state = bytes(16)
    for part in (*heads, last):
        state = block(key, xor(state, part))
    return state


def sealed_eax(key: bytes, nonce: bytes, plain: bytes, header: bytes = b"") -> tuple[bytes, bytes]:
    """EAX as its paper writes it down: ciphertext and tag."""
    start = omac(key, 0, nonce)
    counter = int.from_bytes(start, "big")
    stream = b"".join(
        block(key, ((counter + n) % 2**128).to_bytes(16, "big")) for n in range(len(plain) // 16 + 1)
    )
    ciphertext = xor(plain, stream)
    return ciphertext, xor(xor(start, omac(key, 1, header)), omac(key, 2, ciphertext))


def wrapped(plain: bytes) -> bytes:
    """RSA-OAEP as Dify uses it."""
    return KEY.public_key().encrypt(plain, OAEP(MGF1(SHA1()), SHA1(), None))


def stored(plain: str, *, key: bytes | None = None) -> str:
    """Return a secret as Dify's database holds it."""
    key, nonce = key or os.urandom(16), os.urandom(16)
    ciphertext, tag = sealed_eax(key, nonce, plain.encode())
    return base64.b64encode(b"HYBRID:" + wrapped(key) + nonce + tag + ciphertext).decode()


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
    assert TENANT.open("r", "f", base64.b64encode(wrapped(b"sk-old")).decode()) == Secret("sk-old")


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
