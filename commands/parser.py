"""Reads the arguments. What is offered comes from ``commands.registry``; wrong words get the nearest right one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from difflib import get_close_matches
from typing import NoReturn

from commands.registry import find, offered
from tutor.errors import UsageError

# Named in the design of the command line and not built yet: said so, instead of "no such file".
_LATER = frozenset({"suggest", "preview", "write", "learn", "practice", "review", "recognise", "knowledge", "dataset",
                    "model", "eval"})  # fmt: skip


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError("Wrong call", f"{message[0].upper()}{message[1:]}.", f"{self.prog} --help shows the usage")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of one call; ``command`` is the subcommand ("app" for none), ``module`` the module that runs it.

    Raises :class:`UsageError`; ``--help`` prints and exits 0.
    """
    words = [a for a in arguments if not a.startswith("-")]
    first = _first_word(arguments)
    if first is None or (find(first) is None and first not in _LATER):
        return _app(arguments, first, words)
    if first in _LATER:
        raise UsageError("Not there yet", f"`tutor {first}` is not part of this version.", "tutor --help shows what is")
    return _full_parser().parse_args(arguments)


def _first_word(arguments: list[str]) -> str | None:
    """The first argument that is neither an option nor ``--home``'s value."""
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--home":
            skip = True
        elif not argument.startswith("-"):
            return argument
    return None


def _app(arguments: list[str], first: str | None, words: list[str]) -> argparse.Namespace:
    if first is None and {"-h", "--help"} & set(arguments):
        _full_parser().parse_args(arguments)
    from pathlib import Path

    if first is not None and not Path(first).exists():
        near = get_close_matches(first, [c.name for c in offered("cli")], 1)
        hint = f"did you mean: tutor {near[0]}" if near else "tutor --help lists the subcommands"
        raise UsageError("Not found", f"There is no file or folder {first!r}, and no subcommand of that name.", hint)
    parser = _Parser(prog="tutor", add_help=False)
    _common(parser)
    parser.add_argument("path", nargs="?")
    options = parser.parse_args(arguments)
    options.command = "app"
    return options


def _common(parser: argparse.ArgumentParser, default: object = None) -> None:
    parser.add_argument("--home", metavar="DIR", default=default, help="keep all of the tutor's own files in DIR")
    parser.add_argument("--no-model", action="store_true", default=default or False, help="never contact Ollama")


def _full_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tutor",
        usage="tutor [PATH]            open the app on a folder or file\n"
        "       tutor COMMAND …         one of the commands below",
        description="A terminal tutor and pair-programmer for Rust, Git, Linux and gh.",
        epilog="Exit codes: 0 done · 1 the answer is no · 2 wrong call · 3 something is missing · 130 interrupted.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="show the version")
    _common(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    for command in offered("cli"):
        sub = commands.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.title}: {command.summary}.",
            prog=f"tutor {command.name}",
        )
        _common(sub, argparse.SUPPRESS)
        _ADD[command.name](sub)
        sub.set_defaults(module=_MODULES.get(command.name, command.name))
    return parser


def _json(parser: argparse.ArgumentParser, batch: bool = False) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    if batch:
        parser.add_argument(
            "--batch", choices=["-"], metavar="-", help="with --json: a request a line on standard input"
        )


def _add_nothing(parser: argparse.ArgumentParser) -> None:
    """For subcommands without options of their own."""


def _add_fix(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a folder, a package or a file (default: here)")
    parser.add_argument("--yes", action="store_true", help="accept every hunk of the best proposal and write it")
    parser.add_argument("--commit", action="store_true", help="commit exactly what was accepted")
    parser.add_argument("--message", metavar="TEXT", help="the commit's message")
    parser.add_argument("--tests", action="store_true", help="also run the tests, where that is permitted")
    parser.add_argument("--trust", action="store_true", help="this once, let cargo run the workspace's own build code")
    parser.add_argument("--edition", choices=["2015", "2018", "2021", "2024"], help="the edition of a lone file")
    parser.add_argument("--crate-type", choices=["bin", "lib", "test"], help="what a lone file is")
    _json(parser, batch=True)


def _add_ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="*", help="in your own words")
    _json(parser, batch=True)


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("thing", nargs="*", help="an error code (E0382) or a concept")
    _json(parser, batch=True)


def _add_graph(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("concept", nargs="+", help="a concept's id or name")
    parser.add_argument("--dot", action="store_true", help="print Graphviz text")
    _json(parser)


def _add_sessions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="list|show", required=True)
    listing = actions.add_parser("list", help="all sessions, newest first", prog="tutor sessions list")
    show = actions.add_parser("show", help="one session, entry by entry", prog="tutor sessions show")
    show.add_argument("id", nargs="?", help="an id or its beginning (default: the newest)")
    for sub in (listing, show):
        _common(sub, argparse.SUPPRESS)
        _json(sub)


def _add_config(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="get|set|path", required=True)
    get = actions.add_parser("get", help="one setting, or all", prog="tutor config get")
    get.add_argument("name", nargs="?", help="for example fix.edition")
    change = actions.add_parser("set", help="change one setting", prog="tutor config set")
    change.add_argument("name")
    change.add_argument("value")
    path = actions.add_parser("path", help="where the settings are kept", prog="tutor config path")
    for sub in (get, change, path):
        _common(sub, argparse.SUPPRESS)
        _json(sub)


_ADD: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "fix": _add_fix, "ask": _add_ask, "explain": _add_explain, "graph": _add_graph, "sessions": _add_sessions,
    "config": _add_config, "doctor": _json, "demo": _json, "chat": _add_nothing,
}  # fmt: skip
_MODULES = {"chat": "repl", "explain": "ask"}
