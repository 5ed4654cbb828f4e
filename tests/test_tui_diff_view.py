"""The diff pane under keys and mouse, at four sizes."""

from __future__ import annotations

import pytest
from helpers_tui import HOSTILE, SIZES, many_hunks, proposal, sample_review
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.theme import Theme
from textual.widgets import Input

from tui.diff_view import DiffView
from tui.themes import DARK, LIGHT
from tutor.proposal import file_change
from tutor.review import Review

DECIDING = ["a", "r", "A", "R"]


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Harness(App[None]):
    """The diff, and what it said."""

    def __init__(self, review: Review | None = None, *, waited: float = 1.0) -> None:
        super().__init__()
        self.clock = Clock()
        self.first = review
        self.waited = waited
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield DiffView(clock=self.clock)

    async def on_mount(self) -> None:
        self.diff.focus()

    @property
    def diff(self) -> DiffView:
        return self.query_one(DiffView)

    async def show(self, pilot: Pilot[None], review: Review | None = None) -> DiffView:
        """Puts the review on screen and lets the grace period pass."""
        self.diff.review = review or self.first
        await pilot.pause()
        self.clock.now += self.waited
        self.said.clear()
        return self.diff

    def on_diff_view_decided(self, event: DiffView.Decided) -> None:
        self.said.append(event)

    on_diff_view_edited = on_diff_view_split_done = on_diff_view_undone_decision = on_diff_view_decided
    on_diff_view_edit_requested = on_diff_view_proposal_wanted = on_diff_view_too_early = on_diff_view_decided
    on_diff_view_moved = on_diff_view_decided

    def heard(self, *kinds: type[Message]) -> list[Message]:
        return [message for message in self.said if isinstance(message, kinds)]


