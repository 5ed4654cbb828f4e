"""What is known about the knowledge: ``tutor knowledge status``, ``sources`` and ``check`` as data and as text."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.terminal import width
from tutor.inert import inert_line

if TYPE_CHECKING:
    from knowledgegraph.concepts import Concept
    from knowledgegraph.library import Library
    from knowledgegraph.store import Store
    from tutor.engine import Tutor

Report = dict[str, Any]

#: How long a first build takes, about, on two cores: said where it is offered.
SECONDS = 20

#: The keys of ``coverage`` in ``cli.md``, and what a person calls them. Those without data are [0, 0].
COVERAGE = {
    "book_sections": "Book, sections", "reference_rules": "Reference, rules", "error_codes": "error codes",
    "clippy_lints": "Clippy lints", "git_commands": "git commands", "linux_commands": "Linux commands",
    "gh_commands": "gh commands", "patterns": "patterns", "git_workflows": "git lessons",
}  # fmt: skip
_LISTED = 8
_HOW = "tutor knowledge build"


def status(tutor: Tutor) -> Report:
    """The object of ``tutor knowledge status --json``. Where nothing is built it counts the lessons alone."""
    library = tutor.library
    store = library.store
    concepts, relations, by_kind = store.counts()
    told: Report = {
        "built": library.built, "seconds_to_build": float(store.fact("seconds") or 0.0), "concepts": concepts,
        "relations": relations, "by_kind": by_kind,
        "missing_sources": [
            {"source": row.name, "title": row.title, "why": row.why, "how_to_get": row.how_to_get}
            for row in store.missing_sources()
        ],
        "coverage": coverage(store), "missing": {c.name: list(c.missing) for c in store.coverage() if c.missing},
        "sources": [
            {"source": row.name, "title": row.title, "version": row.version, "entries": row.entries}
            for row in store.sources()
        ],
        "troubles": [{"source": source, "trouble": sentence} for source, sentence in store.troubles()],
        "built_at": store.fact("built_at"), "embedder": tutor.settings.knowledge.embedder,
    }  # fmt: skip
    if not library.built:
        told["how_to_build"] = _HOW
    if library.problem:
        told["problem"] = library.problem
    if problem := _embedder_problem(tutor):
        told["embedder_problem"] = problem
    if gone := _gone(store):
        told["gone"] = gone
    return told


def _embedder_problem(tutor: Tutor) -> str:
    """Why nothing is found by meaning although a model is set; "" where all is well, or Ollama may not be asked."""
    from tutor.errors import TutorError

    if tutor.embedding.choice.startswith("ollama:") and not tutor.use_model:
        return ""
    try:
        tutor.embedding.embedder()
    except TutorError as error:
        return error.msg
    return ""


def _gone(store: Store) -> list[dict[str, str]]:
    """The sources that were read and whose place is no longer there: what they said is still answered, and cannot be
    opened."""
    return [
        {"source": row.name, "title": row.title, "location": row.location}
        for row in store.sources()
        if row.location.startswith("/") and not os.path.exists(row.location)  # noqa: PTH110 (as for any odd path)
    ]


def coverage(store: Store) -> dict[str, list[int]]:
    """What was got and what there is, by name; several sources of one name are added up."""
    counts: dict[str, list[int]] = {name: [0, 0] for name in COVERAGE}
    for stated in store.coverage():
        got_total = counts.setdefault(stated.name, [0, 0])
        got_total[0] += stated.got
        got_total[1] += stated.total
    own = {"patterns": "kind = 'pattern'", "git_workflows": "kind = 'concept' AND domain = 'git'"}
    for name, which in own.items():
        if counts[name] == [0, 0]:  # nobody else says how many there are: what is there is all of it
            with store.reading() as database:
                found = database.execute(f"SELECT count(*) FROM concepts WHERE {which}").fetchone()[0]  # noqa: S608 -- ours
            counts[name] = [found, found]
    return counts


def status_text(told: Report, *, colour: bool) -> str:
    """The status as lines for a person."""
    if told["built"]:
        head = (
            f"{told['concepts']:,} entries, {told['relations']:,} relations, built in {told['seconds_to_build']:.1f} s"
        )
    else:
        head = f"Nothing of this machine's documentation is read yet; {told['concepts']:,} lessons answer."
    lines = [_strong(head, colour)]
    if problem := told.get("problem"):
        lines.append(f"! {inert_line(problem)}")
    if not told["built"]:
        return "\n".join([*lines, f"{_HOW} reads it (about {SECONDS} s)", ""])
    lines += _table(told, colour)
    gone = [f"  {inert_line(row['title'])}: {inert_line(row['location'])}" for row in told.get("gone", ())]
    if gone:
        gone.append(f"      → {_HOW} forgets what is gone")
    for heading, rows in (("Missing", _missing(told)), ("Gone since it was read", gone),
                          ("Not readable", _troubles(told))):  # fmt: skip
        if rows:
            lines += ["", _strong(heading, colour), *rows]
    not_yet = f" ({inert_line(problem)})" if (problem := told.get("embedder_problem")) else ""
    return "\n".join([*lines, "", f"found by meaning: {inert_line(told['embedder'])}{not_yet}", ""])


def _table(told: Report, colour: bool) -> Iterable[str]:
    yield ""
    yield _strong(f"{'what':<22} {'got':>7} {'of':>7}", colour)
    for name, (got, total) in told["coverage"].items():
        label = COVERAGE.get(name, name.replace("_", " "))
        share = "" if not total else "all" if got == total else f"{100 * got / total:.1f} %"
        yield f"{inert_line(label):<22} {got:>7,} {total:>7,}  {share}".rstrip()
        if left := told["missing"].get(name):
            more = f", and {total - got - _LISTED} more" if total - got > _LISTED else ""
            yield f"{'':22}   without {', '.join(map(inert_line, left[:_LISTED]))}{more}"


def _missing(told: Report) -> list[str]:
    """The sources that are not here, those together that are got in the same way."""
    ways: dict[tuple[str, str], list[str]] = {}
    for row in told["missing_sources"]:
        ways.setdefault((row["why"], row["how_to_get"]), []).append(inert_line(row["title"]))
    return [
        f"  {', '.join(titles)}\n      {inert_line(why)}\n      → {inert_line(how)}"
        for (why, how), titles in ways.items()
    ]


def _troubles(told: Report) -> list[str]:
    rows = told["troubles"]
    lines = [f"  {inert_line(row['trouble'])}" for row in rows[:_LISTED]]
    return [*lines, f"  and {len(rows) - _LISTED} more (--json lists them)"] if len(rows) > _LISTED else lines


def sources(tutor: Tutor) -> Report:
    """The object of ``tutor knowledge sources --json``: every source, what is here of it, and what was read."""
    from knowledgegraph.build import changes, detected
    from knowledgegraph.sources.base import Found

    read = {row.name: row for row in tutor.library.store.sources()} if tutor.library.built else {}
    known = tutor.knowledge.sources()
    changed = {source.name for source, _, _ in changes(tutor.knowledge.path, known)}
    listed: list[Report] = []
    for source in known:
        state, row = detected(source), read.get(source.name)
        told: Report = {"source": source.name, "title": source.title, "here": isinstance(state, Found), "entries": 0,
                        "read_at": None}  # fmt: skip
        if isinstance(state, Found):
            told |= {"version": state.version, "location": state.location, "changed": source.name in changed}
        else:
            told |= {"why": state.why, "how_to_get": state.how_to_get}
        if row is not None:
            told |= {"entries": row.entries, "read_at": row.read_at, "read_version": row.version,
                     "seconds": round(row.seconds, 3)}  # fmt: skip
        listed.append(told)
    return {"sources": listed}


def sources_text(told: Report, *, colour: bool) -> str:
    """The sources as lines for a person."""
    lines = []
    for row in told["sources"]:
        version = f" {inert_line(row['version'])}" if row.get("version") else ""
        lines.append(_strong(f"{inert_line(row['title'])}{version}", colour))
        if not row["here"]:
            lines += [f"    not here: {inert_line(row['why'])}", f"    → {inert_line(row['how_to_get'])}"]
            continue
        if row["location"]:
            lines.append(f"    {inert_line(row['location'])}")
        if row["read_at"]:
            new = f"; changed since: {_HOW} reads it again" if row["changed"] else ""
            lines.append(f"    {row['entries']:,} entries, read {inert_line(row['read_at'])}{new}")
        else:
            lines.append(f"    not read yet: {_HOW}")
    return "\n".join([*lines, ""])


def check(library: Library, folder: Path) -> Report:
    """The object of ``tutor knowledge check --json``: what is wrong with the project's own content, and how many links
    in the documentation lead nowhere."""
    from knowledgegraph.concepts import ConceptError, load_concepts
    from knowledgegraph.graph import ConceptGraph, CycleError

    try:
        concepts = load_concepts(folder)
    except ConceptError as error:
        return {"ok": False, "concepts": 0, "problems": list(error.problems), "lost_links": None, "unchecked": []}
    problems: list[str] = []
    try:
        ConceptGraph.of(concepts).check()
    except CycleError as error:
        problems.append(str(error))
    wrong, unchecked = _references(library, concepts.values())
    problems += wrong
    lost = library.store.fact("lost") if library.built else None
    return {"ok": not problems, "concepts": len(concepts), "problems": problems,
            "lost_links": None if lost is None else int(lost), "unchecked": unchecked}  # fmt: skip


def _references(library: Library, concepts: Iterable[Concept]) -> tuple[list[str], list[str]]:
    """References that lead to nothing that was read, and the kinds of which nothing was read at all."""
    from knowledgegraph.entry import entry_id

    kinds = set(library.store.counts()[2])
    wrong: list[str] = []
    unchecked: dict[str, None] = {}
    for concept in concepts:
        for reference in concept.see:
            if reference.kind not in kinds:
                unchecked[reference.kind] = None
            elif library.entry(entry_id(reference.kind, reference.ref)) is None:
                wrong.append(f"{concept.source}: {concept.id}: see names {str(reference)!r}, which is not there.")
    return wrong, list(unchecked)


def check_text(told: Report, *, colour: bool) -> str:
    """The check as lines for a person."""
    lines = [f"✗ {inert_line(problem)}" for problem in told["problems"]]
    if not lines:
        lines.append(f"{_strong('✓', colour)} {told['concepts']:,} lessons; prerequisites go in no circle")
    if told["lost_links"] is not None:
        lines.append(f"  {told['lost_links']:,} links in the documentation lead to nothing that was read")
    if told["unchecked"]:
        lines.append(f"  references not checked, because nothing of theirs was read: {', '.join(told['unchecked'])}")
    return "\n".join([*lines, ""])


def _strong(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text


def bar(done: int, total: int) -> str:
    """How far it is, as a bar that fits narrow terminals, too."""
    size = max(6, min(24, width() // 4))
    full = size * done // max(1, total)
    return f"[{'█' * full}{'·' * (size - full)}]"
