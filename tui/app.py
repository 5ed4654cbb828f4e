"""The Textual app: composes the panes and connects keys, typed words and events to the flows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from tui.first import BREAKPOINTS, FirstFrame
from tui.keyline import KeyLine
from tui.layout import MainScreen
from tui.parts import Parts
from tui.status import StatusLine
from tui.themes import OWN
from tutor import config
from tutor.inert import inert_line
from tutor.paths import Home

if TYPE_CHECKING:
    from textual.app import SystemCommand
    from textual.notifications import SeverityLevel
    from textual.theme import Theme
    from textual.widget import Widget
    from textual.widgets import Markdown

    from tui.concept_map import ConceptMap
    from tui.diff_view import DiffView
    from tui.guide import Coach
    from tui.jobs import Job
    from tui.layout import PaneName, TabBar
    from tui.problems import ProblemsList
    from tui.prompt import Prompt
    from tui.turns import Helpful, Level, Sources
    from tutor import events
    from tutor.engine import Tutor
    from tutor.repository import RepoState

_PANES_CSS = Path(__file__).with_name("panes.tcss")


class TutorApp(Parts):
    """The app on the folder or file ``root``. ``tutor``: the engine; if not given it is made for ``root``, ``home`` and
    ``use_model``. ``guided``: with the coach of the demonstration."""

    TITLE = "tutor"
    CSS_PATH = Path(__file__).with_name("tutor.tcss")
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f,ctrl+r", "fix", "Fix", id="app.fix"),
        Binding("w", "apply", "Write", id="app.apply"),
        Binding("c", "commit", "Commit", id="app.commit"),
        Binding("u", "undo", "Undo", id="app.undo"),
        Binding("escape", "stop", "Stop", id="app.stop"),
        Binding("f2", "go_to('chat')", "Chat", id="pane.chat"),
        Binding("f3", "go_to('diff')", "Diff", id="pane.diff"),
        Binding("f4", "go_to('problems')", "Problems", id="pane.problems", show=False),
        Binding("f5", "go_to('concepts')", "Concepts", id="pane.concepts", show=False),
        Binding("ctrl+f", "find", "Find", id="app.find", priority=True),
        Binding("ctrl+o", "open_source", "Read the source", id="app.source", show=False),
        Binding("slash", "type_command", "Command", id="pane.command", show=False),
        Binding("question_mark,f1", "help", "Help", id="app.help"),
        Binding("ctrl+p", "command_palette", "All", id="app.palette", priority=True),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False, priority=True),
    ]

    def __init__(
        self, root: Path, *, tutor: Tutor | None = None, home: Home | None = None, use_model: bool = True,
        guided: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(root, tutor, home, use_model)
        self.repository: RepoState | None = None
        self._coach = self._make_coach() if guided else None
        self._asked_trust: set[str] = set()
        self._over: list[tuple[str, Level]] = []
        self.status = StatusLine()
        self.keys = KeyLine()
        self._setting_problems = list(self.settings.problems)
        self._begun = False
        self._use_theme()

    def _make_coach(self) -> Coach:
        from tui.guide import Coach

        return Coach(self.key)

    def get_default_screen(self) -> Screen[None]:
        """Coach, the panes' frame, status, keys."""
        coach = [self._coach] if self._coach else []
        return MainScreen(self.size.width, *coach, FirstFrame(), self.status, self.keys)

    def on_mount(self) -> None:
        """Everything begins after the first frame."""
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        self.stylesheet.read(_PANES_CSS)
        main = self.screen_stack[0]
        first = main.query_one(FirstFrame)
        with self.batch_update():
            await main.mount(self.panes, before=first)
            main.set_focus(self.chat.prompt)
            await first.remove()
        for event in first.typed:
            self.chat.prompt._forward_event(event)  # as the app does: what bubbles up is not handed out again
        self._begun = True
        await self.panes.fill(
            {"diff": [self.diff], "problems": [self.problems, self.code], "concepts": [self.concepts]}
        )
        self._use_keymap()
        self.keys_matter()
        if len(self._setting_problems) == 1:
            self.note(self._setting_problems[0], "warning")
        elif self._setting_problems:
            self.note("Some settings are ignored.", "warning", "\n".join(self._setting_problems))
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self.startup.begin()

    def _use_theme(self) -> None:
        for theme in OWN:
            self.register_theme(theme)
        wanted = self.settings.app.theme
        if wanted in self.available_themes:
            self.theme = wanted
        else:
            self.theme = OWN[0].name
            self._setting_problems.append(f"There is no theme “{wanted}”; ctrl+p, then Theme, lists them.")

    def _use_keymap(self) -> None:
        if self.settings.keymap:
            from tui.bindings import KEYED
            from tui.keymap import checked, known_bindings

            keymap, wrong = checked(self.settings.keymap, known_bindings(KEYED))
            self.set_keymap(keymap)
            if wrong:
                self._setting_problems.append("Some of your keys are ignored. " + " ".join(wrong))

    def _keep_theme(self, theme: Theme) -> None:
        name = theme.name
        if name != self.settings.app.theme:
            file = self.home.config_file
            self.in_thread(lambda: config.set_value(file, "app.theme", name), lambda _: None)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette's entries."""
        from tui.palette import entries

        return entries(self)

    def key(self, binding_id: str) -> str:
        """The key for a binding as the user has it, to name it in a sentence."""
        from tui.bindings import BY_ID

        keys = self._keymap.get(binding_id) or BY_ID[binding_id].key
        return self.get_key_display(BY_ID[binding_id].with_key(keys.split(",")[0].strip()))

    # Panes.

    def go_to(self, pane: PaneName) -> None:
        """Puts the focus into a pane, which shows it (:class:`tui.layout.Panes`)."""
        if (stop := self._stop_of(pane)).is_attached:
            stop.focus()

    def _stop_of(self, pane: PaneName) -> Widget:
        """What the focus goes to in a pane."""
        code = self.code if self.code.display else self.problems
        return {"chat": self.chat.prompt, "diff": self.diff, "problems": code, "concepts": self.concepts}[pane]

    def arrive(self, pane: PaneName) -> None:
        """Something to look at has come: the focus goes there, but never away from half-typed words or a dialog."""
        if self.chat.prompt.text or len(self.screen_stack) > 1:
            self.panes.reveal_beside(pane)
        else:
            self.go_to(pane)

    def show_counts(self, pane: PaneName, short: str, title: str) -> None:
        """What is in a pane: in its tab and in its frame."""
        self.panes.count(pane, short, title)
        self.keys_matter()

    def coach(self, step: str) -> None:
        """Ticks a step of the guide."""
        if self._coach is not None:
            self._coach.tick(step)

    def note(self, text: str, level: Level = "info", details: str = "") -> None:
        """A line in the chat; where the chat is not on the screen, also for a moment over what is."""
        self.chat.note(text, level, details)
        if self.chat.is_mounted and not self.chat.display and not isinstance(self.screen, ModalScreen):
            if not self._over:
                self.set_timer(0.15, self._show_over)
            self._over.append((inert_line(text), level))

    def _show_over(self) -> None:
        """Of what was said in one go the last line; the rest is in the chat."""
        (text, level), more = self._over[-1], len(self._over) - 1
        self._over.clear()
        if self.leaving or isinstance(self.screen, ModalScreen):
            return  # a dialog has opened meanwhile, and must be readable
        severities: dict[Level, SeverityLevel] = {"warning": "warning", "error": "error"}
        text += f"  (and {more} more in the chat, {self.key('pane.chat')})" if more else ""
        self.clear_notifications()
        self.notify(text, severity=severities.get(level, "information"), markup=False, timeout=5)

    def show_running(self, job: Job | None) -> None:
        """The line above the prompt, and in the status line where the chat is not seen."""
        self.chat.working.watch_job(job)
        self.status.watch_job(job)
        self.keys_matter()

    def keys_matter(self) -> None:
        """The last line leads with what comes next, and leaves out what makes no sense now. All keys still work."""
        review = self.fix_flow.review
        first = {"app.stop": self.jobs.busy, "app.apply": review is not None and bool(review.accepted),
                 "app.commit": self.write_flow.applied is not None}  # fmt: skip
        hidden = {name for name, sensible in first.items() if not sensible} | {f"pane.{self.panes.active}"}
        if not self.write_flow.wrote_something:
            hidden.add("app.undo")
        self.keys.lead_with([name for name, sensible in first.items() if sensible], hidden)

    def ask_permission(self, asked: events.NeedsPermission) -> None:
        """Asked once in a session for each folder; a yes does again what was limited without it."""
        if asked.scope in self._asked_trust:
            return
        self._asked_trust.add(asked.scope)
        from tui.dialogs import Answer, Question

        def answered(answer: str | None) -> None:
            granted = answer in ("once", "always")
            self.tutor.recorder.permission(asked.kind, asked.scope, granted, "key")
            if granted:
                self.tutor.trust.grant(Path(asked.scope), keep=answer == "always")
                self.fix_flow.again()

        answers = [Answer("once", "o", "this time"), Answer("always", "t", "trust it always"), Answer("no", "n", "no")]
        self.push_screen(Question("trust this workspace?", asked.question, answers), answered)

    def type_into_prompt(self, text: str) -> None:
        """Puts ``text`` into the prompt and the focus there."""
        self.chat.prompt.begin(text)
        self.go_to("chat")

    # What the widgets say.

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """The user typed something."""
        self.in_thread(self.history.save, lambda _: None)
        self.commands.typed(message.text)

    def on_prompt_drafted(self, message: Prompt.Drafted) -> None:
        """Typing paused: what is not sent yet is kept, too."""
        self.in_thread(lambda: self.history.save_draft(message.text), lambda _: None)

    def on_panes_active(self) -> None:
        """Other keys matter now."""
        self.keys_matter()

    def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """A tab was clicked."""
        self.go_to(message.pane)

    def on_helpful_said(self, message: Helpful.Said) -> None:
        """Whether it helped."""
        self.ask_flow.helpful(message.helpful)

    def on_markdown_link_clicked(self, message: Markdown.LinkClicked) -> None:
        """Links are not followed; the address is shown."""
        self.notify(inert_line(message.href), title="Address of the link", markup=False)

    def on_diff_view_decided(self, message: DiffView.Decided) -> None:
        """A key decided about a hunk."""
        self.fix_flow.decided(message.hunk_id)

    def on_diff_view_moved(self, message: DiffView.Moved) -> None:
        """Another hunk is looked at."""
        self.fix_flow.looking_at(message.hunk_id)

    def on_diff_view_edited(self) -> None:
        """A hunk holds the user's own lines."""
        self.fix_flow.changed()

    on_diff_view_split_done = on_diff_view_edited
    on_diff_view_undone_decision = on_diff_view_edited

    def on_diff_view_edit_requested(self, message: DiffView.EditRequested) -> None:
        """The user wants to change a hunk."""
        self.fix_flow.edit(message.hunk_id, external=message.external)

    def on_diff_view_proposal_wanted(self, message: DiffView.ProposalWanted) -> None:
        """The next or the previous proposal."""
        if not self.fix_flow.step(message.step):
            self.diff.notice = "There is no other proposal."

    def on_problems_list_selected(self, message: ProblemsList.Selected) -> None:
        """Shows the code of a problem below the list."""
        self.look_flow.open_code(message.diagnostic)

    def on_problems_list_explain_wanted(self, message: ProblemsList.ExplainWanted) -> None:
        """Explains an error code."""
        self.ask_flow.explain(message.code)

    def on_concept_map_centred(self, message: ConceptMap.Centred) -> None:
        """The frame names the concept."""
        self.learn_flow.name(message.concept_id)

    def on_concept_map_lesson_wanted(self, message: ConceptMap.LessonWanted) -> None:
        """Opens the lesson or page."""
        self.knowledge_flow.open_page(message.concept_id)

    def on_sources_opened(self, message: Sources.Opened) -> None:
        """Opens what an answer cites."""
        self.ask_flow.open_source(message.citation)

    # Keys.

    def action_fix(self) -> None:
        """Looks for fixes."""
        self.commands.do("fix")

    def action_apply(self) -> None:
        """Writes what is accepted."""
        self.commands.do("apply")

    def action_commit(self) -> None:
        """Commits what was written."""
        self.commands.do("commit")

    def action_undo(self) -> None:
        """Takes the last applied proposal back."""
        self.commands.do("undo")

    def action_go_to(self, pane: PaneName) -> None:
        """To a pane."""
        self.go_to(pane)

    def action_cycle(self, step: int) -> None:
        """To the next or previous place where the focus can be, over all panes."""
        stops = [self.chat.prompt, *self.chat.stops(), self.diff, self.problems]
        stops = [stop for stop in (*stops, *[self.code] * self.code.display, self.concepts) if stop.is_attached]
        here = self.screen.focused
        at = stops.index(here) if here in stops else 0
        stops[(at + step) % len(stops)].focus()

    def action_stop(self) -> None:
        """Stops what runs; else closes the code, else goes back to the prompt."""
        if self.jobs.stop():
            self.show_running(self.jobs.current)
        elif self.screen.focused is self.code:
            self.look_flow.close_code()
            self.go_to("problems")
        else:
            self.go_to("chat")

    def action_find(self) -> None:
        """Opens the finder."""
        self.commands.do("find")

    def action_open_source(self) -> None:
        """Opens the first source of the last answer."""
        self.ask_flow.open_source()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A dialog has its own use for the keys of the finder."""
        if action in ("find", "open_source"):
            return not isinstance(self.screen, ModalScreen)
        return super().check_action(action, parameters)

    def action_type_command(self) -> None:
        """Begins a slash command."""
        self.type_into_prompt("/" if not self.chat.prompt.text else self.chat.prompt.text)

    def action_help(self) -> None:
        """Help for what has the focus."""
        from tui.help import HelpScreen, help_of, key_lines

        if not isinstance(self.screen, HelpScreen):
            lines = key_lines(self, self.screen.active_bindings.values())
            self.push_screen(HelpScreen(help_of(self.screen.focused or self.screen), lines))

    async def action_quit(self) -> None:
        """Leaves; asks where accepted hunks would be lost."""
        self.leave()

    def leave(self) -> None:
        """See :meth:`action_quit`."""
        review = self.fix_flow.review
        if review is None or not review.accepted or len(self.screen_stack) > 1:
            self.exit(0)
            return
        from tui.dialogs import yes_or_no

        self.push_screen(
            yes_or_no("leave?", "What you accepted is not written yet.", "leave without writing", "stay"),
            lambda answer: self.exit(0) if answer == "yes" else None,
        )

    def on_unmount(self) -> None:
        """Keeps what was typed, and ends the session's log."""
        if not self._begun:
            return
        try:
            self.history.save_draft(self.chat.prompt.text)
        except OSError as error:
            self.log(f"The draft could not be kept: {error}")
        self.tutor.close()


def run(root: Path, *, use_model: bool, home: Home, guided: bool = False) -> int:
    """Opens the app on ``root`` and returns the exit code."""
    app = TutorApp(root, home=home, use_model=use_model, guided=guided)
    result = app.run(mouse=app.settings.app.mouse)
    return app.return_code if result is None and app.return_code is not None else result or 0
