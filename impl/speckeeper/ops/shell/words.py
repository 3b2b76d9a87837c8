"""A command line as words.

Source: ZooKeeper ``ZooKeeperMain.MyCommandOptions.parseCommand``.
"""

import re

# A word starts with anything but a quote and ends at white space, or is a quoted run without that
# quote in it. A quote inside a word is a character like any other; one that nothing closes is
# skipped.
_WORD = re.compile(r"""\s*([^"'\s]\S*|"[^"]*"|'[^']*')\s*""", re.ASCII)


def split_words(line: str) -> list[str]:
    """Return the words of ``line`` without the quotes around them."""
    return [_unquoted(match[1]) for match in _WORD.finditer(line)]


def _unquoted(word: str) -> str:
    if len(word) > 1 and word[0] in "\"'" and word[-1] == word[0]:
        return word[1:-1]
    return word
