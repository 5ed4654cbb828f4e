"""Where Ollama is: reads ``OLLAMA_HOST`` as Ollama's own client does (``envconfig.Host``, ``ConnectableHost``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

from tutor.errors import ModelUnavailable
from tutor.inert import inert_line

_PORTS = {"http": "80", "https": "443"}
_OLLAMA_PORT = "11434"
# What cannot stand in an address: white space, controls, and the signs that begin another part of a URL.
_FORBIDDEN = re.compile(r"[\s\x00-\x1f\x7f@?#\\<>\"^`{|}]")
_LONGEST_SHOWN = 80


def resolve_host(setting: str, environ: Mapping[str, str]) -> str:
    """The server's address as ``scheme://host:port[/path]``.

    ``setting`` (``model.host``) comes first, then ``OLLAMA_HOST`` in ``environ``, then Ollama's default. Spaces and
    quotes around the value go; a bare address has port 11434, ``http://`` 80 and ``https://`` 443; ``0.0.0.0`` and
    ``::`` mean this machine; a path stays. Raises :class:`ModelUnavailable` for what cannot be an address, where
    Ollama would log a warning and use another one.
    """
    given, source = _clean(setting), "model.host in the settings"
    if not given:
        given, source = _clean(environ.get("OLLAMA_HOST", "")), "OLLAMA_HOST"
    if given == "ollama.com":
        return "https://ollama.com:443"
    scheme, separator, rest = given.partition("://")
    if not separator:
        scheme, rest = "http", given
    scheme = scheme.lower()
    hostport, _, path = rest.partition("/")
    split = _split(hostport, _PORTS.get(scheme, "") if separator else _OLLAMA_PORT)
    if scheme not in _PORTS or split is None or _FORBIDDEN.search(given):
        shown = inert_line(given[:_LONGEST_SHOWN])
        raise ModelUnavailable(
            "No such address", f"{source} is “{shown}”, which is no address; write it like 127.0.0.1:11434."
        )
    path = path.rstrip("/")
    return f"{scheme}://{split[0]}:{split[1]}" + (f"/{path}" if path else "")


def is_loopback(host: str) -> bool:
    """Whether an address from :func:`resolve_host` is this machine: no proxy then, and answers come at once."""
    name, _ = name_and_port(host)
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost" or name.lower().endswith(".localhost")


def name_and_port(host: str) -> tuple[str, int]:
    """The host name (an IPv6 address without brackets) and the port of an address from :func:`resolve_host`."""
    name, _, port = shown(host).partition("/")[0].rpartition(":")
    return name.strip("[]"), int(port)


def shown(host: str) -> str:
    """An address without its scheme, for people: ``127.0.0.1:11434``."""
    return host.partition("://")[2]


def _clean(value: str) -> str:
    return value.strip().strip("\"'").strip()


def _split(hostport: str, default_port: str) -> tuple[str, str] | None:
    """The host, ready for a URL, and the port; None for what is neither."""
    name, separator, port = hostport.rpartition(":")
    bracketed = hostport.startswith("[")
    if not separator or (bracketed and hostport.endswith("]")) or (not bracketed and ":" in name):
        name, port = hostport, ""
    port = port or default_port
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= 65535):
        return None
    if bracketed != name.endswith("]"):
        return None
    name = name.removeprefix("[").removesuffix("]") or "127.0.0.1"
    try:
        address = ip_address(name)
    except ValueError:
        # A name: colons and brackets can only be part of an IPv6 address.
        return None if set(name) & set(":[]%,;") or bracketed else (name, str(int(port)))
    if isinstance(address, IPv6Address):
        return ("[::1]" if address.is_unspecified else f"[{address}]"), str(int(port))
    return ("127.0.0.1" if address.is_unspecified else str(address)), str(int(port))
