"""Why a connection by TLS failed, in words, with what may help."""

import ssl

# By a part of OpenSSL's reason, as their beginnings differ by its version. Servers say what they
# think of a missing certificate by any of several alerts: Java's by `bad certificate`.
_CERTIFICATE = "give it a certificate that it trusts (zookeeper.ssl.keyStore.location)"
_REMEDIES = {
    "WRONG_VERSION_NUMBER": "the port speaks no TLS; name the server's secureClientPort",
    "UNEXPECTED_EOF": "the port speaks no TLS, or the server refuses this client",
    "ALERT_CERTIFICATE": _CERTIFICATE,
    "ALERT_BAD_CERTIFICATE": _CERTIFICATE,
    "ALERT_UNSUPPORTED_CERTIFICATE": _CERTIFICATE,
    "ALERT_UNKNOWN_CA": _CERTIFICATE,
    "ALERT_HANDSHAKE_FAILURE": f"{_CERTIFICATE}, or name other cipher suites",
    "PROTOCOL_VERSION": "name other versions by zookeeper.ssl.enabledProtocols",
    "UNSUPPORTED_PROTOCOL": "name other versions by zookeeper.ssl.enabledProtocols",
}
#: What may be the cause of an end without a word.
HUNG_UP = (
    "TLS: the server hung up after the handshake; give it a certificate that it trusts"
    " (zookeeper.ssl.keyStore.location), or see its log"
)
_NO_NAME = "IP address mismatch", "Hostname mismatch"


def tls_trouble(error: ssl.SSLError) -> str:
    """Return in a line why a connection by TLS failed, and what may help."""
    if isinstance(error, ssl.SSLCertVerificationError):
        what = error.verify_message.rstrip(".") or "it is not accepted"
        if what.startswith(_NO_NAME):
            remedy = "use a name that it is for, or zookeeper.ssl.hostnameVerification=false"
        elif "expired" in what or "not yet" in what:
            remedy = "renew it, or mend the clock"
        else:
            remedy = "name the authority by zookeeper.ssl.trustStore.location"
        return f"TLS: the server's certificate: {what}; {remedy}"
    reason = error.reason or str(error)
    words = reason.lower().replace("_", " ")
    remedies = [remedy for part, remedy in _REMEDIES.items() if part in reason]
    return f"TLS: {words}; {remedies[0] if remedies else 'see the log of the server'}"
