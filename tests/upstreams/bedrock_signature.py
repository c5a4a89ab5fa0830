"""AWS signatures as the receiver sees them, written apart from the code that makes them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from urllib.parse import quote

from modelbay.sdk.testing import Request

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


def is_signed(request: Request, secrets: Mapping[str, str], service: str) -> bool:
    """Whether the request is signed with the secret that belongs to its access key."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return False
    access_key, day, region, named, names, signature = found.groups()
    secret = secrets.get(access_key)
    if secret is None or named != service or "host" not in names.split(";"):
        return False
    stamp = request.headers.get("x-amz-date", "")
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(_canonical(request, names).encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"):
        key = hmac.digest(key, part.encode(), "sha256")
    return stamp.startswith(day) and hmac.compare_digest(key.hex(), signature)


def _canonical(request: Request, names: str) -> str:
    query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(request.query.items())
    )
    headers = "".join(f"{name}:{request.headers.get(name, '')}\n" for name in names.split(";"))
    body = hashlib.sha256(request.raw).hexdigest()
    return "\n".join((request.method, _path(request.path), query, headers, names, body))


def _path(path: str) -> str:
    """Return the path encoded twice: once as it was sent, once for the signature."""
    if not path.startswith("/model/"):
        return path
    name, _, action = path.removeprefix("/model/").rpartition("/")
    return f"/model/{quote(quote(name, safe=''), safe='')}/{action}"
