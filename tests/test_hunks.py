"""Hunks: that they mean what they say, for any bytes, and that Git agrees."""

from __future__ import annotations

import itertools
import subprocess

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tutor import hunks, patch
from tutor.hunks import Hunk, HunkMismatch, Overlap
from tutor.proposal import Proposal, file_change
from tutor.review import Review

BODIES = st.sampled_from(
    [b"", b"}", b"a", b"b", "grüße".encode(), b"\xff\x00\xfe", b"+x", b"-x", b" x", b"\\ No newline", b"a\r"]
)
ENDINGS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n"])
LINES = st.lists(st.tuples(BODIES, ENDINGS).map(b"".join), max_size=14)
TAILS = st.sampled_from([b"", b"", b"last", b"\xe2", b"tail\r"])
CONTENT = st.builds(lambda lines, tail: b"".join(lines) + tail, LINES, TAILS)


@st.composite
def changed(draw: st.DrawFn, base: bytes) -> bytes:
    """``base`` with some lines replaced, removed and added, and perhaps another end."""
    lines = hunks.split_lines(base)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 3))] = draw(st.lists(st.tuples(BODIES, ENDINGS).map(b"".join), max_size=3))
    content = b"".join(lines)
    return content if draw(st.booleans()) else content.rstrip(b"\n")


@st.composite
def versions(draw: st.DrawFn) -> tuple[bytes, bytes]:
    base = draw(CONTENT)
    return base, draw(st.one_of(changed(base), CONTENT))


def kept_lines(base: bytes, parts: list[Hunk]) -> list[bytes]:
    """What applying ``parts`` must give, line by line: an oracle that knows no algebra."""
    lines: list[bytes | None] = [*hunks.split_lines(base)]
    before: list[list[bytes]] = [[] for _ in range(len(lines) + 1)]
    for part in parts:
        assert tuple(lines[part.start : part.end]) == part.old
        before[part.start] += part.new
        lines[part.start : part.end] = [None] * len(part.old)
    return [
        line
        for new, old in itertools.zip_longest(before, lines)
        for line in [*new, *([old] if old is not None else [])]
    ]


@given(CONTENT)
def test_lines_are_the_content(data: bytes) -> None:
    assert b"".join(hunks.split_lines(data)) == data
    assert all(line.endswith(b"\n") for line in hunks.split_lines(data)[:-1])


