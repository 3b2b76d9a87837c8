"""From a `Config` to what the server is told of SASL, and of schemes beside ip and digest.

Source: ZooKeeper ``ServerCnxnFactory.configureSaslLogin``, ``SaslServerCallbackHandler``,
``ProviderRegistry``.
"""

from typing import Any

from speckeeper.ops.config.error import ConfigError
from speckeeper.ops.config.jaas import MODULE, read_jaas
from speckeeper.ops.config.zoo_cfg import Config
from speckeeper.server.settings import SaslSettings

_FILE = "java.security.auth.login.config"


def sasl_settings(config: Config) -> SaslSettings | None:
    """Return whom SASL lets in, None without a JAAS file or without its section.

    Raises `ConfigError`.
    """
    values: dict[str, Any] = config.section("sasl")
    path, section = values["file"], values["section"]
    if path is None:
        if values["required"]:
            name = "sessionRequireClientSASLAuth"
            text = f"{name}=true and {_FILE} is not set, so that nobody could be served"
            raise _error(config, name, text, "name the JAAS file with the users")
        return None
    logins = read_jaas(path).get(section)
    if logins is None:
        if values["required"] or "sasl.serverconfig" in config.given:
            text = f"{path} has no section {section}"
            raise _error(
                config, _FILE, text, "write it, or set sasl.serverconfig to one that is there"
            )
        return None
    users: dict[str, str] = {}
    for login in logins:
        if login.module != MODULE:
            text = f"section {section}: {login.module} is not available"
            raise ConfigError(path, login.line, text, f"use {MODULE}")
        users.update(login.users)
    if values["super_password"] is not None and "super" in users:
        users["super"] = values["super_password"]
    return SaslSettings(users, _super_users(config, values), values["allow_failed_clients"])


def _super_users(config: Config, values: dict[str, Any]) -> frozenset[str]:
    more = {text for name, text in config.given.items() if name.startswith("superUser.")}
    return frozenset(more | ({values["super_user"]} if values["super_user"] else set()))


def _error(config: Config, key: str, text: str, remedy: str) -> ConfigError:
    return ConfigError(*config.places.get(key, (config.source, None)), text, remedy)
