"""``tutor ask`` and ``tutor explain``: an answer with its citations."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from commands import json_face
from commands.run import consume, exit_code, open_tutor
from tutor.engine import Stream, Tutor
from tutor.errors import UsageError
from tutor.events import Event


def run(options: argparse.Namespace) -> int:
    """Answers one question, or with ``--batch`` one a line."""
    asking = options.command == "ask"
    tutor = open_tutor(options, options.command)
    try:
        if options.batch:
            return _batch(tutor, asking, options.json)
        text = " ".join(options.question if asking else options.thing).strip()
        if not text:
            example = 'tutor ask "what is a lifetime"' if asking else "tutor explain E0382"
            raise UsageError("Nothing asked", f"Say what, for example: {example}")
        return _one(tutor, asking, text, as_json=options.json)
    finally:
        tutor.close()


def _stream(tutor: Tutor, asking: bool, text: str) -> Stream:
    return tutor.ask(text) if asking else tutor.explain(text)


def _one(tutor: Tutor, asking: bool, text: str, *, as_json: bool) -> int:
    import asyncio

    happened: list[Event] = []
    if as_json:
        last = asyncio.run(consume(_stream(tutor, asking, text), happened.append))
        json_face.write(json_face.answer(text, happened, "question" if asking else "text"))
        return exit_code(last)
    from commands.text_face import AnswerPrinter

    return exit_code(asyncio.run(consume(_stream(tutor, asking, text), AnswerPrinter())))


def _batch(tutor: Tutor, asking: bool, as_json: bool) -> int:
    import asyncio

    from commands.batch import serve

    if not as_json:
        raise UsageError("Not without --json", "--batch answers in JSON: add --json.")
    key = "question" if asking else "thing"
    with asyncio.Runner() as runner:

        def answer(request: Mapping[str, object]) -> dict[str, object]:
            happened: list[Event] = []
            text = str(request[key])
            runner.run(consume(_stream(tutor, asking, text), happened.append))
            return json_face.answer(text, happened, "question" if asking else "text")

        return serve(key, answer)
