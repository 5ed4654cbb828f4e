"""A scripted Ollama server: byte for byte what the real one sends, and every way in which it can fail.

A real process on a loopback port of its own::

    python -m tests.ollama_server --script FILE [--port N]      # prints its address, serves until it is stopped

and from a test ``with running({...}) as server: server.host``. A script is one JSON object::

    {"version": "0.32.1",
     "models": [{"name": "gemma3:4b", "capabilities": ["completion"], "context_length": 8192}],
     "replies": {"/api/chat": [REPLY, …], "/api/tags": [REPLY, …]}}

Requests to a path take its replies in turn, the last one again and again; a path without replies is answered as the
real server would (``/api/chat`` then repeats the question word by word, ``/api/embed`` makes vectors of
``embedding_length`` out of the letters of each text, which are not of length 1). A reply::

    {"status": 200, "type": "application/x-ndjson", "length": false,   # length: Content-Length instead of chunks
     "cut": [3, 9],         # join the bytes and send them in pieces that end at these offsets …
     "every": 1,            # … or of this many bytes
     "unchecked": true,     # do not check model and capabilities first
     "body": [STEP, …]}

    {"text": "…", "thinking": "…"}          one chunk of an answer, as Go writes it
    {"done": "stop", "prompt_tokens": 9, "output_tokens": 3, "text": "…"}       the last chunk; zeros are left out
    {"load": "load"}                        the one plain object of a load, without a line end
    {"error": "…"}                          an error line inside a stream
    {"raw": "…"} {"base64": "…"}            these bytes
    {"wait": "name"}                        until POST /control/release/name; headers go out with the first bytes
    {"stall": true}                         until the client goes away
    {"reset": true} {"drop": true}          end the connection with RST, or without the end of the body

Assertions: ``GET /control/requests`` (method, path, headers, exact body, how each ended: ``answered``, ``disconnected``
or ``reset``, and after how many seconds), ``GET /control/seen/N`` and ``GET /control/ended/N`` (wait until request N,
from 0, has come or is over),
``GET /control/loads`` (how often a model was loaded: a changed ``num_ctx`` loads it anew).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

_GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip


# What Go's encoding/json writes.


def go_json(value: object) -> bytes:
    """``value`` as Go's ``json.Marshal`` writes it: no spaces, ``<>&`` escaped, all else raw (U+0085 too)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: _GO_ESCAPES[match.group()], text).encode()


def chunk(model: str, number: int, text: str, thinking: str = "", **more: Any) -> bytes:
    """One object of a chat stream, without its line end. ``more``: fields after ``done``; zeros are left out."""
    message = {"role": "assistant", "content": text} | ({"thinking": thinking} if thinking else {})
    head = {"model": model, "created_at": f"2025-06-01T10:00:00.{number + 1:09d}Z", "message": message}
    return go_json(head | {"done": bool(more)} | {key: value for key, value in more.items() if value})


def last_chunk(model: str, number: int, step: Mapping[str, Any]) -> bytes:
    """The object with ``done``, its durations in nanoseconds."""
    return chunk(
        model, number, step.get("text", ""), done_reason=step["done"], total_duration=812345678,
        load_duration=step.get("load_ns", 0), prompt_eval_count=step.get("prompt_tokens", 0),
        prompt_eval_duration=12345678, eval_count=step.get("output_tokens", 0), eval_duration=798765432,
    )  # fmt: skip


def steps_to_parts(steps: Sequence[Mapping[str, Any]], model: str) -> list[bytes | Mapping[str, Any]]:
    """The steps of a reply as bytes and, between them, what else happens."""
    parts: list[bytes | Mapping[str, Any]] = []
    for number, step in enumerate(steps):
        if "raw" in step:
            parts.append(step["raw"].encode())
        elif "base64" in step:
            parts.append(base64.b64decode(step["base64"]))
        elif "done" in step:
            parts.append(last_chunk(model, number, step) + b"\n")
        elif "load" in step:
            parts.append(chunk(model, number, "", done_reason=step["load"]))
        elif "error" in step:
            parts.append(go_json({"error": step["error"]}) + b"\n")
        elif "text" in step or "thinking" in step:
            parts.append(chunk(model, number, step.get("text", ""), step.get("thinking", "")) + b"\n")
        else:
            parts.append(step)
    return parts


