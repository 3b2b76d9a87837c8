"""JAAS login files, as far as DIGEST-MD5 needs them: sections with users and passwords.

    Server {
        org.apache.zookeeper.server.auth.DigestLoginModule required
        user_alice="secret";
    };

Source: Java's ``javax.security.auth.login.Configuration``; ZooKeeper ``ServerCnxnFactory``
(getDigestMd5Credentials), ``SaslQuorumServerCallbackHandler``.
"""

import re
from dataclasses import dataclass, field

from speckeeper.ops.config.error import ConfigError

MODULE = "org.apache.zookeeper.server.auth.DigestLoginModule"
_FLAGS = ("required", "requisite", "sufficient", "optional")
_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|\#[^\n]*|/\*.*?\*/)
    |"(?P<quoted>(?:[^"\\\n]|\\.)*)"
    |(?P<sign>[{};=])
    |(?P<word>[^\s{};="]+)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Login:
    """One login module of a section, with its options, and the line where it begins."""

    module: str
    options: dict[str, str] = field(repr=False)
    line: int

    @property
    def users(self) -> dict[str, str]:
        """Passwords by user, from options such as ``user_alice``."""
        prefix = "user_"
        return {
            name.removeprefix(prefix): value
            for name, value in self.options.items()
            if name.startswith(prefix)
        }


def read_jaas(path: str) -> dict[str, list[Login]]:
    """Return the sections of a file by name. Raises ConfigError."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        what = (error.strerror or str(error)).lower()
        raise ConfigError(path, None, what, "name a readable JAAS file") from None
    except UnicodeDecodeError:
        raise ConfigError(path, None, "it is not UTF-8", "name a JAAS file") from None
    return _Parser(path, text).sections()


class _Parser:
    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._tokens: list[tuple[str, str, int]] = []
        at, line = 0, 1
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                remedy = "close the quotation mark on the same line"
                raise ConfigError(path, line, "a text does not end", remedy)
            kind = found.lastgroup or ""
            if kind != "space":
                value = found[kind]
                if kind == "quoted":
                    value = re.sub(r"\\(.)", r"\1", value)
                self._tokens.append((kind, value, line))
            line += found[0].count("\n")
            at = found.end()
        self._at = 0
        self._last_line = line

    def sections(self) -> dict[str, list[Login]]:
        found: dict[str, list[Login]] = {}
        while self._at < len(self._tokens):
            name = self._take("a section", ("word", "quoted"))
            self._sign("{")
            logins = []
            while not self._is("}"):
                logins.append(self._login())
            self._sign("}")
            self._sign(";")
            found[name] = logins
        return found

    def _login(self) -> Login:
        line = self._line
        module = self._take("a login module", ("word", "quoted"))
        flag_line = self._line
        flag = self._take("a flag", ("word",))
        if flag.lower() not in _FLAGS:
            remedy = f"write one of {', '.join(_FLAGS)}"
            raise ConfigError(self._path, flag_line, f"{flag} is no flag", remedy)
        options: dict[str, str] = {}
        while not self._is(";"):
            name = self._take("an option", ("word", "quoted"))
            self._sign("=")
            options[name] = self._take(f"the value of {name}", ("word", "quoted"))
        self._sign(";")
        return Login(module, options, line)

    @property
    def _line(self) -> int:
        at_end = self._at >= len(self._tokens)
        return self._last_line if at_end else self._tokens[self._at][2]

    def _is(self, sign: str) -> bool:
        return self._tokens[self._at : self._at + 1] != [] and self._tokens[self._at][:2] == (
            "sign",
            sign,
        )

    def _sign(self, sign: str) -> None:
        if not self._is(sign):
            raise self._unexpected(sign)
        self._at += 1

    def _take(self, what: str, kinds: tuple[str, ...]) -> str:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] not in kinds:
            raise self._unexpected(what)
        value = self._tokens[self._at][1]
        self._at += 1
        return value

    def _unexpected(self, expected: str) -> ConfigError:
        at_end = self._at >= len(self._tokens)
        kind, value, _ = ("", "", 0) if at_end else self._tokens[self._at]
        # A quoted text may be a password.
        found = "the file ends" if at_end else "a text stands" if kind == "quoted" else value
        text = f"{found} where {expected} is expected"
        remedy = 'write Name { module required key="value"; };'
        return ConfigError(self._path, self._line, text, remedy)
