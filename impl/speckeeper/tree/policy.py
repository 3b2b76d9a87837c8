"""Settings that change what the state machine answers; every other setting is none of its business.

Source: the system properties that ZooKeeper ``PrepRequestProcessor``, ``ZooKeeperServer``,
``EphemeralType`` and ``ProviderRegistry`` read.
"""

from collections.abc import Mapping
from typing import NamedTuple

from speckeeper.tree.schemes import DIGEST, IP, AuthScheme

DEFAULT_SCHEMES: Mapping[str, AuthScheme] = {"digest": DIGEST, "ip": IP}


class Policy(NamedTuple):
    """Frozen; all servers of an ensemble should agree on it."""

    skip_acl: bool = False
    """``skipACL=yes``: every permission is granted."""

    extended_types_enabled: bool = False
    """``extendedTypesEnabled``: TTL nodes may be created."""

    enforce_quota: bool = False
    """``enforceQuota``: a write beyond a hard limit is refused."""

    reconfig_enabled: bool = False
    """``reconfigEnabled``: without it reconfig answers ReconfigDisabled."""

    standalone_enabled: bool = True
    """``standaloneEnabled``: an ensemble needs two participants, for one would be standalone."""

    close_session_txn_enabled: bool = True
    """``closeSessionTxn.enabled``: a closeSession transaction names the nodes it deletes."""

    super_digest: str | None = None
    """``DigestAuthenticationProvider.superDigest``: the digest id that passes every check."""

    largest_transaction: int = 2 * 0xFFFFF
    """``jute.maxbuffer`` and ``jute.maxbuffer.extrasize``: bytes of a log entry that can be read
    again.
    """

    digest_algorithm: str = "SHA1"
    """``DigestAuthenticationProvider.digestAlg``, by its Java name."""

    schemes: Mapping[str, AuthScheme] = DEFAULT_SCHEMES
    """Authentication schemes by name; leave digest out for
    ``DigestAuthenticationProvider.enabled=false``.
    """