def cut(parts: Sequence[bytes | Mapping[str, Any]], reply: Mapping[str, Any]) -> list[bytes | Mapping[str, Any]]:
    """The parts with their bytes cut anew where the reply asks for it."""
    if "cut" not in reply and "every" not in reply:
        return list(parts)
    data = b"".join(part for part in parts if isinstance(part, bytes))
    ends = [*reply.get("cut", range(reply.get("every", 1), len(data), reply.get("every", 1))), len(data)]
    pieces = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return [*filter(None, pieces), *(part for part in parts if not isinstance(part, bytes))]


# The server.


@dataclass
class Recorded:
    """One request, and how it ended."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    ended: str | None = None
    seconds: float = 0.0


class _Gone(Exception):
    """The client closed its connection."""


@dataclass
class _Connection:
    """Bytes in and out; knows at once when the client goes away."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    buffer: bytes = b""
    incoming: asyncio.Task[bytes] | None = None

    def _read(self) -> asyncio.Task[bytes]:
        if self.incoming is None:
            self.incoming = asyncio.create_task(self.reader.read(65536))
        return self.incoming

    async def more(self) -> None:
        """Waits for bytes of the client."""
        task = self._read()
        try:
            data = await task
        except ConnectionError as error:
            raise _Gone from error
        finally:
            self.incoming = None
        if not data:
            raise _Gone
        self.buffer += data

    async def unless_gone(self, event: asyncio.Event | None) -> None:
        """Waits for ``event`` (None: for ever), or until the client goes away."""
        waiting = asyncio.create_task((event or asyncio.Event()).wait())
        try:
            while not waiting.done():
                reading = self._read()
                await asyncio.wait({waiting, reading}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    await self.more()
        finally:
            waiting.cancel()

    async def send(self, data: bytes) -> None:
        if self.incoming is not None and self.incoming.done():
            await self.more()
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError as error:
            raise _Gone from error

    async def request(self) -> Recorded:
        """The next request, whole."""
        while b"\r\n\r\n" not in self.buffer:
            await self.more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        while len(self.buffer) < size:
            await self.more()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return Recorded(method, path, headers, body.decode("utf-8", "surrogateescape"))

    def reset(self) -> None:
        """Ends the connection so that the client's next read fails."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class ScriptedOllama:
    """The server's state."""

    script: Mapping[str, Any]
    requests: list[Recorded] = field(default_factory=list)
    events: dict[str, asyncio.Event] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    loaded: tuple[str, int] | None = None
    loads: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first request to its end."""
        connection = _Connection(reader, writer)
        try:
            while True:
                request = await connection.request()
                if request.path.startswith("/control/"):
                    await self._control(connection, request)
                    continue
                self.requests.append(request)
                await self._notify()
                started = time.monotonic()
                request.ended = await self._answered(connection, request)
                request.seconds = time.monotonic() - started
                await self._notify()
                if request.ended != "answered":
                    return
        except _Gone:
            return
        finally:
            if connection.incoming is not None:
                connection.incoming.cancel()
            writer.close()

    async def _answered(self, connection: _Connection, request: Recorded) -> str:
        try:
            return await self._reply(connection, request, self._next(request))
        except _Gone:
            return "disconnected"

    async def _control(self, connection: _Connection, request: Recorded) -> None:
        _, _, verb, *rest = request.path.split("/")
        answer: object = {}
        if verb == "release":
            self._event(rest[0]).set()
        elif verb == "requests":
            answer = [asdict(recorded) for recorded in self.requests]
        elif verb == "loads":
            answer = self.loads
        elif verb in ("seen", "ended"):
            number = int(rest[0])
            async with self.changed:
                await self.changed.wait_for(
                    lambda: len(self.requests) > number and (verb == "seen" or self.requests[number].ended)
                )
            answer = asdict(self.requests[number])
        await self._send_whole(connection, 200, "application/json", json.dumps(answer).encode())

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    def _event(self, name: str) -> asyncio.Event:
        return self.events.setdefault(name, asyncio.Event())

    def _next(self, request: Recorded) -> Mapping[str, Any]:
        """The scripted reply to a request, or the one that the real server would give."""
        replies = self.script.get("replies", {}).get(request.path, [])
        number = self.taken.get(request.path, 0)
        self.taken[request.path] = number + 1
        scripted: Mapping[str, Any] | None = replies[min(number, len(replies) - 1)] if replies else None
        if scripted is not None and (request.path != "/api/chat" or scripted.get("unchecked")):
            return scripted
        if request.path == "/api/chat":
            return self._checked_chat(json.loads(request.body), scripted)
        return self._builtin(request)

    def _builtin(self, request: Recorded) -> Mapping[str, Any]:
        if request.path == "/":
            return _whole(200, b"Ollama is running", "text/plain; charset=utf-8")
        if request.path == "/api/version":
            return _json({"version": self.script.get("version", "0.32.1")})
        if request.path == "/api/tags":
            return _json({"models": [self._listed(model) for model in self._models().values()]})
        if request.path == "/api/ps":
            if self.loaded is None:
                return _json({"models": []})
            name, window = self.loaded
            return _json({"models": [self._listed(self._models()[name]) | {"context_length": window}]})
        if request.path == "/api/show":
            return self._shown(json.loads(request.body).get("model", ""))
        if request.path == "/api/embed":
            return self._embedded(json.loads(request.body))
        return _whole(404, b"404 page not found", "text/plain")

    def _models(self) -> dict[str, Mapping[str, Any]]:
        return {model["name"]: model for model in self.script.get("models", [])}

    @staticmethod
    def _listed(model: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "name": model["name"], "model": model["name"], "modified_at": "2025-06-01T10:00:00.123456789Z",
            "size": 1929912432, "digest": "f72c60cabf6237b07f6e632b2c48d533cef25eda2efbd34bed21c5e9c01e6225",
            "details": {"parent_model": "", "format": "gguf", "family": "test", "families": ["test"],
                        "parameter_size": "3.1B", "quantization_level": "Q4_K_M"},
        }  # fmt: skip

    def _shown(self, name: str) -> Mapping[str, Any]:
        model = self._models().get(name)
        if model is None:
            return _json({"error": f"model '{name}' not found"}, 404)
        shown: dict[str, Any] = {"details": self._listed(model)["details"]}
        if "context_length" in model:
            shown["model_info"] = {"general.architecture": "test", "test.context_length": model["context_length"]}
        capabilities = model.get("capabilities", ["completion"])
        return _json(shown | ({"capabilities": capabilities} if capabilities else {}))

    def _embedded(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        model = self._models().get(body.get("model", ""))
        if model is None:
            return _json({"error": f"model '{body.get('model')}' not found"}, 404)
        if "embedding" not in model.get("capabilities", ["completion"]):
            return _json({"error": "this model does not support embeddings"}, 501)
        length = model.get("embedding_length", 8)
        vectors = [
            [1.0] + [float(text.count(chr(97 + place))) for place in range(length - 1)] for text in body["input"]
        ]
        return _json({"model": model["name"], "embeddings": vectors, "total_duration": 14143917,
                      "prompt_eval_count": sum(len(text.split()) for text in body["input"])})  # fmt: skip

    def _checked_chat(self, body: Mapping[str, Any], scripted: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """What the real server checks before a model speaks; then the scripted reply, or an echo."""
        name = body.get("model", "")
        model = self._models().get(name)
        if model is None:
            return _json({"error": f"model '{name}' not found"}, 404)
        capabilities = model.get("capabilities", ["completion"])
        if "completion" not in capabilities:
            return _json({"error": f'"{name}" does not support chat'}, 400)
        if body.get("think") and "thinking" not in capabilities:
            return _json({"error": f'"{name}" does not support thinking'}, 400)
        window = body.get("options", {}).get("num_ctx", 4096)
        if self.loaded != (name, window):
            self.loaded, self.loads = (name, window), self.loads + 1
        words = sum(len(message["content"].split()) for message in body["messages"])
        if words > window and body.get("truncate") is False:
            return _json({"error": "the input length exceeds the context length"}, 400)
        if scripted is not None:
            return scripted
        if not body["messages"]:
            return {"length": True, "type": "application/json; charset=utf-8", "body": [{"load": "load"}]}
        said = re.findall(r"\S+\s*", body["messages"][-1]["content"])
        end = {"done": "stop", "prompt_tokens": words, "output_tokens": len(said)}
        return {"body": [*({"text": word} for word in said), end]}

    async def _reply(self, connection: _Connection, request: Recorded, reply: Mapping[str, Any]) -> str:
        model = json.loads(request.body).get("model", "") if request.path == "/api/chat" else ""
        parts = cut(steps_to_parts(reply.get("body", []), model), reply)
        status, kind = reply.get("status", 200), reply.get("type", "application/x-ndjson")
        if reply.get("length"):
            await self._send_whole(
                connection, status, kind, b"".join(part for part in parts if isinstance(part, bytes))
            )
            return "answered"
        head = _head(status, kind) + b"Transfer-Encoding: chunked\r\n\r\n"
        for part in parts:
            if isinstance(part, bytes):
                await connection.send(b"%s%x\r\n%s\r\n" % (head, len(part), part))
                head = b""
            elif "wait" in part:
                await connection.unless_gone(self._event(part["wait"]))
            elif "stall" in part:
                await connection.unless_gone(None)
            elif "reset" in part:
                connection.reset()
                return "reset"
            else:
                return "dropped"
        await connection.send(head + b"0\r\n\r\n")
        return "answered"

    @staticmethod
    async def _send_whole(connection: _Connection, status: int, kind: str, body: bytes) -> None:
        await connection.send(_head(status, kind) + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def _head(status: int, kind: str) -> bytes:
    line = f"HTTP/1.1 {status} {_REASONS.get(status, '')}\r\nContent-Type: {kind}\r\n"
    return f"{line}Date: Sun, 01 Jun 2025 10:00:00 GMT\r\n".encode()


def _whole(status: int, body: bytes, kind: str) -> Mapping[str, Any]:
    return {"status": status, "type": kind, "length": True, "body": [{"base64": base64.b64encode(body).decode()}]}


def _json(value: object, status: int = 200) -> Mapping[str, Any]:
    return _whole(status, go_json(value), "application/json; charset=utf-8")


# From a test.


@dataclass(frozen=True)
class Server:
    """A running server. ``host``: ``http://127.0.0.1:PORT``."""

    host: str

    def _ask(self, method: str, path: str) -> Any:
        connection = HTTPConnection(self.host.removeprefix("http://"), timeout=60)
        try:
            connection.request(method, f"/control/{path}")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def requests(self, path: str = "") -> list[dict[str, Any]]:
        """The requests so far, those to ``path`` only where it is given."""
        return [request for request in self._ask("GET", "requests") if path in ("", request["path"])]

    def seen(self, number: int) -> dict[str, Any]:
        """Request ``number`` (from 0), once it has come."""
        seen: dict[str, Any] = self._ask("GET", f"seen/{number}")
        return seen

    def ended(self, number: int) -> dict[str, Any]:
        """Request ``number`` (from 0), once it is over."""
        ended: dict[str, Any] = self._ask("GET", f"ended/{number}")
        return ended

    def loads(self) -> int:
        """How often a model was loaded."""
        return int(self._ask("GET", "loads"))

    def release(self, name: str) -> None:
        """Lets every ``{"wait": name}`` go on."""
        self._ask("POST", f"release/{name}")


@contextmanager
def running(script: Mapping[str, Any], port: int = 0) -> Iterator[Server]:
    """A server process with ``script``, stopped at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "script.json"
        path.write_text(json.dumps(script), "utf-8")
        command = [sys.executable, "-m", "tests.ollama_server", "--script", str(path), "--port", str(port)]
        root = Path(__file__).resolve().parent.parent
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield Server(process.stdout.readline().strip())
            finally:
                process.terminate()


async def _main(script: Mapping[str, Any], port: int) -> None:
    server = await asyncio.start_server(ScriptedOllama(script).serve, "127.0.0.1", port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A scripted Ollama server; the module's docstring has the script.")
    parser.add_argument("--script", type=Path, required=True, help="a JSON file")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    arguments = parser.parse_args()
    try:
        asyncio.run(_main(json.loads(arguments.script.read_text("utf-8")), arguments.port))
    except KeyboardInterrupt:
        pass
