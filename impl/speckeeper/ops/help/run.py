"""`speckeeper help [TOPIC...]`: print a page, or write pages for man.

On a terminal a page goes through a pager.
"""

import difflib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from speckeeper.ops.config.keys import KEYS
from speckeeper.ops.exit_codes import ExitCode
from speckeeper.ops.help.pages import PROGRAM, HelpPage, Section, command_pages
from speckeeper.ops.help.topics import TOPICS, topic_page
from speckeeper.ops.help.write import as_roff, as_text

_WIDEST = 100


def run(root: click.Command, topic: Sequence[str], man: Path | None) -> int:
    """Print the page of a topic, the first page without one, or write all; return the exit code."""
    if man is not None:
        return _write(root, man)
    page = _find(root, topic)
    if page is None:
        name = " ".join(topic)
        print(f"{PROGRAM}: there is no help on {name!r}; {_similar(root, name)}", file=sys.stderr)
        return int(ExitCode.BAD_INVOCATION)
    text = as_text(page, min(shutil.get_terminal_size().columns, _WIDEST))
    if sys.stdout.isatty():
        click.echo_via_pager(text)
    else:
        print(text, end="")
    return int(ExitCode.OK)


def _find(root: click.Command, topic: Sequence[str]) -> HelpPage | None:
    pages = {page.name: page for page in command_pages(root)}
    if not topic:
        first = pages[PROGRAM]
        terms = [(name, made().title) for name, made in TOPICS.items()]
        terms.append(("KEY", "a key of zoo.cfg by its name, as in help tickTime"))
        first.sections.insert(-1, Section("TOPICS", ["speckeeper help TOPIC"], terms))
        return first
    found = pages.get("-".join((PROGRAM, *topic)))
    if found is not None:
        return found
    return topic_page(topic[0]) if len(topic) == 1 else None


def _similar(root: click.Command, name: str) -> str:
    known = [
        page.name.removeprefix(f"{PROGRAM}-").replace("-", " ") for page in command_pages(root)
    ]
    known += [*TOPICS, *(key.name for key in KEYS)]
    near = difflib.get_close_matches(name, known, 3)
    return f"did you mean {' or '.join(near)}?" if near else f"see {PROGRAM} help"


def _write(root: click.Command, folder: Path) -> int:
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for page in command_pages(root):
            written.append(folder / f"{page.name}.1")
            written[-1].write_text(as_roff(page), encoding="utf-8")
    except OSError as error:
        what = (error.strerror or str(error)).lower()
        print(f"{PROGRAM}: {error.filename or folder}: {what}", file=sys.stderr)
        return int(ExitCode.UNEXPECTED)
    print("\n".join(map(str, written)))
    return int(ExitCode.OK)
