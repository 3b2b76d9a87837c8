"""The rows of the zoo.cfg table that this server acts on; those for addresses and limits are in
`keys_basic` (ZooKeeper administrator's guide, FileTxnSnapLog, AdminServerFactory).
"""

from speckeeper.ops.config.key import Key, prop
from speckeeper.ops.config.keys_basic import BASICS, LIMITS
from speckeeper.ops.config.keys_quorum import QUORUM
from speckeeper.ops.config.keys_sasl import SASL_KEYS
from speckeeper.ops.config.keys_tls import TLS_KEYS
from speckeeper.ops.config.kinds import (
    HOST,
    INT_MAX,
    INT_MIN,
    LONG_MAX,
    TRUE_FALSE,
    Choice,
    Digest,
    Flag,
    Integer,
    Places,
    Text,
    Words,
)

_MS = Integer(0, unit="ms", decode=True)
_YES_NO = Flag("yes", "no")

STORAGE: tuple[Key, ...] = (
    prop(
        "preAllocSize",
        Integer(0, INT_MAX, unit="KiB", decode=True),
        65536,
        "step in which a log file grows",
        "storage.pre_alloc_size_kb",
    ),
    prop(
        "snapCount",
        Integer(INT_MIN, decode=True),
        100000,
        "transactions, at least 2, after which a snapshot is taken (between half and all of it)",
        "server.snap_count",
    ),
    prop(
        "snapSizeLimitInKb",
        Integer(-1, LONG_MAX, unit="KiB", decode=True),
        4194304,
        "log after which a snapshot is taken, likewise; 0 or less means no limit",
        "server.snap_size_limit_bytes",
        scale=1024,
    ),
    prop(
        "txnLogSizeLimitInKb",
        Integer(-1, INT_MAX, unit="KiB", decode=True),
        -1,
        "size at which a new log file is begun; -1 means no limit",
        "storage.txn_log_size_limit_kb",
    ),
    prop(
        "fsync.warningthresholdms",
        _MS,
        1000,
        "an fsync that takes longer is logged and counted",
        "storage.fsync_warning_threshold_ms",
    ),
    prop(
        "forceSync",
        _YES_NO,
        True,
        "no: answer before the disk has the log; a power failure then loses acknowledged writes",
        "storage.force_sync",
    ),
    prop(
        "snapshot.compression.method",
        Choice("", "gz", "snappy"),
        "",
        "compression of snapshots",
        "storage.snapshot_compression_method",
    ),
    prop(
        "snapshot.trust.empty",
        TRUE_FALSE,
        False,
        "start with logs but without any snapshot (data of 3.4)",
        "storage.snapshot_trust_empty",
    ),
    prop(
        "db.autocreate",
        TRUE_FALSE,
        True,
        "make an empty database when there is none",
        "storage.db_autocreate",
    ),
    prop(
        "datadir.autocreate",
        TRUE_FALSE,
        True,
        "make the data directories when they are missing",
        "storage.datadir_autocreate",
    ),
    prop(
        "serializeLastProcessedZxid.enabled",
        TRUE_FALSE,
        True,
        "put the last zxid into snapshots; the admin commands snapshot and restore need it",
        "storage.serialize_last_processed_zxid",
    ),
    prop(
        "digest.enabled",
        TRUE_FALSE,
        True,
        "keep a digest of the tree in log and snapshots",
        "storage.digest_enabled",
    ),
)

BEHAVIOUR: tuple[Key, ...] = (
    prop(
        "extendedTypesEnabled",
        TRUE_FALSE,
        False,
        "allow TTL nodes",
        "policy.extended_types_enabled",
    ),
    prop("skipACL", _YES_NO, False, "yes: check no ACL at all", "policy.skip_acl"),
    prop(
        "enforceQuota",
        TRUE_FALSE,
        False,
        "refuse what exceeds a hard quota",
        "policy.enforce_quota",
    ),
    prop(
        "closeSessionTxn.enabled",
        TRUE_FALSE,
        True,
        "list the deleted paths in closeSession transactions",
        "policy.close_session_txn_enabled",
    ),
    prop(
        "DigestAuthenticationProvider.enabled",
        TRUE_FALSE,
        True,
        "whether the digest scheme is there",
        "authentication.digest_enabled",
    ),
    prop(
        "DigestAuthenticationProvider.superDigest",
        Digest(),
        None,
        "who may do everything: user:base64(SHA1(user:password))",
        "policy.super_digest",
    ),
    prop(
        "DigestAuthenticationProvider.digestAlg",
        Text("the name of a hash such as SHA1, SHA-256, SHA3-256"),
        "SHA1",
        "the hash of digest ids",
        "policy.digest_algorithm",
    ),
    prop(
        "enforce.auth.enabled",
        TRUE_FALSE,
        False,
        "serve only clients that have authenticated",
        "authentication.enforced",
    ),
    prop(
        "enforce.auth.schemes",
        Words("schemes"),
        (),
        "one of these must have authenticated",
        "authentication.enforced_schemes",
    ),
    prop(
        "ensembleAuthName",
        Words("names"),
        (),
        "names that the scheme ensemble accepts",
        "authentication.ensemble_names",
    ),
    prop(
        "znode.container.checkIntervalMs",
        Integer(1, unit="ms", decode=True),
        60000,
        "time between searches for empty containers and expired TTL nodes",
        "server.container_check_interval_ms",
    ),
    prop(
        "znode.container.maxPerMinute",
        Integer(1, decode=True),
        10000,
        "deletions per minute in such a search",
        "server.container_max_per_minute",
    ),
    prop(
        "znode.container.maxNeverUsedIntervalMs",
        Integer(0, LONG_MAX, unit="ms", decode=True),
        0,
        "age at which a container that never had children goes; 0 means never",
        "server.container_max_never_used_interval_ms",
    ),
)

