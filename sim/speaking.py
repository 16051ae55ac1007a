"""The language of the commands: the option --lang, and help texts in the language spoken.

`--lang` may stand anywhere on the line. What click itself says is looked up in the same catalogue as all else.
"""

from __future__ import annotations

import copy
import gettext
import inspect
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from sim.languages import DOMAIN, ENGLISH, LANGUAGES, LOCALE, current, mark, tr, use

EXAMPLE = "For example: "
CLICK = (
    mark("Usage:"), mark("Options"), mark("Commands"), mark("Arguments"), mark("Show this message and exit."),
    mark("Show the version and exit."), mark("Error: {message}"), mark("Try '{command} {option}' for help."),
    mark("No such option: {name}"), mark("No such option {name!r}."), mark("Missing argument"),
    mark("Missing command."), mark("Missing parameter"), mark("Missing option"), mark("Invalid value: {message}"),
    mark("Invalid value for {param_hint}: {message}"), mark("default: {default}"), mark("required"),
    mark("Aborted!"), mark("{value} is not in the range {range}."), mark("{value!r} is not a valid {number_type}."),
    mark("Got unexpected extra argument ({args})"), mark("Option {name!r} requires an argument."),
)  # fmt: skip
"""What click says."""
ALIKE = ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)")
"""What it offers instead of a wrong option: one, or several."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language, click as well, here and in the processes that are begun meanwhile."""
    before = os.environ.get("LANGUAGE"), gettext.textdomain()
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language
    try:
        with use(language, processes=True):
            yield
    finally:
        gettext.textdomain(before[1])
        if before[0] is None:
            os.environ.pop("LANGUAGE", None)
        else:
            os.environ["LANGUAGE"] = before[0]


def _speak(ctx: click.Context, _: click.Parameter, language: str | None) -> None:
    ctx.with_resource(speaking(language or current()))


lang_option = click.option(
    "--lang", type=click.Choice(LANGUAGES), is_eager=True, expose_value=False, callback=_speak,
    help="Speak English, French or Arabic; by default the language of KUMAKAN_LANG or of the system.",
)  # fmt: skip


class Speaking(click.Group):
    """A group whose help, and that of its commands, is in the language spoken."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        with speaking(_asked(given) or current()):  # what click says of a wrong line it says outside of every command
            return super().main(given, *more, **options)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _first(args))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return None if command is None else translated(command)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Group.format_help(_told(self), ctx, formatter)


def _first(args: list[str]) -> list[str]:
    """The same arguments with --lang in front, as its language is that of all others."""
    for k, arg in enumerate(args):
        if arg == "--":
            break
        if arg == "--lang" and k + 1 < len(args):
            return [*args[k : k + 2], *args[:k], *args[k + 2 :]]
        if arg.startswith("--lang="):
            return [arg, *args[:k], *args[k + 1 :]]
    return args


def _asked(args: list[str]) -> str:
    """The language that --lang names; empty if it names none that there is."""
    first = _first(args)[:2]
    named = first[0].partition("=")[2] or first[-1] if first and first[0].startswith("--lang") else ""
    return named if named in LANGUAGES else ""


def translated(command: click.Command) -> click.Command:
    """The command with its help, and that of its options and commands, in the language spoken."""
    return command if current() == ENGLISH else _told(command)


def _told(command: Any) -> Any:
    told = copy.copy(command)
    told.help = "\n\n".join(map(_paragraph, paragraphs(command.help)))
    told._help_option = None  # click keeps the one that it made in another language
    told.params = [copy.copy(parameter) for parameter in command.params]
    for parameter in told.params:
        if getattr(parameter, "help", None):
            parameter.help = tr(parameter.help)
    if isinstance(command, click.Group) and not isinstance(command, Speaking):
        told.commands = {name: _told(inner) for name, inner in command.commands.items()}
    return told


def paragraphs(text: str | None) -> list[str]:
    """The paragraphs of a help text, each on one line, as the catalogue has them."""
    return [" ".join(part.split()) for part in inspect.cleandoc(text or "").split("\n\n") if part.strip()]


def _paragraph(text: str) -> str:
    """A paragraph, or the line with an example, which is kept as it stands."""
    before, example, command = text.partition(EXAMPLE)
    if not example:
        return tr(text)
    if before.strip("\b "):
        return tr(text)
    return "\b\n" + tr("For example: {command}", command=command)
