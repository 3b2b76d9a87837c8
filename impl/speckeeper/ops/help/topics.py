"""Pages about what the server knows by name: keys of zoo.cfg, words, commands, metrics, exit codes.

They are made of the same tables as docs/operations.md.
"""

from collections.abc import Callable

from speckeeper.ops.config.keys import KEYS, Key, Status, find_key
from speckeeper.ops.exit_codes import MEANINGS
from speckeeper.ops.help.pages import HelpPage, Section, plain


def topic_page(topic: str) -> HelpPage | None:
    """Return the page of a topic, or of a key of zoo.cfg; None if there is none of that name."""
    made = TOPICS.get(topic)
    if made is not None:
        return made()
    key = find_key(topic)
    return None if key is None else _key(topic, key)


def _keys() -> HelpPage:
    served = [(each.name, plain(each.meaning)) for each in KEYS if each.status is Status.SERVED]
    about = "Keys of zoo.cfg that this release acts on; `speckeeper help KEY` says more of one."
    return _listed("keys", "keys of zoo.cfg", plain(about), served)


def _key(name: str, key: Key) -> HelpPage:
    what = [plain(key.meaning)]
    if key.status is not Status.SERVED:
        what.append(f"{key.status.value}: {plain(key.goes_to)}.")
    if key.system:
        what.append(
            "With or without zookeeper. before it in zoo.cfg; also a -D option, and in "
            "SERVER_JVMFLAGS or JVMFLAGS."
        )
    sections = [
        Section("NAME", [f"{name} - a key of zoo.cfg"]),
        Section("DESCRIPTION", what),
        Section("VALUE", [plain(key.kind.label)]),
        Section("DEFAULT", [key.shown_default]),
    ]
    if key.aliases:
        sections.append(Section("OTHER NAMES", [", ".join(key.aliases)]))
    sections.append(Section("SEE ALSO", ["speckeeper help keys"]))
    return HelpPage(name, "a key of zoo.cfg", sections)


def _words() -> HelpPage:
    from speckeeper.ops.four_letter import WORDS

    listed = [(name, plain(word.help)) for name, word in WORDS.items()]
    about = "Sent to the client port; 4lw.commands.whitelist says which are answered."
    return _listed("words", "four-letter words", about, listed)


def _commands() -> HelpPage:
    from speckeeper.ops.admin.commands import COMMANDS

    listed = [(", ".join(each.names), plain(each.help)) for each in COMMANDS]
    about = "Asked for by HTTP below admin.commandURL at admin.serverPort."
    return _listed("admin", "commands of the AdminServer", about, listed)


def _metrics() -> HelpPage:
    from speckeeper.ops.metrics import METRICS

    listed = [(each.name, plain(each.help)) for each in METRICS]
    about = "Shown by the word mntr (zk_ before the name), the command monitor, and Prometheus."
    return _listed("metrics", "what a server measures", about, listed)


def _exit_codes() -> HelpPage:
    listed = [(str(int(code)), plain(text)) for code, text in MEANINGS.items()]
    return _listed("exit-codes", "why a command ended", "The values are ZooKeeper's.", listed)


def _listed(name: str, title: str, about: str, terms: list[tuple[str, str]]) -> HelpPage:
    return HelpPage(
        name,
        title,
        [
            Section("NAME", [f"{name} - {title}"]),
            Section("DESCRIPTION", [about], terms),
            Section("SEE ALSO", ["speckeeper help"]),
        ],
    )


TOPICS: dict[str, Callable[[], HelpPage]] = {
    "keys": _keys,
    "words": _words,
    "admin": _commands,
    "metrics": _metrics,
    "exit-codes": _exit_codes,
}
