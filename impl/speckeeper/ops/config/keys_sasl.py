"""Rows of the zoo.cfg table: authentication schemes, and SASL for clients (ZooKeeper
``SASLAuthenticationProvider``, ``ZooKeeperSaslServer``, ``AuthenticationHelper``).
"""

from speckeeper.ops.config.key import Key, core, prop
from speckeeper.ops.config.kinds import PATH, TRUE_FALSE, Text

_USER = Text("the name of a user")

SASL_KEYS: tuple[Key, ...] = (
    prop(
        "authProvider.*",
        Text("a class name"),
        None,
        "a further authentication scheme: X509AuthenticationProvider, SASLAuthenticationProvider",
        "authentication.providers",
    ),
    prop(
        "java.security.auth.login.config",
        PATH,
        None,
        "the JAAS file: users and passwords of SASL DIGEST-MD5",
        "sasl.file",
    ),
    prop(
        "sasl.serverconfig",
        Text("the name of a section"),
        "Server",
        "the section of that file with the users of the client port",
        "sasl.section",
    ),
    prop(
        "sessionRequireClientSASLAuth",
        TRUE_FALSE,
        False,
        "serve only clients that have authenticated by SASL",
        "sasl.required",
    ),
    prop(
        "allowSaslFailedClients",
        TRUE_FALSE,
        False,
        "serve clients that have failed to, without an identity",
        "sasl.allow_failed_clients",
    ),
    prop("superUser", _USER, None, "a SASL user that may do everything", "sasl.super_user"),
    prop("superUser.*", _USER, None, "further ones", "sasl.super_users"),
    prop(
        "SASLAuthenticationProvider.superPassword",
        Text("a password"),
        None,
        "password of the user super, whatever the file says",
        "sasl.super_password",
    ),
    prop(
        "letAnySaslUserDoX",
        _USER,
        None,
        "what an ACL gives to this user it gives to all SASL users",
        "sasl.reader",
    ),
    core("quorum.auth.enableSasl", TRUE_FALSE, False, "SASL between servers", "peers.enabled"),
    core(
        "quorum.auth.learnerRequireSasl",
        TRUE_FALSE,
        False,
        "authenticate to the servers that this one calls",
        "peers.calls",
    ),
    core(
        "quorum.auth.serverRequireSasl",
        TRUE_FALSE,
        False,
        "turn servers away that do not",
        "peers.required",
    ),
    core(
        "quorum.auth.learner.saslLoginContext",
        Text("the name of a section"),
        "QuorumLearner",
        "section of the JAAS file with the own name and password",
        "peers.learner_section",
    ),
    core(
        "quorum.auth.server.saslLoginContext",
        Text("the name of a section"),
        "QuorumServer",
        "section of the JAAS file with the users among servers",
        "peers.server_section",
    ),
)
