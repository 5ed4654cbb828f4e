"""``tutor ask`` and ``tutor explain``: an answer with its citations."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping

from commands import json_face
from commands.run import consume, exit_code, open_tutor, read_once
from tutor.engine import Tutor
from tutor.errors import UsageError
from tutor.events import Event
from tutor.inert import inert


def run(options: argparse.Namespace) -> int:
    """Answers one question, or with ``--batch`` one a line."""
    asking = options.command == "ask"
    text = " ".join(options.words).strip()
    if options.batch:
        from commands.batch import require_batch

        require_batch(options.json, bool(text))
    elif not text:
        raise _nothing(asking)
    tutor = open_tutor(options, options.command)
    try:
        read_once(tutor, quiet=options.json)
        with asyncio.Runner() as runner:
            if options.batch:
                return _batch(tutor, runner, options.home, asking=asking)
            return _one(tutor, runner, text, asking=asking, as_json=options.json)
    finally:
        tutor.close()


def _nothing(asking: bool) -> UsageError:
    example = 'tutor ask "what is a lifetime"' if asking else "tutor explain E0382"
    return UsageError("Nothing asked", f"Say what, for example: {example}")


def _answered(tutor: Tutor, runner: asyncio.Runner, text: str, asking: bool, show: Callable[[Event], None]) -> Event:
    # Whatever bytes were typed or piped in, a model and a search index get text.
    words = inert(text)
    return runner.run(consume(tutor.ask(words) if asking else tutor.explain(words), show))


def _one(tutor: Tutor, runner: asyncio.Runner, text: str, *, asking: bool, as_json: bool) -> int:
    if not as_json:
        from commands.text_face import AnswerPrinter

        return exit_code(_answered(tutor, runner, text, asking, AnswerPrinter()))
    happened: list[Event] = []
    last = _answered(tutor, runner, text, asking, happened.append)
    json_face.write(json_face.answer(text, happened, "question" if asking else "text"))
    return exit_code(last)


def _batch(tutor: Tutor, runner: asyncio.Runner, home: str | None, *, asking: bool) -> int:
    from commands.batch import serve

    key = "question" if asking else "thing"

    def answer(request: Mapping[str, object]) -> dict[str, object]:
        happened: list[Event] = []
        text = str(request[key])
        if not text.strip():
            raise _nothing(asking)
        _answered(tutor, runner, text, asking, happened.append)
        return json_face.answer(text, happened, "question" if asking else "text")

    return serve(key, answer, home)
