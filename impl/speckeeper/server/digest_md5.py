"""SASL DIGEST-MD5: a challenge, the client's response, and the server's proof.

Source: RFC 2831 (initial authentication, quality of protection ``auth``); what Java's provider
(``com.sun.security.sasl.digest.DigestMD5Server``) sends and takes.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from hashlib import md5

MECHANISM = "DIGEST-MD5"
_DIRECTIVE = re.compile(
    rb'[\s,]*([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))(?=[\s,]|$)', re.DOTALL
)
_FIRST_USE = b"00000001"
_MOST_BYTES = 4096  # of a response, as the RFC says


class SaslError(Exception):
    """The client has not proven who it is; the text says why."""


class DigestMd5:
    """One negotiation. ``user`` is set when it has succeeded.

    ``users``: passwords by name. ``service`` and ``host``: the service as clients name it, as in
    ``zookeeper/zk-sasl-md5``; the host is the realm too. ``nonce``: fresh, ASCII.
    """

    def __init__(self, users: Mapping[str, str], service: str, host: str, nonce: str) -> None:
        self._users = users
        self._uri = f"{service}/{host}".lower()
        self._realm = host
        self._nonce = nonce.encode("ascii")
        self._challenged = False
        self._over = False
        self.user: str | None = None

    def step(self, token: bytes) -> bytes:
        """Take the client's token and return ours. Raises SaslError, and ever after then."""
        if self._over:
            raise SaslError("the negotiation is over")
        if not self._challenged:
            if token:
                self._over = True
                raise SaslError("DIGEST-MD5 begins with an empty token")
            self._challenged = True
            return self._challenge()
        self._over = True
        return self._judge(_directives(token))

    def _challenge(self) -> bytes:
        text = b'realm="%s",nonce="%s",charset=utf-8,algorithm=md5-sess'
        return text % (self._realm.encode(), self._nonce)

    def _judge(self, said: dict[str, bytes]) -> bytes:
        user = _text(_given(said, "username"), said)
        self._expect(said, "nonce", self._nonce)
        self._expect(said, "nc", _FIRST_USE)
        if said.get("qop", b"auth").lower() != b"auth":
            raise SaslError("only authentication (qop=auth) is offered")
        uri = _given(said, "digest-uri")
        if uri.decode("latin-1").lower() != self._uri:
            raise SaslError(f"digest-uri is {uri.decode('latin-1')!r}, expected {self._uri!r}")
        # A password for who is unknown: an answer takes as long, and says as little.
        known = self._users.get(user)
        secret = _secret(user, said, known or "", said.get("realm", b""))
        expected = _response(b"AUTHENTICATE", secret, said)
        same = hmac.compare_digest(expected, _given(said, "response").lower())
        if known is None or not same:
            raise SaslError(f"wrong password, or no user {user!r}")
        self.user = user
        return b"rspauth=" + _response(b"", secret, said)

    def _expect(self, said: dict[str, bytes], name: str, expected: bytes) -> None:
        if _given(said, name) != expected:
            raise SaslError(f"{name} is not the one of this negotiation")


class DigestMd5Client:
    """The client's side of one negotiation; members call each other with it.

    ``nonce``: fresh, ASCII. ``complete``: the server has proven that it knows the password too.
    """

    def __init__(self, user: str, password: str, service: str, host: str, nonce: str) -> None:
        self._user = user
        self._password = password
        self._uri = f"{service}/{host}".encode()
        self._nonce = nonce.encode("ascii")
        self._proof: bytes | None = None
        self.complete = False

    def step(self, token: bytes) -> bytes:
        """Take the server's token and return ours, empty at the end. Raises SaslError."""
        if self._proof is not None:
            if not hmac.compare_digest(_directives(token).get("rspauth", b""), self._proof):
                raise SaslError("the server does not know the password")
            self.complete = True
            return b""
        challenge = _directives(token)
        said = {
            "charset": b"utf-8",
            "username": self._user.encode(),
            "realm": challenge.get("realm", b""),
            "nonce": _given(challenge, "nonce"),
            "nc": _FIRST_USE,
            "cnonce": self._nonce,
            "digest-uri": self._uri,
        }
        secret = _secret(self._user, said, self._password, said["realm"])
        self._proof = _response(b"", secret, said)
        response = _response(b"AUTHENTICATE", secret, said)
        quoted = ("username", "realm", "nonce", "cnonce", "digest-uri")
        parts = [
            name.encode() + b"=" + (b'"%s"' % _quoted(value) if name in quoted else value)
            for name, value in said.items()
        ]
        return b",".join((*parts, b"response=" + response, b"qop=auth"))


def _quoted(value: bytes) -> bytes:
    return re.sub(rb'(["\\])', rb"\\\1", value)


def _directives(token: bytes) -> dict[str, bytes]:
    if len(token) > _MOST_BYTES:
        raise SaslError(f"a response of {len(token)} bytes; {_MOST_BYTES} are allowed")
    found: dict[str, bytes] = {}
    at = 0
    while at < len(token):
        match = _DIRECTIVE.match(token, at)
        if match is None:
            if token[at:].strip(b" ,\t\r\n\0"):
                raise SaslError("the response cannot be read")
            break
        name = match[1].decode("ascii").lower()
        if name in found:
            raise SaslError(f"{name} is said twice")
        quoted, plain = match[2], match[3]
        found[name] = plain if quoted is None else re.sub(rb"\\(.)", rb"\1", quoted, flags=re.S)
        at = match.end()
    return found


def _given(said: dict[str, bytes], name: str) -> bytes:
    value = said.get(name)
    if not value:
        raise SaslError(f"{name} is missing")
    return value


def _text(value: bytes, said: dict[str, bytes]) -> str:
    if said.get("charset", b"").lower() != b"utf-8":
        return value.decode("latin-1")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise SaslError("the name of the user is not UTF-8") from None


def _hashed(text: str) -> bytes:
    """Encode as section 2.1.2.1 says: what ISO 8859-1 has is hashed in it."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _secret(user: str, said: dict[str, bytes], password: str, realm: bytes) -> bytes:
    """Return H(A1), in hexadecimal digits."""
    parts = (_hashed(user), _hashed(_text(realm, said)), _hashed(password))
    a1 = md5(b":".join(parts), usedforsecurity=False).digest()
    a1 += b":" + _given(said, "nonce") + b":" + _given(said, "cnonce")
    if said.get("authzid"):
        a1 += b":" + said["authzid"]
    return _hex(a1)


def _response(method: bytes, secret: bytes, said: dict[str, bytes]) -> bytes:
    names = ("nonce", "nc", "cnonce")
    a2 = _hex(method + b":" + _given(said, "digest-uri"))
    return _hex(b":".join((secret, *(_given(said, name) for name in names), b"auth", a2)))


def _hex(data: bytes) -> bytes:
    return md5(data, usedforsecurity=False).hexdigest().encode()