def screen(app: App[None]) -> list[str]:
    """The lines that are on screen."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def verdicts(review: Review) -> list[str]:
    return [item.verdict for item in review.hunks]


@pytest.mark.parametrize("size", SIZES)
async def test_accepting_and_rejecting_goes_to_the_next_undecided(size: tuple[int, int]) -> None:
    review = sample_review()
    ids = [item.id for item in review.hunks]
    app = Harness(review)
    async with app.run_test(size=size) as pilot:
        diff = await app.show(pilot)
        assert diff.current == ids[0]
        await pilot.press("a")
        assert verdicts(review) == ["accepted", "undecided", "undecided", "undecided"]
        assert diff.current == ids[1]
        await pilot.press("j", "r")
        assert verdicts(review) == ["accepted", "undecided", "rejected", "undecided"]
        assert diff.current == ids[3]
        await pilot.press("a")
        assert diff.current == ids[1]
        text = "\n".join(screen(app))
        assert "▌ ○ undecided" in text
        assert all(cell_len(line) == size[0] for line in screen(app))
        decided = [(m.hunk_id, m.verdict) for m in app.heard(DiffView.Decided) if isinstance(m, DiffView.Decided)]
        assert decided == [(ids[0], "accepted"), (ids[2], "rejected"), (ids[3], "accepted")]


@pytest.mark.parametrize("size", SIZES)
async def test_all_at_once_and_undo(size: tuple[int, int]) -> None:
    review = sample_review()
    app = Harness(review)
    async with app.run_test(size=size) as pilot:
        await app.show(pilot)
        await pilot.press("a", "A")
        assert set(verdicts(review)) == {"accepted"}
        assert len(app.heard(DiffView.Decided)) == 4  # the first, then the three that changed
        await pilot.press("R")
        assert set(verdicts(review)) == {"rejected"}
        await pilot.press("z")
        assert set(verdicts(review)) == {"accepted"}
        await pilot.press("z", "z")
        assert set(verdicts(review)) == {"undecided"}
        assert len(app.heard(DiffView.UndoneDecision)) == 3
        await pilot.press("z")
        assert app.diff.notice == "There is no decision to take back."
        assert len(app.heard(DiffView.UndoneDecision)) == 3


@pytest.mark.parametrize("key", DECIDING)
async def test_a_key_in_the_grace_period_does_not_count(key: str) -> None:
    review = sample_review()
    app = Harness(review, waited=0.349)
    async with app.run_test(size=(80, 24)) as pilot:
        diff = await app.show(pilot)
        await pilot.press(key)
        assert set(verdicts(review)) == {"undecided"}
        assert len(app.heard(DiffView.TooEarly)) == 1
        assert "Too early" in screen(app)[0]
        app.clock.now += 0.1
        await pilot.press(key)
        assert "undecided" not in verdicts(review)[:1]
        assert diff.notice == ""


async def test_every_new_review_has_its_own_grace_period() -> None:
    first, second = sample_review(), many_hunks(3)
    app = Harness(first)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show(pilot)
        app.diff.review = second
        await pilot.press("a")
        assert set(verdicts(second)) == {"undecided"}
        app.clock.now += 0.4
        await pilot.press("a")
        assert verdicts(second) == ["accepted", "undecided", "undecided"]
        assert set(verdicts(first)) == {"undecided"}


async def test_time_while_the_diff_is_hidden_does_not_count() -> None:
    review = sample_review()
    app = Harness(review)
    async with app.run_test(size=(80, 24)) as pilot:
        app.diff.display = False
        await app.show(pilot)
        app.clock.now += 60
        app.diff.action_decide("accepted")
        app.diff.action_decide_all("accepted")
        assert set(verdicts(review)) == {"undecided"}
        app.diff.display = True
        await pilot.pause()
        app.diff.focus()
        await pilot.press("a")
        assert set(verdicts(review)) == {"undecided"}
        app.clock.now += 0.4
        await pilot.press("a")
        assert verdicts(review)[0] == "accepted"


async def test_keys_that_waited_while_the_app_was_busy_count_from_when_they_were_pressed() -> None:
    review = sample_review()
    app = Harness(review)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show(pilot)
        for waited, expected in ((0.9, "undecided"), (0.1, "accepted")):
            key = events.Key("a", "a")
            key.set_sender(app)
            key.time -= waited
            app.post_message(key)
            await pilot.pause()
            assert verdicts(review)[0] == expected


@pytest.mark.parametrize("size", SIZES)
async def test_enter_space_and_the_mouse_decide_nothing(size: tuple[int, int]) -> None:
    review = sample_review()
    app = Harness(review)
    async with app.run_test(size=size) as pilot:
        diff = await app.show(pilot)
        await pilot.press("enter", "space", "tab", "y", "ctrl+j")
        for row in range(size[1]):
            diff.on_click(events.Click(diff, 3, row, 0, 0, 1, False, False, False))
        for offset in ((0, 1), (2, 1), (3, 7), (40, 9)):
            await pilot.click(DiffView, offset=offset, times=2)
        assert set(verdicts(review)) == {"undecided"}
        assert diff.current in diff._model.hunks if diff._model else False


async def test_a_click_selects() -> None:
    review = sample_review()
    app = Harness(review)
    async with app.run_test(size=(80, 40)) as pilot:
        diff = await app.show(pilot)
        await pilot.click(DiffView, offset=(10, 13))
        assert diff.current == review.hunks[1].id
        diff.banner = "check passed"
        await pilot.pause()
        await pilot.click(DiffView, offset=(10, 25))
        assert diff.current == review.hunks[2].id
        assert len(app.heard(DiffView.Moved)) == 2
        await pilot.click(DiffView, offset=(10, 0))
        assert diff.current == review.hunks[2].id


@pytest.mark.parametrize("size", SIZES)
async def test_next_and_previous_keep_the_hunk_in_sight(size: tuple[int, int]) -> None:
    review = many_hunks(9)
    app = Harness(review)
    async with app.run_test(size=size) as pilot:
        diff = await app.show(pilot)
        for step, keys in ((1, "j" * 10), (-1, "k" * 10)):
            for key in keys:
                await pilot.press(key)
                lines = screen(app)
                number = [item.id for item in review.hunks].index(diff.current)
                assert any(line.startswith("▌ ○ undecided") for line in lines)
                assert any("▌" in line and f"+ new {number}" in line for line in lines)
            assert diff.current == review.hunks[-1 if step > 0 else 0].id
        assert "notes.txt" in screen(app)[0]


async def test_reading_on_scrolls_through_a_long_hunk_and_then_goes_on() -> None:
    old = b"".join(b"line %d\n" % i for i in range(40))
    new = old.replace(b"line", b"new") + b"end\n"
    both = proposal(file_change("a.txt", old, new), file_change("b.txt", b"x\n", b"y\n"))
    review = Review(both)
    app = Harness(review)
    async with app.run_test(size=(80, 24)) as pilot:
        diff = await app.show(pilot)
        seen: set[str] = set()
        for _ in range(100):
            seen.update(line.strip() for line in screen(app))
            if diff.current == review.hunks[1].id:
                break
            await pilot.press("down")
        assert diff.current == review.hunks[1].id
        assert all(any(line.endswith(f"+ new {i}") for line in seen) for i in range(40))
        await pilot.press("up", "up")
        assert diff.current == review.hunks[0].id


@pytest.mark.parametrize("size", SIZES)
async def test_the_cursor_follows_the_view(size: tuple[int, int]) -> None:
    review = many_hunks(60)
    app = Harness(review)
    async with app.run_test(size=size) as pilot:
        diff = await app.show(pilot)
        for key in ("pagedown", "pagedown", "space", "pageup", "end", "home", "pagedown"):
            await pilot.press(key)
            assert any(line.startswith("▌") for line in screen(app))
        await pilot.press("end")
        assert diff.current == review.hunks[-1].id
        await pilot.press("home")
        assert diff.current == review.hunks[0].id
        diff.scroll_to(y=200, animate=False)
        await pilot.pause()
        assert any(line.startswith("▌") for line in screen(app))


async def test_a_hunk_out_of_sight_is_shown_before_it_is_decided() -> None:
    review = many_hunks(60)
    app = Harness(review)
    async with app.run_test(size=(80, 24)) as pilot:
        diff = await app.show(pilot)
        await pilot.press("end")
        diff.set_reactive(DiffView.current, review.hunks[0].id)
        await pilot.press("a")
        assert set(verdicts(review)) == {"undecided"}
        assert "out of sight" in diff.notice
        await pilot.press("a")
        assert verdicts(review)[0] == "accepted"


async def test_splitting_and_taking_it_back() -> None:
    review = sample_review()
    whole = review.hunks[2].id
    app = Harness(review)
    async with app.run_test(size=(80, 30)) as pilot:
        diff = await app.show(pilot)
        await pilot.press("j", "j", "s")
        done = app.heard(DiffView.SplitDone)
        assert isinstance(done[0], DiffView.SplitDone)
        assert (done[0].hunk_id, done[0].parts) == (whole, (f"{whole}.1", f"{whole}.2"))
        assert diff.current == f"{whole}.1"
        await pilot.press("a")
        assert diff.current == f"{whole}.2"
        assert "hunk 4 of 5" in "\n".join(screen(app))
        await pilot.press("s")
        assert "cannot be divided" in diff.notice
        await pilot.press("z")
        assert diff.current == f"{whole}.1"
        await pilot.press("z")
        assert diff.current == whole
        assert len(review.hunks) == 4


async def test_editing_is_asked_for_and_taken_over() -> None:
    review = sample_review()
    hunk = review.hunks[1].id
    app = Harness(review)
    async with app.run_test(size=(80, 30)) as pilot:
        diff = await app.show(pilot)
        await pilot.press("j", "a", "k", "k", "e", "j", "E")
        asked = [m for m in app.heard(DiffView.EditRequested) if isinstance(m, DiffView.EditRequested)]
        assert [(m.hunk_id, m.external) for m in asked] == [(review.hunks[0].id, False), (hunk, True)]
        diff.apply_edit(hunk, b"    greet(name.to_owned());\n")
        await pilot.pause()
        text = "\n".join(screen(app))
        assert "greet(name.to_owned());" in text
        assert "▌ ○ undecided  ✎ edited" in text
        assert [m.hunk_id for m in app.heard(DiffView.Edited) if isinstance(m, DiffView.Edited)] == [hunk]
        with pytest.raises(KeyError):
            diff.apply_edit("gone", b"")


async def test_other_proposals_are_asked_for() -> None:
    app = Harness(sample_review())
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show(pilot)
        await pilot.press("]", "[")
        wanted = [m.step for m in app.heard(DiffView.ProposalWanted) if isinstance(m, DiffView.ProposalWanted)]
        assert wanted == [1, -1]


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_to_review_is_said_kindly_and_no_key_hurts(size: tuple[int, int]) -> None:
    app = Harness()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert "Nothing to review yet." in "\n".join(screen(app))
        keys = [*"arARjkeEsz][", "down", "up", "pagedown", "pageup", "home", "end", "left", "right", "enter"]
        await pilot.press(*keys)
        await app.show(pilot, Review(proposal()))
        await pilot.press(*keys)
        assert "Nothing to review yet." in "\n".join(screen(app))
        assert not app.heard(DiffView.Decided, DiffView.TooEarly, DiffView.EditRequested)
        assert not any(b.node is app.diff and "decide" in b.binding.action for b in app.screen.active_bindings.values())
        review = sample_review()
        await app.show(pilot, review)
        app.diff.review = None
        await pilot.pause()
        assert "Nothing to review yet." in "\n".join(screen(app))


@pytest.mark.parametrize("size", SIZES)
async def test_the_banner_and_the_file_name_stay_on_top(size: tuple[int, int]) -> None:
    app = Harness(many_hunks(30))
    async with app.run_test(size=size) as pilot:
        diff = await app.show(pilot)
        diff.banner = "check passed · [/b] tests not run \x1b[31m"
        await pilot.press("end")
        lines = screen(app)
        assert lines[0].startswith(" check passed · [/b] tests not run ␛[31m")
        assert lines[1].startswith(" notes.txt")
        await pilot.press("home")
        assert [line[:10] for line in screen(app)[:2]] == [" check pas", " notes.txt"]
        diff.banner = ""
        await pilot.pause()
        assert screen(app)[0].startswith(" notes.txt")


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_is_shown_and_does_nothing(size: tuple[int, int]) -> None:
    old = f"{HOSTILE}\n{'w' * 9000}\n".encode("utf-8", "surrogateescape")
    new = f"{HOSTILE} changed\n{'v' * 9000}\n".encode("utf-8", "surrogateescape")
    review = Review(proposal(file_change(f"src/{HOSTILE}.rs", old, new)))
    app = Harness(review)
    async with app.run_test(size=size) as pilot:
        await app.show(pilot)
        before = screen(app)
        await pilot.press("right", "right", "left", "s", "j", "a")
        lines = [*before, *screen(app)]
        assert all(cell_len(line) == size[0] for line in lines)
        text = "".join(lines)
        assert "[/b]" in text
        assert not set(text) & {"\x1b", "\x07", "\x00", "\x9b", "\u202e", "\u2066", "\udcff"}


async def test_long_lines_scroll_sideways_and_the_gutter_stays() -> None:
    line = b"".join(b"%03d " % i for i in range(60))
    app = Harness(Review(proposal(file_change("a.txt", b"x\n", line + b"\n"))))
    async with app.run_test(size=(60, 20)) as pilot:
        await app.show(pilot)
        before = next(text for text in screen(app) if "+ 000" in text)
        assert before.rstrip().endswith("…")
        await pilot.press("right")
        assert any(text.startswith("▌1 + 002 003") for text in screen(app))
        await pilot.press(*["right"] * 30)
        assert any("059" in text for text in screen(app))


async def test_keys_can_be_bound_anew_by_id() -> None:
    review = sample_review()
    app = Harness(review, waited=0.1)
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_keymap({"hunk.accept": "y", "hunk.next": "n"})
        await app.show(pilot)
        await pilot.press("n", "y")
        assert len(app.heard(DiffView.TooEarly)) == 1
        app.clock.now += 1
        await pilot.press("a")
        assert set(verdicts(review)) == {"undecided"}
        await pilot.press("y")
        assert verdicts(review)[1] == "accepted"


def test_every_key_has_an_id_of_its_own() -> None:
    named = [binding.id for bindings in DiffView._merge_bindings().key_to_bindings.values() for binding in bindings]
    assert None not in named
    wanted = {"next", "previous", "accept", "reject", "accept_all", "reject_all", "edit", "edit_external", "split"}
    assert {f"hunk.{name}" for name in wanted} | {"proposal.next", "proposal.previous"} <= set(named)
    assert "hunk.undo_decision" in named


async def test_keys_typed_elsewhere_do_not_reach_the_diff() -> None:
    class Two(Harness):
        def compose(self) -> ComposeResult:
            yield Input()
            yield from super().compose()

    review = sample_review()
    app = Two(review)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.show(pilot)
        app.query_one(Input).focus()
        await pilot.press("a", "A", "r", "R")
        assert set(verdicts(review)) == {"undecided"}
        assert app.query_one(Input).value == "aArR"


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_colours_come_from_the_theme(theme: str) -> None:
    app = Harness(sample_review())
    async with app.run_test(size=(80, 24)) as pilot:
        diff = await app.show(pilot)
        app.theme = theme
        await pilot.pause()
        added, word = diff.ink("", "added"), diff.ink("", "added-word")
        assert len({diff.ink("").bgcolor, added.bgcolor, word.bgcolor, diff.ink("", "removed").bgcolor}) == 4
        assert word.bold
        ground = diff.ink("").bgcolor
        assert ground is not None
        assert (luminance(ground) > 0.4) == (theme == "textual-light")


async def test_a_diff_of_50_000_lines_is_at_hand_at_once() -> None:
    app = Harness(many_hunks(5000))
    async with app.run_test(size=(120, 40)) as pilot:
        diff = await app.show(pilot)
        assert diff.virtual_size.height > 40_000
        await pilot.press("end", "a")
        assert diff.current == app.first.hunks[0].id if app.first else False
        assert len(diff._model.files[0].new_code._cache) < 2_000 if diff._model else False


async def test_help_is_there() -> None:
    assert "Enter never accepts" in DiffView().help_text


async def test_a_review_given_at_once_is_shown_at_once() -> None:
    review = sample_review()

    class Ready(App[None]):
        def compose(self) -> ComposeResult:
            yield DiffView(review, grace_ms=0)

    app = Ready()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(DiffView).focus()
        assert "▌ ○ undecided  hunk 1 of 4" in "\n".join(screen(app))
        await pilot.press("a")
        assert verdicts(review)[0] == "accepted"


def luminance(color: Color) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [value / 255 for value in color.get_truecolor()]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(style: Style) -> float:
    """Contrast of a style's text with what it stands on (WCAG 2.2)."""
    assert style.color is not None
    assert style.bgcolor is not None
    dark, light = sorted((luminance(style.color), luminance(style.bgcolor)))
    return (light + 0.05) / (dark + 0.05)


DECORATION = {"line", "bar-current", "bar-undecided", "bar-accepted", "bar-rejected", "number-context", "sign"}
CODE_GROUNDS = ["", "added", "removed", "added-word", "removed-word", "marked"]
TEXT_GROUNDS = ["", "file", "hunk", "hunk-current", "banner", "notice", "chosen", "centre"]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
async def test_text_is_legible_on_every_ground(theme: Theme) -> None:
    app = Harness(sample_review())
    async with app.run_test(size=(80, 24)) as pilot:
        diff = await app.show(pilot)
        app.register_theme(theme)
        app.theme = theme.name
        await pilot.pause()
        code = "keyword string number type function macro lifetime attribute operator name comment plain faint"
        text = "plain muted faint title path undecided accepted rejected edited added removed code warning error help"
        pairs = [(ink, ground) for ground in CODE_GROUNDS for ink in code.split()]
        pairs += [(ink, ground) for ground in TEXT_GROUNDS for ink in text.split()]
        assert {pair: contrast(diff.ink(*pair)) for pair in pairs if contrast(diff.ink(*pair)) < 4.5} == {}
        assert {ink: contrast(diff.ink(ink)) for ink in DECORATION if contrast(diff.ink(ink)) < 1.9} == {}
