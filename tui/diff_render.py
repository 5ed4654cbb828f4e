"""The lines of a diff under review, without any widget: what stands in each row, and how it is drawn.

A :class:`DiffModel` lays the files and hunks of a :class:`tutor.review.Review` out as rows. Making a row takes next to
nothing; colours and word changes are worked out for the rows that are drawn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from tui.diff_cells import Line, crop, fit, label, spread, width_of
from tui.diff_words import Ranges, pair_lines, word_changes
from tui.highlight import Highlighter, Piece, drawn_width, harmless, hidden_size, shown, split_ending, with_ground
from tutor.hunks import split_lines
from tutor.inert import inert_line
from tutor.review import Review, ReviewHunk, Verdict

CONTEXT = 3
NARROW = 72  # columns below which one column of line numbers must do
_MAX_REASONS = 4

Kind = Literal["file", "hunk", "reason", "hint", "gap", "context", "removed", "added"]

GLYPHS: dict[Verdict, str] = {"undecided": "○", "accepted": "✓", "rejected": "✗"}
_BARS: dict[Verdict, str] = {"undecided": "▏", "accepted": "┃", "rejected": "╎"}

_HEADING = re.compile(rb"\s*(?:pub(?:\([^)]*\))? +)?(?:default +|const +|async +|unsafe +|extern +(?:\"[^\"]*\" +)?)*"
                      rb"(?:fn|impl|trait|struct|enum|mod|union|macro_rules!)[ <]|\[[\w.\"' -]+\]")  # fmt: skip
_HEADING_REACH = 300  # lines to look back for the item that a hunk is in


class Row(NamedTuple):
    """One line of the view. ``old``/``new``: line numbers from 1 (0: not on that side); ``part``: which reason, or
    how many lines a gap leaves out; ``hunk``: "" for what belongs to none."""

    kind: Kind
    file: int
    hunk: str = ""
    old: int = 0
    new: int = 0
    part: int = 0


class FileView:
    """One file of a review: its lines before and after, with colours."""

    def __init__(self, path: str, base: bytes | None, hunks: Sequence[ReviewHunk]) -> None:
        self.path = path
        self.is_new = base is None
        self.hunks = hunks
        self.old = split_lines(base or b"")
        self.new: list[bytes] = []
        at = 0
        for item in hunks:
            self.new += self.old[at : item.hunk.start]
            self.new += item.hunk.new
            at = item.hunk.end
        self.new += self.old[at:]
        self.old_code = Highlighter(path, self.old)
        self.new_code = Highlighter(path, self.new)
        self.added = sum(len(item.hunk.new) for item in hunks)
        self.removed = sum(len(item.hunk.old) for item in hunks)

    def heading(self, hunk: ReviewHunk) -> str:
        """The item around a hunk ("fn main()"), or ""."""
        start = hunk.hunk.start
        for line in reversed(self.old[max(0, start - _HEADING_REACH) : start]):
            if _HEADING.match(line):
                return shown(line).strip().removesuffix("{").rstrip()
        return ""


class DiffModel:
    """The rows of a review. ``sync`` after the review changed."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._laid_out: tuple[object, ...] = ()
        self.hunks: dict[str, ReviewHunk] = {}
        self.files: list[FileView] = []
        self.rows: list[Row] = []
        self.extent: dict[str, range] = {}
        self._file_rows: list[int] = []
        self.code_width = 0
        self._digits = 1
        self._places: dict[str, int] = {}
        self._new_starts: dict[str, int] = {}
        self._mixed: dict[str, bool] = {}
        self._pairs: dict[str, tuple[dict[int, int], dict[int, int]]] = {}
        self.sync()

    @property
    def order(self) -> list[str]:
        """The ids of the hunks from top to bottom."""
        return list(self.hunks)

    def sync(self) -> bool:
        """Takes over the review's state; True when rows changed, not only verdicts."""
        self.hunks = {item.id: item for item in self._review.hunks}
        layout = tuple((item.id, item.hunk) for item in self._review.hunks)
        if layout == self._laid_out:
            return False
        self._laid_out = layout
        self._places = {name: place for place, name in enumerate(self.hunks, 1)}
        self._pairs.clear()
        self._mixed.clear()
        self.files, self.rows, self.extent, self._file_rows = [], [], {}, []
        by_path: dict[str, list[ReviewHunk]] = {path: [] for path in self._review.paths}
        for item in self._review.hunks:
            by_path[item.path].append(item)
        for path, hunks in by_path.items():
            self.files.append(FileView(path, self._review.base(path), hunks))
            self._lay_out(len(self.files) - 1)
        self._digits = len(str(max((max(len(file.old), len(file.new)) for file in self.files), default=1)))
        self.code_width = max((self._code_width(row) for row in self.rows), default=0)
        return True

    def _lay_out(self, number: int) -> None:
        file, rows = self.files[number], self.rows
        self._file_rows.append(len(rows))
        rows.append(Row("file", number))
        shown_to = shift = 0  # old lines before shown_to are shown or left out already; new number = old + shift
        for place, item in enumerate(file.hunks):
            hunk, first = item.hunk, len(rows)
            lead = max(shown_to, hunk.start - CONTEXT)
            if lead > shown_to:
                rows.append(Row("gap", number, part=lead - shown_to))
                first += 1
            rows.append(Row("hunk", number, item.id))
            for part, reason in enumerate(item.reasons[:_MAX_REASONS]):
                rows.append(Row("reason", number, item.id, part=part))
                if reason.suggestion:
                    rows.append(Row("hint", number, item.id, part=part))
            following = file.hunks[place + 1].hunk.start if place + 1 < len(file.hunks) else len(file.old)
            tail = min(following, hunk.end + CONTEXT)
            rows += [Row("context", number, item.id, i + 1, i + 1 + shift) for i in range(lead, hunk.start)]
            rows += [Row("removed", number, item.id, i + 1) for i in range(hunk.start, hunk.end)]
            new_start = self._new_starts[item.id] = hunk.start + shift
            rows += [Row("added", number, item.id, 0, new_start + i + 1) for i in range(len(hunk.new))]
            shift += len(hunk.new) - len(hunk.old)
            rows += [Row("context", number, item.id, i + 1, i + 1 + shift) for i in range(hunk.end, tail)]
            self.extent[item.id] = range(first, len(rows))
            shown_to = tail
        if file.hunks and shown_to < len(file.old):
            rows.append(Row("gap", number, part=len(file.old) - shown_to))

    def file_row(self, index: int) -> int:
        """The row that names the file of row ``index``."""
        return self._file_rows[self.rows[index].file]

    def _raw(self, row: Row) -> bytes:
        file = self.files[row.file]
        return file.new[row.new - 1] if row.kind == "added" else file.old[row.old - 1]

    def _code_width(self, row: Row) -> int:
        if row.kind not in ("context", "removed", "added"):
            return 0
        return drawn_width(self._raw(row))

    def gutter_width(self, width: int) -> int:
        """Cells left of the code, which do not scroll sideways."""
        return 1 + self._digits + (0 if width < NARROW else 1 + self._digits) + 3

    def line(self, index: int, width: int, current: str = "", start: int = 0) -> Line:
        """Row ``index`` drawn ``width`` cells wide; ``current``: the id of the hunk that the cursor is on; ``start``:
        how far the code is scrolled to the right."""
        row = self.rows[index]
        if row.kind == "file":
            return self._file_line(row, width)
        if row.kind == "gap":
            lines = "1 unchanged line" if row.part == 1 else f"{row.part:,} unchanged lines"
            return Line(fit([Piece(f" {'⋮':>{self._digits}}".ljust(self.gutter_width(width)) + lines, "faint")], width))
        item = self.hunks[row.hunk]
        bar = self._bar(item, row.hunk == current)
        if row.kind == "hunk":
            ground = "hunk-current" if row.hunk == current else "hunk"
            return Line([bar, *fit(self._hunk_pieces(row, item, width), width - 1)], ground)
        if row.kind in ("reason", "hint"):
            pieces = self._reason_pieces(row, item) if row.kind == "reason" else self._hint_pieces(row, item)
            more = len(item.reasons) - _MAX_REASONS if row.part == _MAX_REASONS - 1 and row.kind == "reason" else 0
            return Line([bar, *spread(pieces, [Piece(f" +{more} more", "faint")] * (more > 0), width - 1)])
        return self._code_line(row, item, bar, width, start)

    @staticmethod
    def _bar(item: ReviewHunk, is_current: bool) -> Piece:
        return Piece("▌", "bar-current") if is_current else Piece(_BARS[item.verdict], f"bar-{item.verdict}")

    def _file_line(self, row: Row, width: int) -> Line:
        file = self.files[row.file]
        verdicts = Counter(self.hunks[item.id].verdict for item in file.hunks)
        right = [Piece(f"+{file.added}", "added"), Piece(" "), Piece(f"−{file.removed}", "removed"), Piece("  ")]
        if width >= 48:
            for verdict, glyph in GLYPHS.items():
                if count := verdicts[verdict]:
                    right += [Piece(f"{glyph} {count}", verdict), Piece("  ")]
        folder, slash, name = inert_line(file.path).rpartition("/")
        left = [Piece(" "), Piece(folder + slash, "path"), Piece(name, "title")]
        if file.is_new:
            left.append(Piece("  new file", "added"))
        room = width - width_of(right)
        if width_of(left) > room - 1 > 8:  # the end of a path says more than its beginning
            left = [Piece(" …", "faint"), *_last_cells(left, room - 3)]
        return Line(spread(left, right, width), "file")

    def _hunk_pieces(self, row: Row, item: ReviewHunk, width: int) -> list[Piece]:
        file = self.files[row.file]
        pieces = [Piece(f" {GLYPHS[item.verdict]} {item.verdict}", item.verdict)]
        if item.edited:
            pieces.append(Piece("  ✎ edited", "edited"))
        pieces.append(Piece(f"  hunk {self._places[item.id]} of {len(self._places)}", "muted"))
        if width >= 50 and (heading := file.heading(item)):
            pieces += [Piece("  in ", "faint"), label(heading, "muted")]
        return pieces

    def _reason_pieces(self, row: Row, item: ReviewHunk) -> list[Piece]:
        reason = item.reasons[row.part]
        pieces = [Piece("   "), Piece(reason.origin, f"origin-{reason.origin}"), Piece(" ")]
        if reason.code:
            pieces += [label(reason.code, "code"), Piece(" ")]
        pieces.append(label(reason.message, "plain"))
        return pieces

    def _hint_pieces(self, row: Row, item: ReviewHunk) -> list[Piece]:
        reason = item.reasons[row.part]
        return [Piece("   "), Piece("╰ ", "faint"), label(reason.suggestion, "help")]

    def _code_line(self, row: Row, item: ReviewHunk, bar: Piece, width: int, start: int) -> Line:
        ground = row.kind if row.kind != "context" and item.verdict != "rejected" else ""
        faded = item.verdict == "rejected" and row.kind == "added"
        digits = self._digits
        old, new = str(row.old or ""), str(row.new or "")
        numbers = f"{new or old:>{digits}}" if width < NARROW else f"{old:>{digits}} {new:>{digits}}"
        sign = {"context": " ", "removed": "−", "added": "+"}[row.kind]
        gutter = [bar, Piece(f"{numbers} ", f"number-{row.kind}"), Piece(f"{sign} ", f"sign-{row.kind}")]
        code = harmless(self._code(row, item))
        if faded:
            code = [Piece(text, "faint") for text, _, _ in code]
        code += self._ending(row, item)
        room = width - width_of(gutter)
        return Line([*gutter, *fit(code, room, start)], ground)

    def _code(self, row: Row, item: ReviewHunk) -> list[Piece]:
        file = self.files[row.file]
        pieces = file.new_code.line(row.new - 1) if row.kind == "added" else file.old_code.line(row.old - 1)
        if row.kind == "context" or item.verdict == "rejected":
            return pieces
        ranges = self._changed_words(row, item)
        return with_ground(pieces, ranges, f"{row.kind}-word")

    def _changed_words(self, row: Row, item: ReviewHunk) -> Ranges:
        if item.id not in self._pairs:
            pairs = pair_lines([shown(line) for line in item.hunk.old], [shown(line) for line in item.hunk.new])
            self._pairs[item.id] = (dict(pairs), {new: old for old, new in pairs})
        new_of, old_of = self._pairs[item.id]
        if row.kind == "removed":
            old = row.old - 1 - item.hunk.start
            return _words(item.hunk.old[old], item.hunk.new[new_of[old]])[0] if old in new_of else ()
        new = row.new - 1 - self._new_starts[item.id]
        return _words(item.hunk.old[old_of[new]], item.hunk.new[new])[1] if new in old_of else ()

    def _has_mixed_endings(self, item: ReviewHunk) -> bool:
        if item.id not in self._mixed:
            self._mixed[item.id] = len({split_ending(line)[1] for line in item.hunk.old + item.hunk.new} - {""}) > 1
        return self._mixed[item.id]

    def _ending(self, row: Row, item: ReviewHunk) -> list[Piece]:
        """What cannot be seen of a line but differs: how it ends, and how much of it is not drawn."""
        line = self._raw(row)
        out: list[Piece] = []
        if hidden := hidden_size(line):
            out.append(Piece(f" …{hidden:,} more bytes", "faint"))
        ending = split_ending(line)[1]
        if not ending:
            out.append(Piece("  no newline at end", "faint"))
        elif row.kind != "context" and self._has_mixed_endings(item):
            out.append(Piece(" ␍␊" if ending == "crlf" else " ␊", "sign"))
        return out


@lru_cache(maxsize=2_000)
def _words(old: bytes, new: bytes) -> tuple[Ranges, Ranges]:
    return word_changes(shown(old), shown(new))


def _last_cells(pieces: list[Piece], width: int) -> list[Piece]:
    return crop(pieces, max(0, width_of(pieces) - width), width)
