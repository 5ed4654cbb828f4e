"""Answers: from this machine's knowledge, and from a model at the scripted server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.ollama_server import running
from tutor import events
from tutor.config import ModelSettings, Settings
from tutor.engine import Stream, Tutor
from tutor.events import Event
from tutor.paths import Home


async def collect(stream: Stream) -> list[Event]:
    return [event async for event in stream]


def ready(happened: list[Event]) -> events.AnswerReady:
    return next(e for e in happened if isinstance(e, events.AnswerReady))


def script(*replies: object) -> dict[str, object]:
    models = [{"name": "gemma3:4b", "capabilities": ["completion"], "context_length": 8192}]
    return {"models": models, "replies": {"/api/chat": list(replies)} if replies else {}}


def with_model(home: Home, root: Path, host: str) -> Tutor:
    return Tutor(root, home=home, settings=Settings(model=ModelSettings(host=host)))


async def test_without_a_model_the_lessons_answer(home: Home, tmp_path: Path) -> None:
    tutor = Tutor(tmp_path, home=home)
    happened = await collect(tutor.ask("why can I not use a value after I moved it?"))
    answer = ready(happened)
    assert answer.origin == "knowledge"
    assert answer.in_scope
    assert answer.citations
    assert "".join(e.text for e in happened if isinstance(e, events.AnswerDelta)) == answer.markdown
    assert happened[0] == events.AnswerStarted("knowledge")
    assert isinstance(happened[-1], events.Finished)
    assert happened[-1].ok


async def test_what_is_out_of_scope_is_declined(home: Home, tmp_path: Path) -> None:
    happened = await collect(Tutor(tmp_path, home=home).ask("what is the capital of France?"))
    assert not ready(happened).in_scope
    assert happened[-1].status == "out-of-scope"  # type: ignore[attr-defined]  -- the last event is Finished


async def test_an_error_code_gets_the_concept_and_the_compilers_words(home: Home, tmp_path: Path) -> None:
    answer = ready(await collect(Tutor(tmp_path, home=home).explain("e0382")))
    assert answer.in_scope
    assert answer.concepts
    assert "What the compiler says of E0382" in answer.markdown
    assert ("error", "E0382") in {(c.kind, c.ref) for c in answer.citations}


async def test_an_unknown_code_is_said_to_be_unknown(home: Home, tmp_path: Path) -> None:
    happened = await collect(Tutor(tmp_path, home=home).explain("E9999"))
    assert not ready(happened).in_scope
    assert "E9999" in ready(happened).markdown


async def test_explaining_nothing_known_claims_nothing(home: Home, tmp_path: Path) -> None:
    answer = ready(await collect(Tutor(tmp_path, home=home).explain("flux capacitor")))
    assert not answer.in_scope
    assert answer.citations == ()


async def test_after_a_complaint_the_answer_is_another_one(home: Home, tmp_path: Path) -> None:
    tutor = Tutor(tmp_path, home=home)
    question = "how do I borrow a value?"
    first = ready(await collect(tutor.ask(question)))
    second = ready(await collect(tutor.ask(question, complaint="I want to change it while it is borrowed")))
    assert second.markdown != first.markdown
    assert first.concepts[0] not in second.concepts[:1]


async def test_a_model_streams_with_the_notes_in_its_prompt(home: Home, tmp_path: Path) -> None:
    with running(script({"body": [{"text": "A move "}, {"text": "ends it."}, {"done": "stop"}]})) as server:
        happened = await collect(with_model(home, tmp_path, server.host).ask("what is a move?"))
        body = json.loads(server.requests("/api/chat")[-1]["body"])
    assert ready(happened).markdown == "A move ends it."
    assert ready(happened).origin == "model"
    assert events.AnswerStarted("model", "gemma3:4b") in happened
    assert body["messages"][0]["role"] == "system"
    assert "# Notes" in body["messages"][0]["content"]
    assert body["messages"][-1] == {"role": "user", "content": "what is a move?"}


async def test_the_conversation_goes_along(home: Home, tmp_path: Path) -> None:
    with running(script({"body": [{"text": "First."}, {"done": "stop"}]})) as server:
        tutor = with_model(home, tmp_path, server.host)
        await collect(tutor.ask("what is a move?"))
        await collect(tutor.ask("and a copy?"))
        body = json.loads(server.requests("/api/chat")[-1]["body"])
    assert [m["content"] for m in body["messages"][1:]] == ["what is a move?", "First.", "and a copy?"]


async def test_stopping_keeps_what_was_said_and_frees_the_server(home: Home, tmp_path: Path) -> None:
    with running(script({"body": [{"text": "Half an"}, {"stall": True}]})) as server:
        tutor = with_model(home, tmp_path, server.host)
        stop = asyncio.Event()
        happened: list[Event] = []
        async for event in tutor.ask("what is a move?", stop=stop):
            happened.append(event)
            if isinstance(event, events.AnswerDelta):
                stop.set()
        number = len(server.requests()) - 1
        assert server.ended(number)["ended"] == "disconnected"
    assert ready(happened).markdown == "Half an"
    assert ready(happened).stopped
    assert isinstance(happened[-1], events.Finished)


async def test_a_model_that_breaks_off_keeps_its_words_and_says_so(home: Home, tmp_path: Path) -> None:
    with running(script({"body": [{"text": "Half an"}, {"error": "the runner has stopped"}]})) as server:
        happened = await collect(with_model(home, tmp_path, server.host).ask("what is a move?"))
    assert ready(happened).markdown == "Half an"
    assert ready(happened).stopped
    assert any(isinstance(e, events.Notice) and "kept" in e.text for e in happened)


async def test_a_model_that_says_nothing_gives_way_to_the_lessons(home: Home, tmp_path: Path) -> None:
    with running(script({"status": 500, "body": [{"raw": '{"error":"out of memory"}'}]})) as server:
        happened = await collect(with_model(home, tmp_path, server.host).ask("what is a move in Rust?"))
    assert ready(happened).origin == "knowledge"
    assert any(isinstance(e, events.Notice) and "this machine's knowledge" in e.text for e in happened)


async def test_the_generator_can_be_closed_in_the_middle(home: Home, tmp_path: Path) -> None:
    with running(script({"body": [{"text": "Half an"}, {"stall": True}]})) as server:
        stream = with_model(home, tmp_path, server.host).ask("what is a move?")
        async for event in stream:
            if isinstance(event, events.AnswerDelta):
                break
        await stream.aclose()
        assert server.ended(len(server.requests()) - 1)["ended"] == "disconnected"


@pytest.mark.parametrize("question", ["", "   ", "\x00\x1b[31m", "]]>[/b]" * 50, "E0382 " * 2000])
async def test_any_question_gets_an_answer(home: Home, tmp_path: Path, question: str) -> None:
    happened = await collect(Tutor(tmp_path, home=home).ask(question))
    assert isinstance(happened[-1], events.Finished)
