"""All sources that this tutor can read, in the order in which they are read."""

from __future__ import annotations

from knowledgegraph.sources.base import Machine, Source


def sources_of(machine: Machine) -> list[Source]:
    """Every source, whether ``machine`` has it or not. The first that gives an id keeps it."""
    from knowledgegraph.sources.assets import Assets
    from knowledgegraph.sources.crates import crates
    from knowledgegraph.sources.error_codes import ErrorCodes
    from knowledgegraph.sources.gh import Gh
    from knowledgegraph.sources.git import Git
    from knowledgegraph.sources.lints import ClippyLints, RustcLints
    from knowledgegraph.sources.man import manuals
    from knowledgegraph.sources.mdbook import books
    from knowledgegraph.sources.notes import notes_of
    from knowledgegraph.sources.std import Std

    return [
        Assets(machine),
        *books(machine.rust_docs),
        Std(machine),
        ErrorCodes(machine),
        ClippyLints(machine),
        RustcLints(machine),
        Git(machine),
        Gh(machine),
        *manuals(machine),
        *notes_of(machine),
        *crates(machine),
    ]
