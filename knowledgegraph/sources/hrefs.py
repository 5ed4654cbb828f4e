"""Where a link in the Rust documentation leads: a hyperlink to the id of the entry that it stands for.

The folder of the documentation holds books (``book/ch04-01-what-is-ownership.html``), the library
(``std/vec/struct.Vec.html``) and error codes (``error_codes/E0382.html``); their pages link to each other by relative
and by public addresses.
"""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

from knowledgegraph.entry import entry_id
from knowledgegraph.references import BOOKS

_KIND_OF_FOLDER = {folder: kind for kind, folder in BOOKS.items()}
_SITE = "doc.rust-lang.org"
_CLIPPY_SITE = "rust-lang.github.io"
_CHANNEL = re.compile(r"(?:stable|beta|nightly|\d+\.\d+\.\d+)/")
_LIBRARIES = {"std": "std", "core": "std", "alloc": "std", "proc_macro": "proc_macro", "test": "test"}
_ITEM = re.compile(
    r"(?P<what>struct|enum|union|trait|traitalias|type|fn|macro|constant|static|derive|attr|primitive|keyword|attribute)"
    r"\.(?P<name>[^./]+?)!?\.html"
)
_PART = re.compile(
    r"(?:method|tymethod|variant|associatedconstant|associatedtype|structfield)\.(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
)
_CODE = re.compile(r"E\d{4}")
_LINT = re.compile(r"[a-z0-9_]+")


def identity(href: str, page: str) -> str | None:
    """The id of what a link leads to, or None where it is no entry of ours.

    ``page``: the path of the page that holds the link inside the documentation's folder
    (``"book/ch04-01-what-is-ownership.html"``). Whether there is such an entry is not looked at. Of ``core`` and
    ``alloc`` the path in ``std`` is told. An anchor of the library that names no part of an item, such as
    ``#examples`` or a numbered ``#method.from-1`` of one trait among several, leads to the item.
    """
    try:
        parts = urlsplit(href.strip())
        host = (parts.hostname or "").lower()
    except ValueError:  # an address with brackets that do not match, for instance
        return None
    anchor = unquote(parts.fragment)
    if parts.scheme not in ("", "http", "https") or parts.query:
        return None
    if host == _CLIPPY_SITE:
        return _clippy_lint(parts.path, anchor)
    if parts.scheme or host:
        path = _CHANNEL.sub("", unquote(parts.path).lstrip("/"), count=1) if host == _SITE else ""
    elif parts.path.startswith("/"):
        return None
    else:
        path = join(dirname(page), unquote(parts.path)) if parts.path else page
    return page_identity(path, anchor) if path else None


def page_identity(path: str, anchor: str = "") -> str | None:
    """The id of a page of the documentation's folder, or of the place in it that ``anchor`` (without ``#``) names."""
    inside = normpath(path)
    if not inside.endswith(".html"):
        if "." in inside.rpartition("/")[2]:
            return None
        inside += "/index.html"
    folder, slash, rest = inside.partition("/")
    if not slash:
        return f"error:{anchor}" if folder == "error-index.html" and _CODE.fullmatch(anchor) else None
    if folder in _KIND_OF_FOLDER:
        return entry_id(_KIND_OF_FOLDER[folder], f"{rest}#{anchor}" if anchor else rest)
    if folder == "error_codes":
        code = anchor if rest == "error-index.html" else rest.removesuffix(".html")
        return f"error:{code}" if _CODE.fullmatch(code) else None
    if folder in _LIBRARIES:
        return _library_item(_LIBRARIES[folder], rest, anchor)
    return None


def _library_item(crate: str, path: str, anchor: str) -> str | None:
    """``vec/struct.Vec.html`` and ``method.push`` to ``std:std::vec::Vec::push``."""
    *modules, file = path.split("/")
    names = [crate, *modules]
    if file != "index.html":
        item = _ITEM.fullmatch(file)
        if item is None:
            return None
        what, name = item["what"], item["name"]
        names.append(f"{what}.{name}" if what in ("primitive", "keyword") else name)
        if part := _PART.fullmatch(anchor):
            names.append(part["name"])
    return entry_id("std", "::".join(names))


def _clippy_lint(path: str, anchor: str) -> str | None:
    """The lint that the public list of Clippy's lints shows at an anchor."""
    name = anchor.strip("/")
    return f"clippy:clippy::{name}" if path.startswith("/rust-clippy/") and _LINT.fullmatch(name) else None
