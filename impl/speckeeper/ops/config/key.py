"""What the table of zoo.cfg keys is made of: one `Key` per row.

A row says how a key is spelled, what its values are, what it means and where its value goes. The
rows themselves are in `keys_served` and `keys_later`; `keys` joins them to the
one table.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from speckeeper.ops.config.kinds import Kind, Value


class Status(Enum):
    """What setting a key does."""

    SERVED = "used"
    LATER = "understood, not served yet"
    NO_EFFECT = "understood, without effect here"


@dataclass(frozen=True)
class Key:
    """One key of zoo.cfg.

    `goes_to` is `<section>.<attribute>` for a served key (the parsed value times `scale` lands
    there), the name of the coming feature for a later one, the reason for one without effect.
    `system` marks the keys that Apache takes as Java system properties: they are also known with
    the prefix `zookeeper.` and as -D options. A `*` in the name stands for any text, `N` at the end
    for a number.
    """

    name: str
    kind: Kind
    default: Value
    meaning: str
    goes_to: str
    status: Status = Status.SERVED
    system: bool = False
    scale: int = 1
    aliases: tuple[str, ...] = ()
    default_text: str = ""

    @property
    def is_family(self) -> bool:
        """Whether the name stands for many keys (`server.N`, `metricsProvider.*`)."""
        return self.name.endswith((".N", "*"))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the names of a family match."""
        text = re.escape(self.name).replace(r"\*", "(.*)")
        return re.compile(re.sub(r"\\\.N$", r"\\.([0-9]+)", text))

    @property
    def shown_default(self) -> str:
        """The default as an operator would write it."""
        if self.default_text:
            return self.default_text
        if self.default is None:
            return "none"
        if isinstance(self.default, bool):
            for word, value in getattr(self.kind, "words", {}).items():
                if value is self.default:
                    return str(word)
        if isinstance(self.default, tuple):
            return ",".join(self.default) or "none"
        return str(self.default) or "empty"


def core(name: str, kind: Kind, default: Value, meaning: str, goes_to: str, **more: object) -> Key:
    """Return a row of the first group: a key that Apache reads from the file only."""
    return Key(name, kind, default, meaning, goes_to, **more)  # type: ignore[arg-type]  # Key checks the names


def prop(name: str, kind: Kind, default: Value, meaning: str, goes_to: str, **more: object) -> Key:
    """Return a row of the system-property group."""
    return core(name, kind, default, meaning, goes_to, system=True, **more)
