"""Patterns in what stands beside the code: Cargo manifests and the workflows that check every change."""

from __future__ import annotations

import re
from collections.abc import Iterator

# The patterns of a manifest, by the table that makes them.
_TABLES = {"workspace": "cargo-workspace", "features": "cargo-features", "profile": "cargo-profile"}
_TABLE = re.compile(r"^\s*\[+\s*(?P<table>[\w-]+)\s*(?:\.[^\]]*)?\]+\s*(?:#.*)?$")
_JOBS = re.compile(r"^jobs\s*:")
_RUST = re.compile(
    r"\bcargo (?:\+\S+ )?(?:build|check|test|clippy|fmt|doc|run|bench|nextest|miri|deny|audit|publish|hack)\b"
    r"|uses:\s*['\"]?(?:dtolnay/rust-toolchain|actions-rs/|actions-rust-lang/|Swatinem/rust-cache|taiki-e/|houseabsolute/)"
    r"|\brustup (?:toolchain|update|default|component|target)\b"
)

#: The ids that can be found in these files.
IDS = frozenset({*_TABLES.values(), "ci-workflow"})


def in_manifest(text: str) -> Iterator[tuple[str, int, int]]:
    """The patterns of a ``Cargo.toml``: id, first and last line of the table (the first table of each sort)."""
    lines = text.splitlines()
    found: set[str] = set()
    headers = [(number, match["table"]) for number, line in enumerate(lines, 1) if (match := _TABLE.match(line))]
    ends = [number - 1 for number, _ in headers[1:]] + [len(lines)]
    for (number, table), end in zip(headers, ends, strict=True):
        pattern = _TABLES.get(table)
        if pattern and pattern not in found:
            found.add(pattern)
            while end > number and not lines[end - 1].strip():
                end -= 1
            yield pattern, number, end


def in_workflow(text: str) -> Iterator[tuple[str, int, int]]:
    """``ci-workflow`` where a YAML file has jobs that work on Rust: from ``jobs`` to the end."""
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines, 1) if _JOBS.match(line)), None)
    if start is not None and any(_RUST.search(line.partition(" #")[0]) for line in lines[start:]):
        yield "ci-workflow", start, len(lines)
