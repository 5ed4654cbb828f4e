"""The command line: ``tutor …``. ``cli.md``'s contract: exit codes, one JSON object with ``--json``, never a traceback.

Everything is imported where it is used: ``tutor --version`` costs little more than starting Python.
"""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Runs one call and returns its exit code: 0 done, 1 the answer is no, 2 the call was wrong, 3 something is
    missing, 70 an unforeseen error, 130 interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments in (["--version"], ["-V"]):
        from tutor import __version__

        sys.stdout.write(f"tutor {__version__}\n")
        return 0
    from commands.guard import guarded

    return guarded(lambda: _dispatch(arguments))


def _dispatch(arguments: list[str]) -> int:
    from importlib import import_module

    from commands.parser import parse

    options = parse(arguments)
    if options.command == "app":
        return _app(options.path, options.home, use_model=not options.no_model)
    # Every subcommand is a module of its own with a function run(options) -> exit code.
    return int(import_module(f"commands.{options.module}").run(options))


def _app(path: str | None, home: str | None, *, use_model: bool) -> int:
    from pathlib import Path

    from commands.terminal import require_terminal
    from tutor.errors import UsageError

    root = Path(path or ".")
    if not root.exists():
        raise UsageError("No such file", f"There is no file or folder {path!r}, and no subcommand of that name.",
                         "tutor --help lists the subcommands")  # fmt: skip
    require_terminal()
    from tui.app import run
    from tutor.paths import find_home

    return run(root, use_model=use_model, home=find_home(home))


if __name__ == "__main__":
    sys.exit(main())
