"""From a `Config` to the settings records of the floors below: server, state machine, storage.

The table of keys says where each value goes; what is said here is only what has another shape
below.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from speckeeper.ops.config.rules import SASL, X509
from speckeeper.ops.config.sasl_settings import sasl_settings
from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.server.settings import ServerSettings
from speckeeper.storage.settings import StorageSettings
from speckeeper.tree.policy import DEFAULT_SCHEMES, Policy
from speckeeper.tree.schemes import AuthScheme, SaslScheme, X509Scheme
from speckeeper.zab.settings import ZabSettings

T = TypeVar("T", ServerSettings, StorageSettings)


def policy(config: Config) -> Policy:
    """Return the switches of the state machine."""
    values: dict[str, Any] = config.section("policy")
    authentication: dict[str, Any] = config.section("authentication")
    schemes: dict[str, AuthScheme] = dict(DEFAULT_SCHEMES)
    if not authentication["digest_enabled"]:
        del schemes["digest"]
    providers = providers_of(config)
    if config.values["secureClientPort"] is not None or X509 in providers:
        schemes["x509"] = X509Scheme(authentication["x509_super_user"])
    if SASL in providers:
        schemes["sasl"] = SaslScheme(config.string("letAnySaslUserDoX") or None)
    values["schemes"] = schemes
    return Policy(**values)


def providers_of(config: Config) -> set[str]:
    """Return the classes that `authProvider.*` names."""
    return {text for name, text in config.given.items() if name.startswith("authProvider.")}


def server_settings(config: Config) -> ServerSettings:
    """Return the limits of the server. Raises `ConfigError`."""
    authentication: dict[str, Any] = config.section("authentication")
    values: dict[str, Any] = config.section("server")
    values["policy"] = policy(config)
    if config.values["sessionRequireClientSASLAuth"]:
        values["enforce_auth_schemes"] = ("sasl",)
    elif authentication["enforced"]:
        values["enforce_auth_schemes"] = authentication["enforced_schemes"]
    values["sasl"] = sasl_settings(config)
    # A standalone server of Apache puts 1 into its session ids, whatever myid says, and shows 0.
    values["server_id"] = 1 if config.quorum is None else config.server_id
    if config.quorum is None:
        values["local_sessions_enabled"] = False  # nobody else would have to know them
    for name in ("max_response_cache_size", "max_client_cnxns", "max_cnxns"):
        values[name] = max(values[name], 0)
    # A negative limit holds back whoever has a request in progress, and so does 0.
    values["global_outstanding_limit"] = max(values["global_outstanding_limit"], 0)
    values["ensemble_auth_names"] = authentication["ensemble_names"] or None
    return _record(ServerSettings, values)


def zab_settings(config: Config) -> ZabSettings:
    """Return what a member of an ensemble goes by."""
    values: dict[str, Any] = config.section("zab")
    storage: dict[str, Any] = config.section("storage")
    by_property = values.pop("sync_by_property")
    if "observer.syncEnabled" in config.given:
        values["sync_enabled"] = by_property
    values["reconfig_enabled"] = bool(config.values["reconfigEnabled"])
    if values["reconfig_enabled"]:
        values["sync_enabled"] = True  # an observer may come to vote, also for what it has now
    values["txn_log_sync"] = storage["snapshot_size_factor"] >= 0
    return ZabSettings(
        server_id=config.server_id or 0, tick_time_ms=config.number("tickTime"), **values
    )


def storage_settings(config: Config) -> StorageSettings:
    """Return the directories and the habits of storage; `data_log_dir` None means the same one."""
    values: dict[str, Any] = config.section("storage")
    separate = values["data_log_dir"] != values["data_dir"]
    values["data_log_dir"] = Path(values["data_log_dir"]) if separate else None
    values["data_dir"] = Path(values["data_dir"])
    return _record(StorageSettings, values)


def _record(kind: type[T], values: dict[str, Any]) -> T:
    unknown = values.keys() - {field.name for field in fields(kind)}
    assert not unknown, f"the table of keys names attributes that are not there: {unknown}"
    return kind(**values)
