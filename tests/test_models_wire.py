"""Ollama's bytes: lines, objects and error bodies."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ollama_server import chunk, go_json, last_chunk
from tutor.models.wire import LONGEST_LINE, Lines, NotTheProtocol, ServerSaid, error_words, to_object

STREAM = b"\r\n\n".join(
    [
        chunk("m", 0, "a\u0085b\u2028c"),
        chunk("m", 1, "é 漢 🦀 <T> \\ \x1c\x0b"),
        chunk("m", 2, "", "let me think"),
        last_chunk("m", 3, {"done": "stop", "output_tokens": 3}),
    ]
)
"""Blank lines, CRLF, separators that ``str.splitlines`` knows, and no line end at the end."""

EXPECTED = [
    chunk("m", 0, "a\u0085b\u2028c"),
    chunk("m", 1, "é 漢 🦀 <T> \\ \x1c\x0b"),
    chunk("m", 2, "", "let me think"),
    last_chunk("m", 3, {"done": "stop", "output_tokens": 3}),
]


def _lines(*pieces: bytes) -> list[bytes]:
    lines = Lines()
    return [line for piece in pieces for line in lines.feed(piece)] + list(lines.rest())


def test_every_split_in_two_gives_the_same_lines() -> None:
    for offset in range(len(STREAM) + 1):
        assert _lines(STREAM[:offset], STREAM[offset:]) == EXPECTED


@given(st.lists(st.integers(0, len(STREAM))))
def test_any_split_gives_the_same_lines(offsets: list[int]) -> None:
    ends = [*sorted(offsets), len(STREAM)]
    assert _lines(*(STREAM[start:end] for start, end in zip([0, *ends], ends, strict=False))) == EXPECTED


def test_the_stream_has_what_breaks_splitlines() -> None:
    assert len([line for line in STREAM.decode().splitlines() if line]) > len(EXPECTED)
    contents = [json.loads(line)["message"]["content"] for line in _lines(STREAM)]
    assert contents == ["a\u0085b\u2028c", "é 漢 🦀 <T> \\ \x1c\x0b", "", ""]


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    lines = Lines()
    with pytest.raises(NotTheProtocol):
        for _ in range(100):
            list(lines.feed(b"x" * (LONGEST_LINE // 10)))


@pytest.mark.parametrize("data", [b"", b"<html>", b"[1]", b'"text"', b"null", b"{", b"[" * 100_000])
def test_what_is_no_object_is_not_the_protocol(data: bytes) -> None:
    with pytest.raises(NotTheProtocol):
        to_object(data)


def test_an_error_line_is_an_error() -> None:
    with pytest.raises(ServerSaid) as caught:
        to_object(b'{"error":"runner stopped"}')
    assert (caught.value.status, caught.value.words) == (None, "runner stopped")
    assert to_object(b'{"error":"","done":true}') == {"error": "", "done": True}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ""),
        (b"  plain text\r\n", "plain text"),
        (go_json({"error": "model 'x' not found"}), "model 'x' not found"),
        (go_json("only a string"), "only a string"),
        (go_json({"error": json.dumps({"error": {"code": 400, "message": "deep <down>"}})}), "deep <down>"),
        (go_json({"error": json.dumps("twice quoted")}), "twice quoted"),
        (go_json({"error": {"message": "an object"}}), "an object"),
        (go_json({"StatusCode": 401, "StatusMessage": "unauthorized"}), "unauthorized"),
        (b"<html><head><style>b{}</style></head><body><h1>502 Bad Gateway</h1></body></html>", "502 Bad Gateway"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[]", "[]"),
        (b"x" * 1000, "x" * 300 + "…"),
    ],
)  # fmt: skip
def test_an_error_body_of_any_kind_has_words(body: bytes, words: str) -> None:
    assert error_words(body) == words


@given(st.binary())
def test_any_error_body_is_one_line(body: bytes) -> None:
    assert len(error_words(body).splitlines()) <= 1
    assert len(error_words(body)) <= 301
