"""Who may see and do what on the page.

What a browser sends by itself must neither change anything nor hand the tree to another site:

- a change is a POST with a header that no form can send (`Authorization: digest user:password`,
  never asked for by a challenge, so no browser keeps it), of type application/json, and where the
  browser says from where (`Origin`, `Sec-Fetch-Site`), from the page itself;
- what is asked for must be asked of a host by which this server is known. A name that somebody
  else's name server answers for (DNS rebinding) is none.
"""

import ipaddress
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from speckeeper.net.addresses import java_host
from speckeeper.ops.running import Running
from speckeeper.tree.acl import check_acl, digest_auth_ids
from speckeeper.tree.node import Node
from speckeeper.tree.policy import Policy
from speckeeper.wire.records import Id

LEVELS = OFF, ENSEMBLE, TREE, EDIT = "off", "ensemble", "tree", "edit"

UNAUTHORIZED, FORBIDDEN, UNSUPPORTED = 401, 403, 415
_MOST_CREDENTIALS = 1024
_SAME_SITE = ("same-origin", "none")
_ANY_HOST = ("", "0.0.0.0", "::")


class Refused(Exception):
    """A request that is not carried out: `status` is HTTP's, the text goes to the key `error`."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Caller:
    """Who asks. `digest`: what the header proves, maybe super; `ids`: that, and the address."""

    host: str
    port: int
    credentials: bytes | None
    digest: tuple[Id, ...]

    @property
    def ids(self) -> tuple[Id, ...]:
        """Identities as a client from there would have them."""
        return (Id("ip", self.host), *self.digest)

    @property
    def is_super(self) -> bool:
        """Whether every check passes."""
        return any(each.scheme == "super" for each in self.digest)


def caller_of(running: Running, request: web.Request) -> Caller:
    """Return who sent a request. Raises `Refused`: a header that is of no use."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    host, port = (peer or ("", 0))[:2]
    header = request.headers.get("Authorization")
    if header is None:
        return Caller(java_host(host), port, None, ())
    scheme, _, text = header.partition(" ")
    policy = running.server.settings.policy
    if scheme != "digest" or "digest" not in policy.schemes:
        raise Refused(UNAUTHORIZED, "only the scheme digest is understood here, if it is enabled")
    credentials = text.encode("utf-8", "surrogateescape")
    if b":" not in credentials or len(credentials) > _MOST_CREDENTIALS:
        raise Refused(UNAUTHORIZED, "say user:password")
    return Caller(java_host(host), port, credentials, digest_auth_ids(policy, credentials))


def require_reader(
    running: Running, request: web.Request, caller: Caller, known: "KnownHosts"
) -> None:
    """Raise `Refused` unless a client like the caller would be served, were there one.

    A server that takes clients by TLS only shows its tree to who has shown a certificate here too,
    and to the super user; one whose client port has an address, to who has come to that address.
    """
    if caller.is_super:
        return
    enforced = running.server.settings.enforce_auth_schemes
    if enforced and all(each.scheme not in enforced for each in caller.ids):
        text = f"this server wants clients to authenticate first, by {' or '.join(enforced)}"
        raise Refused(UNAUTHORIZED, text)
    session = request.transport.get_extra_info("ssl_object") if request.transport else None
    if session is not None and not session.getpeercert(True):
        session = None
    if running.client_port == -1 and session is None:
        text = "clients come by TLS only here: show a certificate, or be the super user"
        raise Refused(UNAUTHORIZED, text)
    if session is None and not known.serves_clients_at(_own_address(request)):
        text = "clients are not served at this address: use clientPortAddress, or be the super user"
        raise Refused(UNAUTHORIZED, text)


def _own_address(request: web.Request) -> str:
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return java_host((name or ("",))[0])


def may(policy: Policy, node: Node | None, perm: int, caller: Caller) -> bool:
    """Whether the caller may change something by the page under the ACL of a node.

    What everybody may do, and what an address may do, takes a client; the page wants somebody whom
    the ACL names, or the super user.
    """
    if node is None or not caller.digest:
        return False
    named = tuple(entry for entry in node.acl if entry.id.scheme == "digest")
    if caller.is_super:
        return True
    strict = policy._replace(skip_acl=False)
    return bool(named) and check_acl(strict, named, perm, caller.digest)


def require_change(request: web.Request, caller: Caller) -> None:
    """Raise `Refused` unless this can only be the page's own request, by somebody who says who."""
    if caller.credentials is None:
        raise Refused(UNAUTHORIZED, "say who you are: the page changes nothing for strangers")
    if request.content_type != "application/json":
        raise Refused(UNSUPPORTED, "send application/json")
    origin = request.headers.get("Origin")
    if origin is not None and _host_of(origin) != request.headers.get("Host", "").lower():
        raise Refused(FORBIDDEN, "the request comes from the page of another site")


def require_site(request: web.Request, known: "KnownHosts") -> None:
    """Raise `Refused` for what a page of another site asks, whatever name it uses.

    A link there may lead here.
    """
    fetched = request.headers.get("Sec-Fetch-Site", "none")
    link = request.headers.get("Sec-Fetch-Mode") == "navigate" and "/api/" not in request.path
    if fetched not in _SAME_SITE and not link:
        raise Refused(FORBIDDEN, "the request comes from the page of another site")
    if not known.knows(request.headers.get("Host", "")):
        text = "this server is not known by that name: use its address, or put the name into"
        raise Refused(FORBIDDEN, f"{text} admin.page.hosts")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _addresses(host: str) -> frozenset[str]:
    """Return the addresses of a host, none for all of this machine's."""
    if host in _ANY_HOST:
        return frozenset()
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return frozenset((host,))
    return frozenset(java_host(str(each[4][0])) for each in found)


class KnownHosts:
    """Names by which this server may be asked: addresses, names without a dot, its own, and
    those of the configuration; and at which addresses it serves clients.
    """

    def __init__(
        self, named: Iterable[str], listed: tuple[str, ...], client_address: str = ""
    ) -> None:
        """``named``: hosts in the configuration; ``listed``: admin.page.hosts, `*` for any;
        ``client_address``: clientPortAddress, empty for all.
        """
        own = (socket.gethostname(), *named, *listed)
        self._names = {name.lower().rstrip(".") for name in own}
        # A name server that does not answer must not hold up a start.
        threading.Thread(target=self._add_full_name, daemon=True).start()
        self._client_addresses = _addresses(client_address)

    def _add_full_name(self) -> None:
        self._names |= {socket.getfqdn().lower().rstrip(".")}

    def serves_clients_at(self, address: str) -> bool:
        """Whether the client port listens on an address of this machine."""
        served = self._client_addresses
        return not served or address in served

    def knows(self, header: str) -> bool:
        """Whether a Host header names this server."""
        if "*" in self._names:
            return True
        try:
            name = urlsplit(f"//{header}").hostname or ""
        except ValueError:
            return False
        name = name.rstrip(".")
        if name in self._names or (name and "." not in name and ":" not in name):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.endswith(".localhost")
        return True
