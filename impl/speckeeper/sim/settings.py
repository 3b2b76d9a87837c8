"""The settings of simulated servers, from the options of a run."""

from __future__ import annotations

from speckeeper.server.settings import ServerSettings
from speckeeper.sim.options import Options
from speckeeper.tree.policy import Policy
from speckeeper.wire.quorum_config import ConfiguredServer, Endpoint, QuorumConfig
from speckeeper.zab.settings import ZabSettings

# Ticks are short here, and so is the time without a leader until readers are served.
_READ_ONLY_TICKS = 3


def zab_settings(options: Options, server_id: int) -> ZabSettings:
    """Return what the core of a server goes by."""
    return ZabSettings(
        server_id,
        options.tick_time_ms,
        options.init_limit,
        options.sync_limit,
        commit_log_count=options.commit_log_count,
        read_only_mode=options.read_only,
        read_only_wait_ms=_READ_ONLY_TICKS * options.tick_time_ms,
        sync_enabled=options.observers_log or options.reconfig,
        reconfig_enabled=options.reconfig,
    )


def server_settings(options: Options, server_id: int) -> ServerSettings:
    """Return the limits of a server."""
    return ServerSettings(
        server_id=server_id,
        tick_time_ms=options.tick_time_ms,
        snap_count=options.snap_count,
        local_sessions_enabled=options.local_sessions,
        local_sessions_upgrading_enabled=options.local_sessions,
        policy=Policy(reconfig_enabled=options.reconfig, standalone_enabled=False),
    )


def endpoint(server_id: int) -> Endpoint:
    """Return where a server would be reached if there were a network."""
    return Endpoint(f"sim{server_id}", 2888, 3888)


def configuration(options: Options) -> QuorumConfig:
    """Return who belongs to the ensemble; observers come last."""
    return QuorumConfig(
        tuple(
            ConfiguredServer(sid, (endpoint(sid),), observer=sid > options.voters)
            for sid in options.servers
        )
    )