OPERATIONS: tuple[Key, ...] = (
    prop(
        "4lw.commands.whitelist",
        Words("four-letter words, or *"),
        (),
        "words that are answered; srvr always is",
        "four_letter.whitelist",
        default_text="srvr",
    ),
    prop(
        "readonlymode.enabled",
        TRUE_FALSE,
        False,
        "serve readers without a leader; a member's. Also has isro answered",
        "zab.read_only_mode",
    ),
    prop("admin.enableServer", TRUE_FALSE, True, "whether the AdminServer runs", "admin.enabled"),
    prop("admin.serverPort", Integer(0, 65535, decode=True), 8080, "its port", "admin.port"),
    prop("admin.serverAddress", HOST, "0.0.0.0", "its address", "admin.address"),
    prop("admin.commandURL", Text("a URL path"), "/commands", "its URL", "admin.command_url"),
    prop(
        "admin.idleTimeout",
        Integer(1, unit="ms", decode=True),
        30000,
        "when an idle HTTP connection is closed",
        "admin.idle_timeout_ms",
    ),
    prop(
        "admin.rateLimiterIntervalInMS",
        Integer(0, INT_MAX, unit="ms", decode=True),
        300000,
        "least time between two snapshot commands, and between two restore commands",
        "admin.rate_limiter_interval_ms",
    ),
    prop(
        "admin.snapshot.enabled",
        TRUE_FALSE,
        True,
        "whether the command snapshot is there",
        "admin.snapshot_enabled",
    ),
    prop(
        "admin.restore.enabled",
        TRUE_FALSE,
        True,
        "whether the command restore is there",
        "admin.restore_enabled",
    ),
    prop(
        "admin.page",
        Choice("off", "ensemble", "tree", "edit"),
        "ensemble",
        "how much of the page on the admin port there is; edit: by who authenticates",
        "admin.page",
    ),
    prop(
        "admin.page.hosts",
        Words("host names, or *"),
        (),
        "further names by which browsers may ask for the page",
        "admin.page_hosts",
        default_text="addresses and own names",
    ),
    prop(
        "admin.page.members",
        Places("N=host:port"),
        (),
        "AdminServers of members, as in 1=zk1:8080,2=zk2:8081",
        "admin.page_members",
        default_text="admin.serverPort at the member's host",
    ),
    prop(
        "admin.page.conformance",
        Text("http://host:port or a path"),
        None,
        "metrics of speccheck trace --follow, or a JSON file, with the state of a followed trace",
        "admin.page_conformance",
    ),
    prop("audit.enable", TRUE_FALSE, False, "write an audit log", "logs.audit"),
    prop(
        "trace.dir",
        Text("a directory"),
        None,
        "where a member of an ensemble records its steps, in the words of spec/Zab.tla",
        "trace.directory",
    ),
    prop(
        "trace.maxSizeInKb",
        Integer(0, LONG_MAX, unit="KiB", decode=True),
        262144,
        "size at which a new trace file is begun; 0 means no limit",
        "trace.most_bytes",
        scale=1024,
    ),
    prop(
        "trace.compress",
        TRUE_FALSE,
        False,
        "compress trace files that are full, by zstd",
        "trace.compress",
    ),
)

SERVED: tuple[Key, ...] = (
    *BASICS,
    *QUORUM,
    *LIMITS,
    *STORAGE,
    *BEHAVIOUR,
    *OPERATIONS,
    *TLS_KEYS,
    *SASL_KEYS,
)
