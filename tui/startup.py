"""What begins after the first paint: looking at the machine, loading the lessons, the history of the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui.status import Fact

if TYPE_CHECKING:
    from tui.app import TutorApp
    from tutor.models.base import ModelStatus
    from tutor.repository import RepoState
    from tutor.sandbox import Capability
    from tutor.toolchain import Toolchain

_NO_MODEL = Fact("no model: answering from this machine's knowledge", "no model: own knowledge", rank=0)


class Startup:
    """Fills the status line, bit by bit, from work in the background."""

    def __init__(self, app: TutorApp) -> None:
        self._app = app
        self._concepts: list[tuple[str, str]] = []
        self._waiting = {"history", "repository", "toolchain", "sandbox", "concepts"}

    @property
    def ready(self) -> bool:
        """Whether everything has been looked at once."""
        return not self._waiting

    def begin(self) -> None:
        """Starts all of it; nothing waits for anything else."""
        app = self._app
        app.in_thread(app.history.load, self._greet_draft)
        app.in_thread(lambda: app.tutor.workspace.recover(), self._recovered)
        app.in_thread(self._find_toolchain, self._show_toolchain)
        app.in_thread(self._probe_sandbox, self._show_sandbox)
        app.in_thread(self._load_concepts, self._keep_concepts)
        if app.tutor.use_model:
            app.status.tell("model", Fact("looking for a model…", rank=0))
            app.run_worker(self._find_model(), group="background", exit_on_error=False)
        else:
            app.status.tell("model", _NO_MODEL)

    def _recovered(self, lines: list[str]) -> None:
        """What an earlier session, killed while it wrote, left to say."""
        for line in lines:
            self._app.note(line, "warning")
        self.look_at_repository()

    def _greet_draft(self, draft: str) -> None:
        self._waiting.discard("history")
        if draft.strip() and not self._app.chat.prompt.text:
            self._app.chat.prompt.put(draft)
            self._app.note("What you had typed and not sent is back in the prompt.")

    def arguments(self, command: str) -> Sequence[tuple[str, str]]:
        """What a slash command can be asked about, for completion."""
        codes = {d.code: d.message for d in self._app.fix_flow.diagnostics if d.code}
        places = [d.place.file for d in self._app.fix_flow.diagnostics if d.place and d.level == "error"]
        offers: dict[str, Sequence[tuple[str, str]]] = {
            "explain": [*codes.items(), *self._concepts],
            "graph": self._concepts,
            "helpful": [("yes", "it helped"), ("no", "say what was wrong; it is tried again")],
            "knowledge": [("build", "read what changed"), ("status", "how much is read, and what is missing")],
            "fix": [(file, "has errors") for file in dict.fromkeys(places)],
        }
        return offers.get(command, [])

    # Model.

    async def _find_model(self) -> None:
        status = await self._app.tutor.model_status()
        if not self._app.leaving:
            self._app.call_later(self._show_model, status)

    def _show_model(self, status: ModelStatus) -> None:
        self._app.status.tell("model", Fact(f"model {status.name}", rank=0) if status.available else _NO_MODEL)

    # Repository.

    def look_at_repository(self, then: Callable[[], None] | None = None) -> None:
        """Asks Git again; after everything that changes it. ``then`` is called when the answer is there."""

        def show(state: RepoState) -> None:
            self._show_repository(state)
            if then is not None:
                then()

        self._app.in_thread(self._app.tutor.repo_state, show)

    def _show_repository(self, state: RepoState) -> None:
        self._app.repository = state
        self._app.status.tell("repository", repository_fact(state))
        self._waiting.discard("repository")

    # Rust.

    def _find_toolchain(self) -> Toolchain | None:
        from tutor.toolchain import find_toolchain

        return find_toolchain(self._app.tutor.home.cache)

    def _show_toolchain(self, found: Toolchain | None) -> None:
        self._waiting.discard("toolchain")
        if found is None:
            from tutor.toolchain import HOW_TO_GET_RUST

            self._app.status.tell("toolchain", Fact("no rustc", mood="careful", rank=2))
            self._app.note("There is no Rust toolchain, so nothing can be checked yet; lessons and answers work.",
                                "warning", HOW_TO_GET_RUST)  # fmt: skip
        else:
            self._app.status.tell("toolchain", Fact(f"rustc {found.version}", rank=5))

    def _probe_sandbox(self) -> Capability:
        from tutor.sandbox import probe

        return probe()

    def _show_sandbox(self, capability: Capability) -> None:
        self._waiting.discard("sandbox")
        if capability.kind == "none":
            self._app.status.tell("sandbox", Fact("no sandbox", mood="careful", rank=3))
        else:
            self._app.status.tell("sandbox", Fact("sandboxed", rank=6))

    # Lessons.

    def _load_concepts(self) -> list[tuple[str, str]]:
        return [(concept.id, concept.title) for concept in self._app.tutor.library.concepts.values()]

    def _keep_concepts(self, concepts: list[tuple[str, str]]) -> None:
        self._concepts = concepts
        self._waiting.discard("concepts")
        self._app.knowledge_flow.begin()


def repository_fact(state: RepoState) -> Fact:
    """The repository in a few words."""
    if not state.installed:
        return Fact("git is not installed", "no git", mood="careful", rank=1)
    if state.root is None:
        return Fact(f"no repository ({state.problem})" if state.problem else "no repository", "no repo", rank=1)
    if state.in_progress:
        return Fact(f"{state.in_progress} in progress", state.in_progress, mood="careful", rank=1)
    if state.detached:
        return Fact(f"detached at {(state.head or '')[:8]}", "detached", mood="careful", rank=1)
    unborn = " (no commit yet)" if state.unborn else ""
    return Fact(f"on {state.branch}{unborn}", f"on {state.branch}", rank=1)