@given(versions())
def test_a_diff_leads_there_and_back(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    found = hunks.diff(old, new)
    assert hunks.apply(old, found) == new
    assert hunks.apply(new, hunks.invert(found)) == old
    assert hunks.invert(hunks.invert(found)) == found
    assert all(second.start > first.end for first, second in itertools.pairwise(found))
    assert (found == ()) == (old == new)


@given(versions(), st.data())
def test_any_choice_of_split_hunks_is_whole_lines(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    """No accepted part joins two lines or loses a line's end, and parts together do what the whole does."""
    old, new = pair
    parts: list[Hunk] = []
    for hunk in hunks.diff(old, new):
        pieces = hunks.split(hunk)
        assert hunks.apply(old, pieces) == hunks.apply(old, [hunk])
        parts += pieces
    again = [piece for part in parts for piece in hunks.split(part)]
    chosen = [part for part in again if data.draw(st.booleans())]
    result = hunks.apply(old, chosen)
    assert hunks.split_lines(result) == kept_lines(old, chosen)
    assert hunks.apply(result, hunks.invert(chosen)) == old


@given(versions(), st.data())
def test_a_part_of_the_hunks_moves_over_the_others(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    """Writing some hunks first and the rest later is writing all of them; where that is doubtful it is refused."""
    old, new = pair
    found = hunks.diff(old, new)
    first = tuple(hunk for hunk in found if data.draw(st.booleans()))
    rest = tuple(hunk for hunk in found if hunk not in first)
    middle = hunks.apply(old, first)
    try:
        moved = hunks.transfer(rest, old, middle)
    except Overlap as overlap:
        assert overlap.hunk in rest
        return
    result = hunks.apply(middle, moved)
    if not _line_endings_differ(old, middle):
        assert sorted(hunks.split_lines(result)) == sorted(hunks.split_lines(new))
    assert hunks.transfer(first, old, old) == first


def _line_endings_differ(one: bytes, other: bytes) -> bool:
    return one.replace(b"\r\n", b"\n") != one or other.replace(b"\r\n", b"\n") != other


UNIQUE = st.integers(0, 10**9).map(lambda n: b"line %d\n" % n)


@st.composite
def two_hands(draw: st.DrawFn) -> tuple[bytes, bytes, bytes]:
    """A file of distinct lines, and two changes of it: ours and somebody else's."""
    lines = draw(st.lists(UNIQUE, min_size=1, max_size=20, unique=True))

    def change(tag: bytes) -> bytes:
        out = []
        for number, line in enumerate(lines):
            fate = draw(st.sampled_from("kkkkkkkkrda"))
            if fate in "ka":
                out.append(line)
            if fate in "ra":
                out.append(b"%s %d\n" % (tag, number))
        return b"".join(out)

    return b"".join(lines), change(b"ours"), change(b"theirs")


@given(two_hands())
@settings(max_examples=150)
def test_a_move_is_a_merge(tmp_path_factory: pytest.TempPathFactory, texts: tuple[bytes, bytes, bytes]) -> None:
    """Where ``git merge-file`` merges, so do we, with the same result; where it sees a conflict, we refuse."""
    base, ours, theirs = texts
    folder = tmp_path_factory.mktemp("merge")
    for name, content in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_bytes(content)
    merged = subprocess.run(
        ["git", "merge-file", "-p", "theirs", "base", "ours"], cwd=folder, capture_output=True, check=False
    )
    try:
        moved = hunks.transfer(hunks.diff(base, ours), base, theirs)
    except Overlap:
        # Refusing more is allowed only where the two changes touch.
        assert merged.returncode != 0 or _touch(base, ours, theirs)
        return
    assert merged.returncode == 0
    assert hunks.apply(theirs, moved) == merged.stdout


def _touch(base: bytes, ours: bytes, theirs: bytes) -> bool:
    return any(
        mine.start <= other.end and other.start <= mine.end
        for mine in hunks.diff(base, ours)
        for other in hunks.diff(base, theirs)
    )


@given(versions())
@settings(max_examples=120)
def test_git_apply_reads_our_diffs(tmp_path_factory: pytest.TempPathFactory, pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    found = hunks.diff(old, new)
    if not found:
        assert patch.unified("f", old, found) == b""
        return
    assert _git_apply(tmp_path_factory, "f", old, patch.unified("f", old, found)) == new


@given(versions(), st.data())
@settings(max_examples=60)
def test_git_apply_reads_parts_of_our_diffs(
    tmp_path_factory: pytest.TempPathFactory, pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    old, new = pair
    parts = [piece for hunk in hunks.diff(old, new) for piece in hunks.split(hunk) if data.draw(st.booleans())]
    if parts:
        assert _git_apply(tmp_path_factory, "f", old, patch.unified("f", old, parts)) == hunks.apply(old, parts)


NAMES = [
    "a b",
    "-dash",
    "--",
    'quo"te',
    "back\\slash",
    "new\nline",
    "tab\t",
    "ünï",
    "\udcff\udcfe",
    "a/b c/d",
    " lead",
    "trail ",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("old", [None, b"", b"one\n", b"one"])
def test_git_apply_finds_odd_names(tmp_path_factory: pytest.TempPathFactory, name: str, old: bytes | None) -> None:
    found = hunks.diff(old or b"", b"two\nthree")
    diff = patch.unified(name, old, found)
    assert _git_apply(tmp_path_factory, name, old, diff) == b"two\nthree"


def _git_apply(factory: pytest.TempPathFactory, name: str, old: bytes | None, diff: bytes) -> bytes:
    folder = factory.mktemp("apply")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if old is not None:
        path.write_bytes(old)
    # No repository around it: Git's own settings for line endings do not play a part.
    done = subprocess.run(
        ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"], cwd=folder, input=diff,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.stderr, diff)
    return path.read_bytes()


def _lf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


@given(st.lists(BODIES.filter(lambda b: not b.endswith(b"\r")), min_size=1, max_size=10), st.booleans(), st.data())
def test_moving_between_crlf_and_lf_is_converting(bodies: list[bytes], ended: bool, data: st.DataObject) -> None:
    """What ``core.autocrlf`` does between a work tree and its blobs: lines keep the ending of where they go."""
    lf = b"\n".join(bodies) + (b"\n" if ended else b"")
    assume(b"\n" in lf)
    crlf = lf.replace(b"\n", b"\r\n")
    new_lf = _lf(data.draw(changed(lf))).replace(b"\r", b"")
    new_crlf = new_lf.replace(b"\n", b"\r\n")
    for base, new, target, wanted in ((crlf, new_crlf, lf, new_lf), (lf, new_lf, crlf, new_crlf)):
        assert hunks.apply(target, hunks.transfer(hunks.diff(base, new), base, target)) == wanted


def test_crlf_without_final_newline_joins_no_lines() -> None:
    base, target = b"a\r\nb", b"a\nb\nc\n"
    with pytest.raises(Overlap):
        hunks.transfer([Hunk(1, (b"b",), (b"B",))], base, target)


def test_a_hunk_does_not_go_to_a_likeness() -> None:
    """The user has copied a block; which of the two the hunk is for cannot be told, so it stays."""
    block = b"fn f() {\n    a();\n    b();\n    c();\n    x();\n    d();\n    e();\n    f();\n}\n"
    base = b"top\n" + block + b"end\n"
    target = b"top\n" + block + block + b"end\n"
    with pytest.raises(Overlap):
        hunks.transfer([Hunk(5, (b"    x();\n",), (b"    y();\n",))], base, target)


def test_a_hunk_finds_its_own_among_likenesses() -> None:
    block = b"fn f() {\n    x();\n}\n"
    base = b"top\n" + block * 3 + b"end\n"
    moved = hunks.transfer([Hunk(5, (b"    x();\n",), (b"    y();\n",))], base, b"new\n" + base)
    assert moved == (Hunk(6, (b"    x();\n",), (b"    y();\n",)),)


@pytest.mark.parametrize("hunk", [Hunk(0, (b"b\n",), ()), Hunk(3, (), (b"x\n",)), Hunk(1, (b"b\n", b"c\n"), ())])
def test_a_hunk_that_does_not_fit_is_an_error(hunk: Hunk) -> None:
    with pytest.raises(HunkMismatch):
        hunks.apply(b"a\nb\n", [hunk])


def test_overlapping_hunks_are_an_error() -> None:
    with pytest.raises(HunkMismatch):
        hunks.apply(b"a\nb\n", [Hunk(0, (b"a\n", b"b\n"), ()), Hunk(1, (b"b\n",), ())])


def test_large_files_are_bounded() -> None:
    """5 MB, in lines that are all different, all equal, or one; no comparison explodes."""
    many = b"".join(b"line %d of many, made longer for the size\n" % n for n in range(100_000))
    for base in (many, b"\n" * 200_000, b"x" * 5_000_000):
        new = base[:1000] + b"!\nnew\n" + base[1000:]
        found = hunks.diff(base, new)
        assert hunks.apply(base, found) == new
        target = base + b"\nuser\n"
        try:
            hunks.apply(target, hunks.transfer(found, base, target))
        except Overlap:
            assert base != many
    shuffled = b"".join(reversed(hunks.split_lines(many)))
    assert hunks.apply(many, hunks.diff(many, shuffled)) == shuffled


@given(versions(), st.data())
def test_reviews_never_join_lines(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    """Any decisions, splits and edits: every kept base line and every accepted line is a line of the result."""
    old, new = pair
    review = Review(Proposal("p", "/", "t", "you", (file_change("f", old, new),)))
    for _ in range(data.draw(st.integers(0, 6))):
        if not review.hunks:
            break
        hunk = data.draw(st.sampled_from(review.hunks))
        match data.draw(st.sampled_from(["accept", "split", "edit", "undo"])):
            case "accept":
                review.decide(hunk.id, "accepted")
            case "split" if len(hunks.split(hunk.hunk)) > 1:
                review.split(hunk.id)
            case "edit":
                review.edit(hunk.id, data.draw(CONTENT))
            case _:
                review.undo()
    review.decide_all("accepted") if data.draw(st.booleans()) else None
    for change in review.accepted:
        assert hunks.split_lines(change.content) == kept_lines(old, list(change.hunks))
