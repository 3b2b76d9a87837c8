"""The rows of the zoo.cfg table that are understood but change nothing yet, or never will.

Keys of the ensemble, of TLS and of SASL come with later releases; what tunes Java's threads,
buffers and caches has nothing to tune here. Values with a type (numbers, switches) are still
checked, so that a slip shows today; texts such as those of ssl.* are not.
"""

from speckeeper.ops.config.key import Key, Status, core, prop
from speckeeper.ops.config.kinds import (
    INT_MAX,
    LONG_MAX,
    PATH,
    TRUE_FALSE,
    Integer,
    Kind,
    Text,
    Value,
)

ENSEMBLE, TLS, SASL = "ensemble", "TLS", "SASL"
_ANY = Text(empty=True)
_CLASS = Text("a class name")
_NUMBER = Integer(0, LONG_MAX, decode=True)
_SIGNED = Integer(-1, LONG_MAX, decode=True)


def _later(feature: str, system: bool, *rows: tuple[str, Kind, Value, str]) -> tuple[Key, ...]:
    return tuple(
        Key(name, kind, default, meaning, feature, Status.LATER, system)
        for name, kind, default, meaning in rows
    )


def _idle(reason: str, *rows: tuple[str, Kind, Value, str]) -> tuple[Key, ...]:
    return tuple(
        Key(name, kind, default, meaning, reason, Status.NO_EFFECT, system=True)
        for name, kind, default, meaning in rows
    )


_ENSEMBLE_CORE = _later(
    ENSEMBLE,
    False,
    ("observerMasterPort", Integer(0, 65535), None, "port for observers of a follower"),
    ("version", Text("a hexadecimal number"), None, "version of a dynamic configuration"),
    ("oraclePath", PATH, None, "file that decides between two servers"),
    ("quorum.cnxn.threads.size", Integer(1), 20, "election threads"),
    ("multiAddress.enabled", TRUE_FALSE, False, "several addresses per server"),
    ("multiAddress.reachabilityCheckEnabled", TRUE_FALSE, True, "look which are alive"),
    ("multiAddress.reachabilityCheckTimeoutMs", Integer(1), 1000, "for how long"),
)

_ENSEMBLE_PROPERTIES = _later(
    ENSEMBLE,
    True,
    ("quorumCnxnTimeoutMs", _SIGNED, -1, "ms to read from one"),
    ("electionPortBindRetry", _NUMBER, 3, "tries to bind the election port"),
    ("tcpKeepAlive", TRUE_FALSE, False, "TCP keepalive between servers"),
    ("leader.maxConcurrentSnapSyncs", _NUMBER, 10, "snapshot syncs at a time"),
    ("leader.maxConcurrentDiffSyncs", _NUMBER, 100, "diff syncs at a time"),
    ("leader.maxTimeToWaitForEpoch", _SIGNED, -1, "ms that a new leader waits for followers"),
    ("leader.ackLoggingFrequency", _NUMBER, 1000, "every how many acks one is logged"),
    ("leader.closeSocketAsync", TRUE_FALSE, False, "close quorum sockets in the background"),
    ("learner.closeSocketAsync", TRUE_FALSE, False, "the same on a learner"),
    ("learner.asyncSending", TRUE_FALSE, False, "send to the leader in the background"),
    ("leaderConnectDelayDuringRetryMs", _NUMBER, 100, "ms between tries to reach the leader"),
    ("follower.skipLearnerRequestToNextProcessor", TRUE_FALSE, False, "save a queue"),
    ("forward_learner_requests_to_commit_processor_disabled", TRUE_FALSE, False, "likewise"),
    ("observer.reconnectDelayMs", _NUMBER, 0, "ms before an observer reconnects"),
    ("observerMaster.sizeLimit", _NUMBER, 32 * 1024 * 1024, "bytes kept for observers"),
    ("enableEagerACLCheck", TRUE_FALSE, False, "check ACLs before forwarding to the leader"),
)

_TLS_PROPERTIES = _later(
    TLS,
    True,
    ("ssl.*", _ANY, None, "what is left of TLS: contexts by Java classes"),
    ("netty.server.earlyDropSecureConnectionHandshakes", TRUE_FALSE, False, "drop early"),
    ("admin.httpVersion", Integer(9, 20, decode=True), 11, "AdminServer: HTTP version with TLS"),
    ("X509AuthenticationProvider.*", _ANY, None, "other parts of certificates as identities"),
    ("fips-mode", TRUE_FALSE, True, "keep to FIPS algorithms"),
)

_SASL = (
    *_later(
        SASL,
        False,
        ("quorum.auth.kerberos.servicePrincipal", _ANY, "zkquorum/localhost", "principal"),
    ),
    *_later(
        SASL,
        True,
        ("kerberos.*", _ANY, None, "how Kerberos names map to ids"),
        ("security.auth_to_local", _ANY, "DEFAULT", "Kerberos name rules"),
        ("requireKerberosConfig", TRUE_FALSE, False, "refuse to start without krb5.conf"),
        ("server.realm", _ANY, None, "Kerberos realm of the server"),
        ("kinit", PATH, "/usr/bin/kinit", "the program kinit"),
    ),
)

_OLD_DATA = _later(
    "no release so far",
    True,
    ("emulate353TTLNodes", TRUE_FALSE, False, "read TTL nodes as 3.5.3 wrote them"),
)

