"""The session-level operations auth and sasl, and authentication that every client owes.

Both are answered at once, ahead of writes still under way: clients match them by xid. See ZooKeeper
ZooKeeperServer.processPacket and processSasl, AuthenticationHelper, DigestAuthenticationProvider,
IPAuthenticationProvider, EnsembleAuthenticationProvider.
"""

from collections.abc import Callable

from speckeeper.server.connection import Connection, State
from speckeeper.server.digest_md5 import DigestMd5, SaslError
from speckeeper.server.outbox import Outbox
from speckeeper.server.reasons import CloseReason
from speckeeper.server.settings import SaslSettings, ServerSettings
from speckeeper.server.stats import ServerStats
from speckeeper.tree.acl import digest_auth_ids, stored_bytes
from speckeeper.tree.policy import Policy
from speckeeper.tree.schemes import X509Scheme, x509_auth_ids
from speckeeper.wire.codes import ErrorCode, OpCode
from speckeeper.wire.errors import WireError
from speckeeper.wire.jute import NULL, encode_buffer
from speckeeper.wire.records import Id
from speckeeper.wire.replies import ClientInfo
from speckeeper.wire.requests import AuthRequest, SaslRequest, decode_request

# A client has one identity or a few, and every one of them is compared with every ACL that is
# checked for it and kept with every write under way. ZooKeeper sets no limit.
MOST_IDENTITIES = 256
# Together, as ACL entries: each goes with every forwarded write, and into every ``auth`` ACL.
MOST_IDENTITY_BYTES = 0xFFFF
# What clients call the service, whatever host it runs on (``SecurityUtils.createSaslClient``).
SASL_SERVICE, SASL_HOST = "zookeeper", "zk-sasl-md5"
_NO_ZXID = 0  # these replies carry no zxid; clients do not take 0 as "seen"


