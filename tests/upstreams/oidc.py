"""A provider of OpenID Connect, over a real socket: it checks what it is sent, and misbehaves to order.

Written from OpenID Connect Core 1.0, Discovery 1.0, RFC 7636 (PKCE) and RFC 9207. It signs with
`cryptography` alone, so that it shares nothing with what reads its tokens.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT, SECRET = "modelbay-at-test", "s3cret/of the:client"


def encoded(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Key:
    """A signing key with its id."""

    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    @classmethod
    def new(cls, algorithm: str = "RS256") -> Key:
        """Make a key."""
        if algorithm == "ES256":
            return cls(ec.generate_private_key(ec.SECP256R1()))
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @property
    def public(self) -> dict[str, str]:
        """The key as the provider publishes it."""
        numbers = self.private.public_key().public_numbers()
        if isinstance(numbers, rsa.RSAPublicNumbers):
            facts = {"kty": "RSA", "alg": "RS256", "n": encoded(numbers.n.to_bytes(256)), "e": "AQAB"}
        else:
            point = {"x": encoded(numbers.x.to_bytes(32)), "y": encoded(numbers.y.to_bytes(32))}
            facts = {"kty": "EC", "alg": "ES256", "crv": "P-256", **point}
        return {"use": "sig", "kid": self.id, **facts}

    def sign(self, data: bytes) -> bytes:
        """Sign as the key's algorithm does."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), SHA256())
        return b"".join(
            number.to_bytes(32)
            for number in decode_dss_signature(self.private.sign(data, ec.ECDSA(SHA256())))
        )


@dataclass
class Grant:
    """What a code stands for."""

    nonce: str
    challenge: str
    redirect: str
    person: Mapping[str, Any]


class OidcServer:
    """The provider.

    Attributes:
        person: The claims of who signs in there.
        claims: Put over those of the ID token, None taking one away: a misbehaviour.
        says: The same for what the provider says of itself.
        header: The same for the header of the token.
        told: What it tells at `userinfo`; None is the person.
        in_token: Whether the ID token has the person's e-mail and name.
        sign: In place of the key's own signature.
        refusing: Statuses by path, in place of an answer.
    """

    def __init__(self) -> None:
        self.keys = [Key.new()]
        self.person: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.says: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.told: dict[str, Any] | None = None
        self.in_token = True
        self.sign: Any = None
        self.refusing: dict[str, int] = {}
        self.redirects: set[str] = set()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.grants: dict[str, Grant] = {}
        self.access: dict[str, Mapping[str, Any]] = {}
        self.url = ""

    @contextmanager
    def running(self) -> Iterator[OidcServer]:
        """Serve on a free port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def rotate(self, algorithm: str = "RS256") -> None:
        """Sign with another key from now on; the old one is no more."""
        self.keys = [Key.new(algorithm)]

    def public_pem(self) -> bytes:
        """Return the public key, which everybody has."""
        return self.keys[0].private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def get(self, path: str, query: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer a GET: a status, and JSON or where to go."""
        if path == "/.well-known/openid-configuration":
            return 200, _over(self._described(), self.says)
        if path == "/jwks":
            return 200, {"keys": [key.public for key in self.keys]}
        if path == "/userinfo":
            person = self.access.get(headers.get("authorization", "").removeprefix("Bearer "))
            return (401, {}) if person is None else (200, person if self.told is None else self.told)
        if path == "/authorize":
            return self._authorize(dict(parse_qsl(query)))
        return 404, {}

    def post(self, path: str, body: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        """Answer a POST."""
        return self._token(dict(parse_qsl(body)), headers) if path == "/token" else (404, {})

    def _described(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
        }

    def _authorize(self, asked: Mapping[str, str]) -> tuple[int, Any]:
        wanted = {"response_type": "code", "client_id": CLIENT, "code_challenge_method": "S256"}
        wrong = [name for name, value in wanted.items() if asked.get(name) != value]
        wrong += [name for name in ("state", "nonce", "code_challenge") if len(asked.get(name, "")) < 32]
        if "openid" not in asked.get("scope", "").split():
            wrong.append("scope")
        if wrong or asked.get("redirect_uri") not in self.redirects:
            self.complaints.append(f"authorize: {wrong} {asked.get('redirect_uri')}")
            return 400, {"error": "invalid_request"}
        code = secrets.token_urlsafe(16)
        redirect = asked["redirect_uri"]
        self.grants[code] = Grant(asked["nonce"], asked["code_challenge"], redirect, dict(self.person))
        back = {"code": code, "state": asked["state"], "iss": self.url, "session_state": "of the provider"}
        return 302, f"{redirect}?{urlencode(back)}"

    def _token(self, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        if not self._is_client(form, headers):
            return 401, {"error": "invalid_client"}
        grant = self.grants.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            grant is None
            or form.get("grant_type") != "authorization_code"
            or grant.redirect != form.get("redirect_uri")
            or not hmac.compare_digest(encoded(verifier), grant.challenge)
        ):
            return 400, {"error": "invalid_grant"}
        access = secrets.token_urlsafe(16)
        self.access[access] = grant.person
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self._id_token(grant)}

    def _is_client(self, form: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        given = headers.get("authorization", "")
        if given.startswith("Basic "):
            name, _, secret = base64.b64decode(given[6:]).decode().partition(":")
            return (unquote(name), unquote(secret)) == (CLIENT, SECRET)
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)

    def _id_token(self, grant: Grant) -> str:
        now, person = int(time.time()), grant.person if self.in_token else {"sub": grant.person["sub"]}
        own = {"iss": self.url, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": grant.nonce}
        algorithm = "RS256" if isinstance(self.keys[0].private, rsa.RSAPrivateKey) else "ES256"
        header = _over({"alg": algorithm, "typ": "JWT", "kid": self.keys[0].id}, self.header)
        parts = [
            encoded(json.dumps(part).encode()) for part in (header, _over({**own, **person}, self.claims))
        ]
        signed = ".".join(parts).encode()
        return f"{signed.decode()}.{encoded((self.sign or self.keys[0].sign)(signed))}"


def _over(facts: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**facts, **changes}.items() if value is not None}


def _handler(provider: OidcServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request."""

        def do_GET(self) -> None:
            path, query = urlsplit(self.path)[2:4]
            self._answer(path, lambda headers: provider.get(path, query, headers))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            self._answer(self.path, lambda headers: provider.post(self.path, body, headers))

        def _answer(self, path: str, work: Any) -> None:
            provider.asked.append(path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            refused = provider.refusing.get(path)
            status, said = (refused, {"error": "server_error"}) if refused else work(headers)
            content = b"" if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            if isinstance(said, str):
                self.send_header("location", said)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler


def query_of(location: str) -> dict[str, str]:
    """Return the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
