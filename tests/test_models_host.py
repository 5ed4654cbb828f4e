"""Where Ollama is: OLLAMA_HOST as Ollama reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import ModelUnavailable
from tutor.models.host import is_loopback, name_and_port, resolve_host, shown

ANY = "0.0.0.0"  # noqa: S104 (an address to read, not to listen at)

GOOD = {
    "": "http://127.0.0.1:11434",
    "  ": "http://127.0.0.1:11434",
    '"1.2.3.4"': "http://1.2.3.4:11434",
    " ' 1.2.3.4:80 ' ": "http://1.2.3.4:80",
    "1.2.3.4": "http://1.2.3.4:11434",
    "1.2.3.4:": "http://1.2.3.4:11434",
    "1.2.3.4:56789": "http://1.2.3.4:56789",
    ":56789": "http://127.0.0.1:56789",
    "http://": "http://127.0.0.1:80",
    "http://1.2.3.4": "http://1.2.3.4:80",
    "https://1.2.3.4": "https://1.2.3.4:443",
    "https://1.2.3.4:56789": "https://1.2.3.4:56789",
    "HTTPS://example.com": "https://example.com:443",
    ANY: "http://127.0.0.1:11434",
    f"{ANY}:8080": "http://127.0.0.1:8080",
    f"http://{ANY}": "http://127.0.0.1:80",
    "::": "http://[::1]:11434",
    "[::]:80": "http://[::1]:80",
    "::1": "http://[::1]:11434",
    "[::1]": "http://[::1]:11434",
    "[::1]:1234": "http://[::1]:1234",
    "http://[0001:002:003:0004::1]/path/": "http://[1:2:3:4::1]:80/path",
    "example.com": "http://example.com:11434",
    "example.com/": "http://example.com:11434",
    "example.com:56789/path": "http://example.com:56789/path",
    "https://example.com/a/b/": "https://example.com:443/a/b",
    "my_host-1": "http://my_host-1:11434",
    "ollama.com": "https://ollama.com:443",
    "localhost": "http://localhost:11434",
}

BAD = [
    "http://[::1", "[::1:80", "::1]", "a:b:c", "1.2.3.4:port", "1.2.3.4:65536", "1.2.3.4:0", "1.2.3.4:-1", "1.2.3.4:+8",
    "host:１２", "ftp://host", "unix:///run/ollama.sock", "user:secret@host", "host name", "host\x1b[31m", "host?x=1",
    "host#x", "a\nb", "[host]:80",
]  # fmt: skip


@pytest.mark.parametrize("given_value", GOOD)
def test_reads_an_address_as_ollama_does(given_value: str) -> None:
    assert resolve_host("", {"OLLAMA_HOST": given_value}) == GOOD[given_value]
    assert resolve_host(given_value, {}) == GOOD[given_value]


@pytest.mark.parametrize("value", BAD)
def test_a_bad_address_is_one_clear_sentence(value: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        resolve_host("", {"OLLAMA_HOST": value})
    assert caught.value.msg.startswith("OLLAMA_HOST is “")
    assert caught.value.msg.endswith("write it like 127.0.0.1:11434.")
    assert caught.value.msg.isprintable()
    with pytest.raises(ModelUnavailable, match=r"model\.host in the settings is “"):
        resolve_host(value, {})


def test_the_setting_comes_before_the_environment() -> None:
    assert resolve_host("b:2", {"OLLAMA_HOST": "a:1"}) == "http://b:2"
    assert resolve_host("b:2", {"OLLAMA_HOST": "http://[bad"}) == "http://b:2"
    assert resolve_host(" ", {"OLLAMA_HOST": "a:1"}) == "http://a:1"
    assert resolve_host("", {}) == "http://127.0.0.1:11434"


@given(
    st.text(max_size=40) | st.from_regex(r"(https?://)?[a-z0-9.\[\]:]{0,20}(:\d{0,6})?(/[a-z/]{0,6})?", fullmatch=True)
)
def test_any_text_is_an_address_or_a_sentence(value: str) -> None:
    try:
        host = resolve_host(value, {})
    except ModelUnavailable:
        return
    assert resolve_host(host, {}) == host
    name, port = name_and_port(host)
    assert name
    assert 0 < port <= 65535
    assert host.partition("://")[0] in ("http", "https")


@pytest.mark.parametrize("value", ["127.0.0.1", "127.9.9.9:1", "[::1]:80", "localhost", "a.localhost:3", ANY, "::"])
def test_this_machine(value: str) -> None:
    assert is_loopback(resolve_host(value, {}))


@pytest.mark.parametrize(
    "value", ["10.0.0.1", "example.com", "localhost.example.com", "[fe80::1]", "https://ollama.com"]
)
def test_other_machines(value: str) -> None:
    assert not is_loopback(resolve_host(value, {}))


def test_parts_of_an_address() -> None:
    assert name_and_port("https://[::1]:80/a:b/c") == ("::1", 80)
    assert shown("https://example.com:443/a") == "example.com:443/a"
