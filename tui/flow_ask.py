"""Questions and answers, and whether they helped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from knowledgegraph.entry import entry_id
from tui.flows import Flow
from tutor import events
from tutor.events import Event
from tutor.inert import inert_line

if TYPE_CHECKING:
    from knowledgegraph.entry import Entry
    from tui.app import TutorApp
    from tui.turns import TutorTurn
    from tutor.engine import Stream


class AskFlow(Flow):
    """One answer at a time; remembers what each was the answer to."""

    def __init__(self, app: TutorApp) -> None:
        super().__init__(app)
        self._questions: dict[str, str] = {}
        self._subject = ""
        self._cited: Sequence[events.Citation] = ()

    def ask(self, question: str, complaint: str = "") -> None:
        """Answers a question; after a ``complaint`` the same one again, differently."""
        stop = asyncio.Event()
        self._answer("Answering", lambda: self.app.tutor.ask(question, complaint=complaint, stop=stop), stop)
        self.app.coach("ask")

    def explain(self, thing: str, *, aside: bool = False) -> None:
        """Explains an error code or a concept. ``aside``: as part of something else, so nobody asks if it helped."""
        self._answer(f"Explaining {inert_line(thing)}", lambda: self.app.tutor.explain(thing), None, aside=aside)

    def _answer(
        self, title: str, stream: Callable[[], Stream], stop: asyncio.Event | None, *, aside: bool = False
    ) -> None:
        turn: TutorTurn | None = None
        finished = False
        streaming = False
        citations: list[events.Citation] = []

        async def hear(event: Event) -> bool:
            nonlocal turn, finished, streaming
            match event:
                case events.AnswerStarted(origin=origin, model=model):
                    streaming = origin == "model"
                    turn = self.app.chat.tell(head(origin, model))
                case events.AnswerDelta(text=text):
                    if turn is not None and streaming:
                        turn.delta(text)
                case events.Citation():
                    citations.append(event)
                case events.AnswerReady():
                    finished = True
                    if turn is not None:
                        await self._finish(turn, event, event.citations or citations)
                        if not streaming:
                            self.app.chat.read_from(turn)
                    self._answered(event, aside)
                case events.Finished():
                    pass
                case _:
                    return False
            return True

        def over(whole: bool) -> None:
            if turn is not None and not finished:
                self.app.call_later(turn.finish, "", stopped=True)

        self.run(title, stream, hear, over, stop)

    async def _finish(self, turn: TutorTurn, event: events.AnswerReady, citations: Sequence[events.Citation]) -> None:
        """The whole answer, and what it stands on as one list at its end."""
        from commands.citations import listed, without_list
        from tui.turns import Sources

        cited = listed(citations, event.concepts[0] if event.concepts else "")
        self._cited = [line.citation for line in cited]
        sources = Sources(cited, self.app.key("app.source")) if cited else None
        text = event.markdown if event.origin == "model" else without_list(event.markdown, citations)
        await turn.finish(text, sources, stopped=event.stopped)

    def find_concept(self, name: str) -> None:
        """Puts an entry, by its id or name, into the middle of the map; opens the finder where nothing is called so."""

        def show(found: list[Entry]) -> None:
            if found:
                self.app.knowledge_flow.to_map(found[0].id)
            else:
                self.app.note(f"There is nothing called “{name}”; here is what comes near.", "warning")
                self.app.knowledge_flow.find(name)

        self.app.in_thread(lambda: self.app.tutor.library.look_up(inert_line(name), 1), show)

    def open_source(self, citation: events.Citation | None = None) -> None:
        """Opens what an answer cites: the first source of the last answer, if not said which."""
        citation = citation or next(iter(self._cited), None)
        if citation is None:
            self.app.note("No answer has cited anything yet.")
        else:
            self.app.knowledge_flow.open_page(entry_id(citation.kind, citation.ref), citation.location)

    def _answered(self, event: events.AnswerReady, aside: bool) -> None:
        self._questions[event.id] = event.question
        if event.concepts:
            self.app.learn_flow.centre(event.concepts[0])
        if event.in_scope and not aside:
            self.ask_helpful(event.id)

    # Did it help?

    def ask_helpful(self, subject: str) -> None:
        """Asks quietly; ``subject`` is an answer or a proposal."""
        self._subject = subject
        self.app.chat.ask_helpful(subject)

    def say_helpful(self, word: str) -> None:
        """``/helpful yes`` or ``no``."""
        said = {"yes": True, "y": True, "no": False, "n": False}.get(word.lower())
        if said is None:
            self.app.note("Say /helpful yes or /helpful no.", "warning")
        else:
            self.helpful(said)

    def helpful(self, said: bool) -> None:
        """The user's word on the last answer or fix."""
        subject = self._subject
        if not subject:
            self.app.note("There is nothing to rate yet: ask something, or fix something.")
            return
        if said:
            self._subject = ""
            self.app.tutor.feedback(subject, True)
            self.app.chat.settle_helpful(True)
            return
        from tui.dialogs import LineInput

        self.app.push_screen(
            LineInput("what was wrong?", "", "wrong, too long, not what I meant…"),
            lambda wrong: None if wrong is None else self._unhelpful(subject, wrong),
        )

    def _unhelpful(self, subject: str, wrong: str) -> None:
        self._subject = ""
        self.app.tutor.feedback(subject, False, wrong)
        self.app.chat.settle_helpful(False)
        if (question := self._questions.get(subject)) is not None:
            self.ask(question, complaint=wrong or "it did not help")
        elif not self.app.fix_flow.step(1):
            undo, fix = self.app.key("app.undo"), self.app.key("app.fix")
            self.app.note(f"Noted. {undo} takes the fix back, {fix} looks again; or ask about it in your words.")


def head(origin: Literal["knowledge", "model"], model: str) -> str:
    """Where an answer comes from, in a few words."""
    return f"{inert_line(model)} answers" if origin == "model" else "from this machine's knowledge"
