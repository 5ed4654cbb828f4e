"""Tiny books in the formats that mdBook writes: a ``toc.html`` (today) or a side bar in every page (1.63)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Listed:
    """A line of a table of contents; ``href`` "" is a chapter that is not written yet."""

    href: str
    title: str
    number: str = ""
    parts: tuple[Listed, ...] = ()


def docs_folder(tmp_path: Path, version: str = "1.95.0") -> Path:
    """An empty documentation folder that says which version it is of."""
    docs = tmp_path / "html"
    docs.mkdir()
    (docs / "version_info.html").write_text(f'<div><a href="https://rust">Rust</a> {version}<br></div>')
    return docs


def page(body: str) -> str:
    """A page as mdBook writes it today, with a table of contents elsewhere."""
    return (
        '<!DOCTYPE HTML><html lang="en"><head><title>A page</title><style>h1 { color: red }</style></head><body>'
        '<nav id="sidebar"><script>draw()</script></nav><div id="content" class="content"><main>\n'
        f'{body}\n</main><nav class="nav-wrapper"><a rel="next" href="next.html">Next</a></nav></div></body></html>'
    )


def heading(level: int, title: str, anchor: str) -> str:
    return f'<h{level} id="{anchor}"><a class="header" href="#{anchor}">{title}</a></h{level}>\n'


def rule(name: str) -> str:
    """The mark of a rule of the Reference; what it governs follows."""
    shown = name.replace(".", "<wbr>.")
    return f'<div class="rule" id="r-{name}"><a class="rule-link" href="#r-{name}"><span>[{shown}]</span></a>\n</div>\n'


def book(docs: Path, folder: str, contents: Sequence[Listed], pages: Mapping[str, str]) -> Path:
    """A book as today: ``pages`` gives the body of each page; ``index.html`` is made if it is not among them."""
    root = docs / folder
    root.mkdir()
    (root / "toc.html").write_text(
        f'<!DOCTYPE HTML><html><body class="sidebar-iframe-inner"><ol class="chapter">{_new_lines(contents)}</ol>'
        "</body></html>"
    )
    for ref, body in {"index.html": heading(1, "Copy", "copy"), **pages}.items():
        path = root / ref
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(body))
    (root / "print.html").write_text(page(heading(1, "Everything", "everything")))
    (root / "old-name.html").write_text('<html><head><meta http-equiv="refresh" content="0; URL=a.html"></head></html>')
    return root


def old_book(docs: Path, folder: str, contents: Sequence[Listed], pages: Mapping[str, str]) -> Path:
    """A book as mdBook 0.4 wrote it: no ``toc.html``, the whole table of contents in each page."""
    root = docs / folder
    root.mkdir()
    sidebar = (
        f'<nav id="sidebar" class="sidebar"><div class="sidebar-scrollbox"><ol class="chapter">{_old_lines(contents)}'
        "</ol></div></nav>"
    )
    for ref, body in {"index.html": heading(1, "Copy", "copy"), **pages}.items():
        (root / ref).write_text(
            f'<!DOCTYPE HTML><html><body>{sidebar}<div id="page-wrapper"><div id="content"><main>{body}</main></div>'
            "</div></body></html>"
        )
    return root


def _link(line: Listed) -> str:
    number = f'<strong aria-hidden="true">{line.number}</strong> ' if line.number else ""
    if not line.href:
        return f"<div>{number}{line.title}</div>"
    return f'<a href="{line.href}" target="_parent">{number}{line.title}</a>'


def _new_lines(lines: Sequence[Listed]) -> str:
    """The parts of a chapter are inside its own line."""
    return "".join(
        f'<li class="chapter-item expanded "><span class="chapter-link-wrapper">{_link(line)}'
        '<a class="chapter-fold-toggle"><div>❱</div></a></span>'
        + (f'<ol class="section">{_new_lines(line.parts)}</ol>' if line.parts else "")
        + "</li>"
        for line in lines
    )


def _old_lines(lines: Sequence[Listed]) -> str:
    """The parts of a chapter are in a line of their own after it."""
    return "".join(
        f'<li class="chapter-item expanded ">{_link(line)}</li>'
        + (f'<li><ol class="section">{_old_lines(line.parts)}</ol></li>' if line.parts else "")
        for line in lines
    )