class Authenticator:
    """Answers auth and sasl requests and keeps ``Connection.auth_ids``."""

    def __init__(
        self,
        settings: ServerSettings,
        stats: ServerStats,
        outbox: Outbox,
        nonce: Callable[[], str] = lambda: "",
    ) -> None:
        """``nonce`` makes an ASCII text that nobody can guess, another one each time."""
        self._nonce = nonce
        self._settings = settings
        self._ensembles = settings.ensemble_auth_names
        self._policy = settings.policy
        self._stats = stats
        self._outbox = outbox

    def owes_authentication(self, connection: Connection) -> bool:
        """Whether a scheme is enforced that the client has not authenticated with yet."""
        enforced = self._settings.enforce_auth_schemes
        return bool(enforced) and all(auth.scheme not in enforced for auth in connection.auth_ids)

    def refuse(self, connection: Connection, xid: int) -> None:
        """Answer a request of a client that owes authentication, and end the connection."""
        err = int(ErrorCode.SESSION_CLOSED_REQUIRE_SASL_AUTH)
        self._outbox.reply(connection, xid, _NO_ZXID, err)
        self._outbox.close(connection, CloseReason.AUTH_FAILED)

    def auth(self, connection: Connection, xid: int, body: bytes) -> None:
        """Handle an auth request; a body that does not decode ends the connection."""
        try:
            request = decode_request(OpCode.AUTH, body, 0, len(body))
        except WireError:
            self._outbox.close(connection, CloseReason.MALFORMED_FRAME)
            return
        assert isinstance(request, AuthRequest)
        ids = self._identities(connection, request)
        if request.scheme == "ensemble" and ids is None and self._ensembles is not None:
            # No answer: an auth failure would end the client, but it only reached a wrong ensemble.
            self._outbox.close(connection, CloseReason.WRONG_ENSEMBLE)
            return
        if ids is None:
            self._fail(connection, xid, CloseReason.AUTH_FAILED)
            return
        proven = connection.proven
        if proven is None:
            proven = connection.proven = set(connection.auth_ids)
        new = tuple(auth for auth in ids if auth not in proven)
        if new:
            if (
                len(proven) + len(new) > MOST_IDENTITIES
                or sum(map(stored_bytes, (*proven, *new))) > MOST_IDENTITY_BYTES
            ):
                self._fail(connection, xid, CloseReason.TOO_MANY_IDENTITIES)
                return
            proven.update(new)
            connection.auth_ids += new
        if connection.state == State.UNAUTHENTICATED and not self.owes_authentication(connection):
            connection.state = State.OPEN
        self._outbox.reply(connection, xid, _NO_ZXID, int(ErrorCode.OK))

    def certificate(self, connection: Connection, subject: str) -> bool:
        """Add what a client's certificate proves; False if no scheme takes certificates."""
        scheme = self._policy.schemes.get("x509")
        if not isinstance(scheme, X509Scheme):
            self._stats.auth_failed += 1
            return False
        connection.auth_ids += x509_auth_ids(scheme, subject)
        return True

    def _fail(self, connection: Connection, xid: int, reason: CloseReason) -> None:
        self._stats.auth_failed += 1
        self._outbox.reply(connection, xid, _NO_ZXID, int(ErrorCode.AUTH_FAILED))
        self._outbox.close(connection, reason)

    def sasl(self, connection: Connection, xid: int, body: bytes) -> None:
        """Handle a SASL token; without a JAAS section that is: success and a null token."""
        try:
            request = decode_request(OpCode.SASL, body, 0, len(body))
        except WireError:
            request = SaslRequest(None)
        assert isinstance(request, SaslRequest)
        if request.token is None:
            self._outbox.close(connection, CloseReason.MALFORMED_FRAME)
            return
        answer = NULL
        if self._settings.sasl is not None:
            try:
                answer = encode_buffer(
                    self._negotiate(self._settings.sasl, connection, request.token)
                )
            except SaslError as error:
                if not self._is_left(self._settings.sasl, connection, xid, error):
                    return
        self._outbox.reply(connection, xid, _NO_ZXID, int(ErrorCode.OK), answer)

    def _negotiate(self, sasl: SaslSettings, connection: Connection, token: bytes) -> bytes:
        negotiation = connection.negotiation
        if negotiation is None:
            negotiation = connection.negotiation = DigestMd5(
                sasl.users, SASL_SERVICE, SASL_HOST, self._nonce()
            )
        answer = negotiation.step(token)
        user = negotiation.user
        if user is not None:
            own = (Id("sasl", user),)
            connection.auth_ids += (*own, Id("super", "")) if user in sasl.super_users else own
            if connection.state == State.UNAUTHENTICATED and not self.owes_authentication(
                connection
            ):
                connection.state = State.OPEN
        return answer

    def _is_left(
        self, sasl: SaslSettings, connection: Connection, xid: int, error: SaslError
    ) -> bool:
        """Whether a client that has not proven who it is may go on; else it is told and ended."""
        self._stats.auth_failed += 1
        connection.refused_because = str(error)
        required = "sasl" in self._settings.enforce_auth_schemes
        if sasl.allow_failed_clients and not required:
            return True
        code = ErrorCode.SESSION_CLOSED_REQUIRE_SASL_AUTH if required else ErrorCode.AUTH_FAILED
        self._outbox.reply(connection, xid, _NO_ZXID, int(code), NULL)
        self._outbox.close(connection, CloseReason.SASL_AUTH_FAILED)
        return False

    def _identities(self, connection: Connection, request: AuthRequest) -> tuple[Id, ...] | None:
        """What the credentials prove; None if the scheme is unknown or they prove nothing."""
        if request.scheme == "ip":
            return (Id("ip", connection.host),)
        if request.scheme == "digest" and "digest" in self._policy.schemes:
            return None if request.auth is None else digest_auth_ids(self._policy, request.auth)
        if request.scheme == "ensemble" and self._ensembles is not None:
            offered = (request.auth or b"").decode("utf-8", "replace")
            return () if not offered or offered in self._ensembles else None
        return None


def client_infos(policy: Policy, ids: tuple[Id, ...]) -> list[ClientInfo]:
    """What whoAmI answers: scheme and user of each id (AuthUtil.getClientInfos)."""
    return [ClientInfo(auth.scheme, _user(policy, auth)) for auth in ids]


def _user(policy: Policy, auth: Id) -> str:
    if auth.scheme not in policy.schemes:
        return ""
    return auth.id.partition(":")[0] if auth.scheme == "digest" else auth.id
