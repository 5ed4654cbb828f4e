"""``tutor recognise``: the Rust patterns and concepts that files use, with lines."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from commands import json_face
from commands.terminal import put
from tutor.errors import Failed, UsageError
from tutor.inert import inert_line

_SKIPPED = frozenset({"target", "node_modules"})
_MOST_FILES = 2000


def run(options: argparse.Namespace) -> int:
    """Prints what each file uses; exit 1 where nothing is recognised."""
    if options.batch:
        from commands.batch import require_batch, serve

        require_batch(options.json, bool(options.paths))
        return serve("path", lambda request: _answer(Path(str(request["path"]))), options.home)
    if not options.paths:
        raise UsageError("No file", "Say which: tutor recognise src/main.rs")
    paths = [path for given in options.paths for path in _files(Path(given))]
    answers = [_answer(path) for path in paths]
    if options.json:
        json_face.write(answers[0] if len(answers) == 1 else {"results": answers})
    else:
        put("".join(map(_text, answers)))
    return 0 if any(answer["patterns"] for answer in answers) else 1


def _files(given: Path) -> Iterator[Path]:
    """A file itself; of a folder the files in it that can be looked at, hidden folders but those of workflows left
    out. Raises UsageError."""
    if not given.is_dir():
        if not given.exists():
            raise UsageError("No such file", f"There is no {inert_line(str(given))}.")
        yield given
        return
    count = 0
    for folder, folders, names in os.walk(given):
        folders[:] = sorted(n for n in folders if n not in _SKIPPED and (not n.startswith(".") or n == ".github"))
        for name in sorted(names):
            if (
                name.endswith(".rs")
                or name == "Cargo.toml"
                or (".github" in folder and name.endswith((".yml", ".yaml")))
            ):
                count += 1
                if count > _MOST_FILES:
                    raise UsageError("Too many files", f"More than {_MOST_FILES}; name a folder inside.")
                yield Path(folder, name)


def _answer(path: Path) -> dict[str, object]:
    """The object of ``cli.md`` for one file. Raises TutorError."""
    from knowledgegraph.recogniser import TooMuch, recognise_file, title

    if path.exists() and not path.is_file():
        raise UsageError("No file", f"{inert_line(str(path))} is no file.")
    try:
        found = recognise_file(path.name, path.read_bytes())
    except OSError as error:
        raise UsageError("Cannot read", f"{inert_line(str(path))}: {error.strerror}.") from error
    except TooMuch as error:
        raise Failed("Not looked at", f"{inert_line(path.name)} {error}.") from error
    if found is None:
        raise UsageError(
            "Not recognised", f"{inert_line(path.name)} is no Rust file, no Cargo.toml and no workflow in YAML."
        )
    patterns = [
        {
            "id": one.pattern,
            "title": title(one.pattern),
            "line": one.line,
            "end_line": one.end_line,
            "confidence": one.confidence,
        }
        for one in found
    ]
    return {"path": str(path), "patterns": patterns}


def _text(answer: Mapping[str, object]) -> str:
    lines = [inert_line(str(answer["path"]))]
    patterns = answer["patterns"]
    assert isinstance(patterns, list)  # noqa: S101 -- made above
    for one in patterns:
        place = f"{one['line']}" if one["line"] == one["end_line"] else f"{one['line']}–{one['end_line']}"
        sure = "" if one["confidence"] == 1.0 else "  (likely)"
        lines.append(f"  {place:>11}  {one['title']}{sure}")
    if not patterns:
        lines.append("  nothing that I recognise")
    return "\n".join(lines) + "\n"
