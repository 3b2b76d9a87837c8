"""Pages about the commands, made of the commands themselves, so that they cannot say otherwise."""

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import click

from speckeeper.ops.exit_codes import MEANINGS

PROGRAM = "speckeeper"
_OWN_HELP = "speckeeper help, speckeeper help TOPIC"


@dataclass
class Section:
    """A heading, paragraphs, and then pairs of a term and what it means."""

    heading: str
    paragraphs: Sequence[str] = ()
    terms: Sequence[tuple[str, str]] = ()


@dataclass
class HelpPage:
    """One page; `name` has dashes between the words of a command."""

    name: str
    title: str
    sections: list[Section] = field(default_factory=list)


def command_pages(root: click.Command) -> Iterator[HelpPage]:
    """Yield the page of a command, and those of the commands in it."""
    context = click.Context(root, info_name=PROGRAM)
    yield from _pages(context)


def _pages(context: click.Context) -> Iterator[HelpPage]:
    command = context.command
    words = context.command_path.split()
    page = HelpPage("-".join(words), _first_sentence(command))
    synopsis = " ".join([*words, *command.collect_usage_pieces(context)])
    page.sections.append(Section("NAME", [f"{page.name} - {page.title}"]))
    page.sections.append(Section("SYNOPSIS", [synopsis]))
    page.sections.append(Section("DESCRIPTION", _paragraphs(command)))
    for heading, kind in (("ARGUMENTS", click.Argument), ("OPTIONS", click.Option)):
        terms = [_term(each, context) for each in command.params if isinstance(each, kind)]
        terms = [each for each in terms if each[0]]
        if terms:
            page.sections.append(Section(heading, terms=terms))
    inner: list[click.Context] = []
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                inner.append(click.Context(found, info_name=name, parent=context))
        terms = [(each.info_name or "", _first_sentence(each.command)) for each in inner]
        page.sections.append(Section("COMMANDS", terms=terms))
    if context.parent is None:
        codes = [(str(int(code)), plain(text)) for code, text in MEANINGS.items()]
        page.sections.append(Section("EXIT STATUS", terms=codes))
    above = (
        [] if context.parent is None else [f"{context.parent.command_path.replace(' ', '-')}(1)"]
    )
    page.sections.append(Section("SEE ALSO", [", ".join([*above, _OWN_HELP])]))
    yield page
    for each in inner:
        yield from _pages(each)


def _term(parameter: click.Parameter, context: click.Context) -> tuple[str, str]:
    if isinstance(parameter, click.Option):
        record = parameter.get_help_record(context)
        return ("", "") if record is None else (record[0], plain(record[1]))
    return parameter.make_metavar(context), plain(getattr(parameter, "help", None) or "")


def _paragraphs(command: click.Command) -> list[str]:
    texts = re.split(r"\n\s*\n", inspect.cleandoc(command.help or ""))
    if command.epilog:
        texts.append(command.epilog)
    return [plain(text) for text in texts if text.strip()]


def _first_sentence(command: click.Command) -> str:
    text = plain(inspect.cleandoc(command.help or "").split("\n\n")[0])
    return text.rstrip(".")


def plain(text: str) -> str:
    """Return a text in one line, without marks."""
    return " ".join(text.replace("`", "").split())