_THREADS = _idle(
    "one event loop and one storage thread serve all connections",
    ("serverCnxnFactory", _CLASS, None, "NIO or Netty"),
    ("nio.numSelectorThreads", _NUMBER, None, "selector threads"),
    ("nio.numWorkerThreads", _NUMBER, None, "worker threads"),
    ("nio.directBufferBytes", _NUMBER, 65536, "buffer of each thread"),
    ("nio.shutdownTimeout", _NUMBER, 5000, "ms to stop them"),
    ("netty.advancedFlowControl.enabled", TRUE_FALSE, False, "Netty's flow control"),
    ("commitProcessor.*", _SIGNED, None, "threads and batches of the commit processor"),
    ("request_throttler.shutdownTimeout", _NUMBER, 10000, "ms to stop the throttler"),
    ("flushDelay", _NUMBER, 0, "ms that a flush may wait: a flush takes what is there"),
    ("maxWriteQueuePollTime", _NUMBER, None, "ms that the log writer polls with flushDelay"),
    ("maxBatchSize", Integer(1, decode=True), 1000, "transactions in one flush: as many as wait"),
)

_CACHES = _idle(
    "there is no such cache or structure to tune",
    ("maxGetChildrenResponseCacheSize", _SIGNED, 400, "getChildren replies kept"),
    ("watchManagerName", _CLASS, None, "WatchManager or WatchManagerOptimized"),
    ("watcherCleanThreadsNum", _NUMBER, 2, "threads that clear dead watchers"),
    ("watcherCleanThreshold", _NUMBER, 1000, "how many at a time"),
    ("watcherCleanIntervalInSeconds", _NUMBER, 600, "how often"),
    ("maxInProcessingDeadWatchers", _SIGNED, -1, "backlog of dead watchers"),
    ("bitHashCacheSize", _NUMBER, 10, "cache of the watch table"),
    ("intBufferStartingSizeBytes", _NUMBER, 1024, "first size of reply buffers"),
    ("messageTracker.*", _ANY, None, "last messages kept for debugging"),
    ("pathStats.*", _ANY, None, "statistics by path"),
)

_THROTTLE = _idle(
    "requests are answered in the turn that reads them, so there is no queue to grow stale",
    ("request_throttle_stall_time", _NUMBER, 100, "ms that a stalled request waits"),
    ("requestThrottleStallTime", _NUMBER, 100, "the same"),
    ("request_throttle_drop_stale", TRUE_FALSE, True, "drop stale requests"),
    ("requestThrottleDropStale", TRUE_FALSE, True, "the same"),
    ("request_stale_latency_check", TRUE_FALSE, False, "stale by age"),
    ("requestStaleLatencyCheck", TRUE_FALSE, False, "the same"),
    ("request_stale_connection_check", TRUE_FALSE, True, "stale by closed connection"),
    ("requestStaleConnectionCheck", TRUE_FALSE, True, "the same"),
    ("connection_throttle_weight_enabled", TRUE_FALSE, False, "weigh connections by session"),
    ("connection_throttle_global_session_weight", _NUMBER, 3, "weight"),
    ("connection_throttle_local_session_weight", _NUMBER, 1, "weight"),
    ("connection_throttle_renew_session_weight", _NUMBER, 2, "weight"),
)

_JVM = (
    *_idle(
        "it configures the Java virtual machine or Java's logging",
        ("jmx.*", _ANY, None, "JMX beans"),
        ("log.*", _ANY, None, "log files; see --log-level and --log-format"),
        ("root.logger", _ANY, None, "log level; see --log-level"),
        ("console.threshold", _ANY, None, "log level; see --log-level"),
        ("tracelog.*", _ANY, None, "trace log file"),
        ("auditlog.*", _ANY, None, "audit log file"),
        ("audit.impl.class", _CLASS, None, "class that writes the audit log"),
        ("controllerPort", Integer(0, INT_MAX), None, "test controller"),
        ("IPAuthenticationProvider.usexforwardedfor", TRUE_FALSE, False, "trust proxies"),
    ),
    *_idle(
        "Apache does not read it any more",
        ("requireClientAuthScheme", _ANY, None, "scheme that clients must use, in 3.4"),
        ("jaasLoginRenew", _NUMBER, None, "ms between renewals of the login, in 3.4"),
    ),
    core(
        "jvm.pause.*",
        _ANY,
        None,
        "monitor of garbage collection pauses",
        "there is no such monitor",
        status=Status.NO_EFFECT,
    ),
    core(
        "metricsProvider.*",
        _ANY,
        None,
        "threads and queues of Java's Prometheus exporter, its HTTPS port",
        "/metrics is rendered when it is asked for, over plain HTTP",
        status=Status.NO_EFFECT,
    ),
    prop(
        "configuration",
        _ANY,
        None,
        "the configuration file, as embedded servers name it",
        "informational",
        status=Status.NO_EFFECT,
    ),
)

LATER: tuple[Key, ...] = (
    *_ENSEMBLE_CORE,
    *_ENSEMBLE_PROPERTIES,
    *_TLS_PROPERTIES,
    *_SASL,
    *_OLD_DATA,
    *_THREADS,
    *_CACHES,
    *_THROTTLE,
    *_JVM,
)
