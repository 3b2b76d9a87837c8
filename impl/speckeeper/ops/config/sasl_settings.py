"""From a `Config` to what the server is told of SASL, for clients and between servers.

Source: ZooKeeper ``ServerCnxnFactory.configureSaslLogin``, ``SaslServerCallbackHandler``,
``QuorumPeerConfig``, ``SaslQuorumAuthServer``, ``SaslQuorumAuthLearner``.
"""

from typing import Any

from speckeeper.net.peer_auth import PeerAuth
from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.jaas import MODULE, Login, read_jaas
from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.server.settings import SaslSettings

_FILE = "java.security.auth.login.config"
_CALLS, _REQUIRED = "quorum.auth.learnerRequireSasl", "quorum.auth.serverRequireSasl"


def sasl_settings(config: Config) -> SaslSettings | None:
    """Return whom SASL lets in, None without a JAAS file or without its section.

    Raises `ConfigError`.
    """
    values: dict[str, Any] = config.section("sasl")
    path = values["file"]
    if path is None:
        if values["required"]:
            name = "sessionRequireClientSASLAuth"
            text = f"{name}=true and {_FILE} is not set, so that nobody could be served"
            raise _error(config, name, text, "name the JAAS file with the users")
        return None
    demanded = values["required"] or "sasl.serverconfig" in config.given
    logins = _logins(config, path, values["section"], "sasl.serverconfig" if demanded else "")
    if logins is None:
        return None
    users = _users(logins)
    if values["super_password"] is not None and "super" in users:
        users["super"] = values["super_password"]
    return SaslSettings(users, _super_users(config, values), values["allow_failed_clients"])


def peer_auth(config: Config) -> PeerAuth | None:
    """Return who may come from among the servers, None for everybody. Raises `ConfigError`."""
    values: dict[str, Any] = config.section("peers")
    for name, asked in ((_CALLS, values["calls"]), (_REQUIRED, values["required"])):
        if asked and not values["enabled"]:
            text = f"{name}=true without quorum.auth.enableSasl=true"
            raise _error(config, name, text, "set both, or neither")
    if config.quorum is None or not values["enabled"]:
        return None
    if values["required"] and not values["calls"]:
        text = f"{_REQUIRED}=true without {_CALLS}=true: servers would turn each other away"
        raise _error(config, _REQUIRED, text, f"set {_CALLS}=true too")
    path = config.string(_FILE)
    if not path:
        text = f"quorum.auth.enableSasl=true and {_FILE} is not set"
        raise _error(config, "quorum.auth.enableSasl", text, "name the JAAS file")
    users = _logins(config, path, values["server_section"], "quorum.auth.server.saslLoginContext")
    own = _logins(config, path, values["learner_section"], "quorum.auth.learner.saslLoginContext")
    assert users is not None
    assert own is not None
    login = None
    if values["calls"]:
        options = own[0].options if own else {}
        if not options.get("username") or "password" not in options:
            text = f"section {values['learner_section']}: username or password is missing"
            raise ConfigError(path, own[0].line if own else None, text, "write both")
        login = options["username"], options["password"]
    return PeerAuth(_users(users), login, values["required"])


def _logins(config: Config, path: str, section: str, demanded_by: str) -> list[Login] | None:
    """Return what a section has, None if it is not there and nothing demands it."""
    logins = read_jaas(path).get(section)
    if logins is None:
        if demanded_by:
            text = f"{path} has no section {section}"
            remedy = f"write it, or set {demanded_by} to one that is there"
            raise _error(config, _FILE, text, remedy)
        return None
    for login in logins:
        if login.module != MODULE:
            text = f"section {section}: {login.module} is not available"
            raise ConfigError(path, login.line, text, f"use {MODULE}")
    return logins


def _users(logins: list[Login]) -> dict[str, str]:
    users: dict[str, str] = {}
    for login in logins:
        users.update(login.users)
    return users


def _super_users(config: Config, values: dict[str, Any]) -> frozenset[str]:
    more = {text for name, text in config.given.items() if name.startswith("superUser.")}
    return frozenset(more | ({values["super_user"]} if values["super_user"] else set()))


def _error(config: Config, key: str, text: str, remedy: str) -> ConfigError:
    return ConfigError(*config.places.get(key, (config.source, None)), text, remedy)
