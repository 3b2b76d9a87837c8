"""Why a connection was closed or refused: data that net/ logs and ops/ counts."""

from enum import Enum


class CloseReason(Enum):
    """One reason per way a connection can end; values are what operators read.

    The names and texts that Apache has are its own (ZooKeeper ServerCnxn.DisconnectReason); the
    others tell apart what Apache lumps together as ``io_exception``.
    """

    SERVER_SHUTDOWN = "server_shutdown"
    CONNECTION_CLOSE_FORCED = "connection_close_forced"
    CONNECTION_EXPIRED = "connection_expired"
    CLIENT_CLOSED_CONNECTION = "client_closed_connection"
    CLIENT_CLOSED_SESSION = "client_closed_session"
    SESSION_EXPIRED = "session_expired"
    NOT_READ_ONLY_CLIENT = "not_read_only_client"
    # Apache has "renew a global session in readonly mode" here; mntr's keys are better one word.
    RENEW_GLOBAL_SESSION_IN_RO_MODE = "renew_global_session_in_ro_mode"
    CLIENT_ZXID_AHEAD = "client_zxid_ahead"
    INFO_PROBE = "info_probe"
    CLIENT_RECONNECT = "client_reconnect"
    INVALID_SESSION = "invalid_session"
    AUTH_FAILED = "auth_failed"
    SASL_AUTH_FAILED = "sasl_auth_failure"
    TOO_MANY_IDENTITIES = "too_many_identities"
    WRONG_ENSEMBLE = "wrong_ensemble"
    FAILED_HANDSHAKE = "failed_handshake"
    TOO_MANY_HANDSHAKES = "too_many_handshakes"
    UNKNOWN_OPCODE = "unknown_opcode"
    MALFORMED_FRAME = "malformed_frame"
    FRAME_LENGTH = "frame_length"
    LARGE_REQUEST = "large_request"
    LARGE_REPLY = "large_reply"
    CLIENT_RATE_LIMIT = "client_rate_limit"
    TOO_MANY_FROM_ADDRESS = "too_many_from_address"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    OUT_OF_DESCRIPTORS = "out_of_file_descriptors"
    TOO_MANY_HTTP_CONNECTIONS = "too_many_http_connections"
    NO_HTTP_REQUEST = "no_http_request"
    SLOW_READER = "slow_reader"
    IO_ERROR = "io_exception"


# Ends that are part of normal life; every other reason is worth a warning in the log.
ORDINARY = frozenset(
    {
        CloseReason.SERVER_SHUTDOWN,
        CloseReason.CLIENT_CLOSED_CONNECTION,
        CloseReason.CLIENT_CLOSED_SESSION,
        CloseReason.SESSION_EXPIRED,
        CloseReason.CLIENT_RECONNECT,
        CloseReason.INFO_PROBE,
    }
)
