"""What a configuration becomes for the floors below."""

from pathlib import Path

from speckeeper.ops.config.settings import server_settings, storage_settings
from speckeeper.ops.config.zoo_cfg import standalone_config
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.settings import StorageSettings

SUPER_HASH = "D/InIHSb7yEEbrWz8b9l71RjZJU="  # of super:test


def test_defaults_of_the_table_are_those_of_the_records() -> None:
    config = standalone_config([], [], {})
    expected = ServerSettings(
        server_id=1,  # ZooKeeperServer.createSessionTrackerServerId
        min_session_timeout_ms=6000,
        max_session_timeout_ms=60000,
        # 3.10 has five minutes; up to 3.9 a container that never had a child stays.
        container_max_never_used_interval_ms=0,
    )
    assert server_settings(config) == expected
    assert storage_settings(config) == StorageSettings(Path("./var/data"))


def test_switches_reach_the_policy() -> None:
    options = [
        "zookeeper.skipACL=yes",
        "zookeeper.extendedTypesEnabled=true",
        "zookeeper.enforceQuota=true",
        "zookeeper.closeSessionTxn.enabled=false",
        "zookeeper.DigestAuthenticationProvider.superDigest=super:" + SUPER_HASH,
        "zookeeper.DigestAuthenticationProvider.enabled=false",
    ]
    policy = server_settings(standalone_config([], options, {})).policy
    assert policy.skip_acl
    assert policy.extended_types_enabled
    assert policy.enforce_quota
    assert not policy.close_session_txn_enabled
    assert policy.super_digest == "super:" + SUPER_HASH
    assert list(policy.schemes) == ["ip"]


def test_enforced_authentication() -> None:
    schemes = "zookeeper.enforce.auth.schemes=digest,ip"
    config = standalone_config([], [schemes], {})
    assert server_settings(config).enforce_auth_schemes == ()
    config = standalone_config([], [schemes, "zookeeper.enforce.auth.enabled=true"], {})
    assert server_settings(config).enforce_auth_schemes == ("digest", "ip")


def test_ensemble_scheme_is_there_only_when_named() -> None:
    assert server_settings(standalone_config([], [], {})).ensemble_auth_names is None
    config = standalone_config([], ["zookeeper.ensembleAuthName=a,b"], {})
    assert server_settings(config).ensemble_auth_names == ("a", "b")


def test_storage_habits() -> None:
    options = [
        "zookeeper.preAllocSize=64",
        "zookeeper.forceSync=no",
        "zookeeper.snapshot.compression.method=gz",
        "zookeeper.snapSizeLimitInKb=10",
    ]
    config = standalone_config(["2181", "/data"], options, {})
    storage = storage_settings(config)
    assert storage.data_dir == Path("/data")
    assert storage.data_log_dir is None
    assert storage.pre_alloc_size_kb == 64
    assert not storage.force_sync
    assert storage.snapshot_compression_method == "gz"
    assert server_settings(config).snap_size_limit_bytes == 10 * 1024
