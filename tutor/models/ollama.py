"""Ollama, through its own ``ollama`` package; nothing else imports that.

The package makes the requests, adds the cloud key and types the replies. One layer of it is replaced, the reading of
responses (``AsyncClient._request`` and ``_request_raw``, found wanting byte by byte in 0.6.3): it cuts streams with
``str.splitlines``, so that a raw U+0085 or a blank line inside an answer is an error; an error body that is a JSON
string raises ``AttributeError``; a stream that ends without ``done`` looks like a whole answer. ``chat()`` itself is
not used because it has no ``truncate`` and ``shift``. Around it comes what the package lacks: time limits, no proxy for
this machine, a socket that is closed when the stream is left.

Importing the package takes a fifth of a second and raises on a bad ``OLLAMA_HOST`` or proxy variable, so that it is
imported in a thread, once something listens, and with those variables hidden when they break it. Looking for a server
costs one connection attempt and no import.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from tutor.errors import ModelUnavailable
from tutor.inert import inert_line
from tutor.models import context as windows
from tutor.models.base import ChatEnd, ChatEvent, ChatPiece, ChatWaiting, Message, ModelStatus
from tutor.models.failures import Circumstances, cannot_chat, no_models, no_such_model, to_error, unusable
from tutor.models.host import is_loopback, name_and_port, resolve_host, shown
from tutor.models.wire import (
    LONGEST_ERROR,
    CutShort,
    Lines,
    NotTheProtocol,
    ServerSaid,
    TooLate,
    Unreachable,
    WireError,
    error_words,
    to_object,
)

if TYPE_CHECKING:
    import ssl

    import httpx
    from ollama import AsyncClient, ChatResponse

    from tutor.config import ModelSettings

__all__ = ["MODEL_TO_GET", "OllamaModel", "Timeouts", "embed", "installed", "probe", "resolve_host"]

MODEL_TO_GET = "qwen2.5-coder:3b"
"""What to suggest where there is no model: small enough for most machines (2 GB), and trained on code."""

_ENVIRONMENT_READ_ON_IMPORT = (
    "OLLAMA_HOST", "ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
_MOST_MODELS_ASKED = 20


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The longest waits, in seconds. ``knock``: for a connection on this machine when looking for a server.
    ``probe``: for that server's answers about its models. ``connect``: for a connection. ``first``: for a model's first
    words, which come after it was loaded. ``stall``: between two pieces. ``notice``: how often a wait is reported."""

    knock: float = 0.3
    probe: float = 5.0
    connect: float = 5.0
    first: float = 300.0
    stall: float = 60.0
    notice: float = 1.0


class OllamaModel:
    """One model of one server; a :class:`tutor.models.base.ChatModel`.

    ``host``: an address as :func:`resolve_host` reads it. ``context``: the model's own limit in tokens, 0 where not
    known (:attr:`ModelStatus.context`). Keep the instance for the whole conversation: its window then only grows, so
    that the server does not load the model anew. Raises :class:`ModelUnavailable` for a bad ``host``.
    """

    def __init__(self, host: str, model: str, context: int = 0, timeouts: Timeouts | None = None) -> None:
        self.host = resolve_host(host, {})
        self.model = model
        self.context = context
        self._timeouts = timeouts or Timeouts()
        self._window = 0

    @property
    def prompt_budget(self) -> int:
        """See :class:`tutor.models.base.ChatModel`."""
        return windows.prompt_budget(self.context)

    async def chat(self, messages: Sequence[Message]) -> AsyncGenerator[ChatEvent, None]:
        """See :class:`tutor.models.base.ChatModel`. The conversation goes out as it is: a server that cannot take all
        of it refuses, and :func:`tutor.models.context.fit` keeps it from coming to that."""
        started = time.monotonic()
        said: list[str] = []
        try:
            source = _replies(self.host, self._request(messages), self._timeouts)
            async with aclosing(_watched(source, self.model, self._timeouts)) as replies:
                async for reply in replies:
                    if isinstance(reply, ChatWaiting):
                        yield reply
                        continue
                    piece = ChatPiece(reply.message.content or "", reply.message.thinking or "")
                    if piece.text or piece.thinking:
                        said.append(piece.text)
                        yield piece
                    if reply.done:
                        yield _end(reply, time.monotonic() - started)
                        return
            raise CutShort
        except WireError as error:
            raise to_error(error, Circumstances(self.host, self.model, "".join(said))) from error

    def _request(self, messages: Sequence[Message]) -> dict[str, Any]:
        """The request's body. ``think`` is left out: models that can think then do, and others would refuse it."""
        needed = windows.estimate_chat(messages) + windows.REPLY_ROOM
        self._window = max(self._window, windows.bucket(needed, self.context))
        return {
            "model": self.model,
            "messages": [{"role": m.role, "content": _sendable(m.content)} for m in messages],
            "stream": True,
            "truncate": False,
            "shift": False,
            "options": {"num_ctx": self._window},
        }


def _sendable(text: str) -> str:
    """Bytes of a file that were no UTF-8 are lone surrogates here, which JSON cannot carry."""
    return text.encode("utf-8", "backslashreplace").decode()


def _end(reply: ChatResponse, seconds: float) -> ChatEnd:
    # Go leaves zeros out, and an older server the reason.
    return ChatEnd(reply.done_reason or "stop", reply.prompt_eval_count or 0, reply.eval_count or 0, seconds)


async def probe(settings: ModelSettings, environ: Mapping[str, str], timeouts: Timeouts | None = None) -> ModelStatus:
    """Which model will be used: ``settings.chat``, else the first that can chat; or why there is none. Never raises.

    Where nothing listens on this machine it takes one connection attempt.
    """
    if not settings.enabled:
        return ModelStatus(False, "", "", "no model (switched off in the settings)")
    limits = timeouts or Timeouts()
    host = ""
    try:
        host = resolve_host(settings.host, environ)
        try:
            return await _look(host, settings.chat, limits)
        except WireError as error:
            raise to_error(error, Circumstances(host, settings.chat)) from error
    except ModelUnavailable as error:
        return ModelStatus(False, settings.chat, host, error.msg)


async def _look(host: str, wanted: str, limits: Timeouts) -> ModelStatus:
    import asyncio

    from tutor.streams import call

    if is_loopback(host):
        await _knock(host, limits.knock)
    client = await call(lambda: _connect(host, limits))
    try:
        async with asyncio.timeout(limits.probe):
            name, context = await _choose(client, wanted)
    except TimeoutError as error:
        raise Unreachable("it does not answer in time") from error
    finally:
        await _close(client)
    place = "on this machine" if is_loopback(host) else f"at {shown(host)}"
    return ModelStatus(True, name, host, f"{inert_line(name)} {place}", context)


async def _knock(host: str, seconds: float) -> None:
    """Raises :class:`Unreachable` when nothing listens."""
    import asyncio

    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(*name_and_port(host))
    except (OSError, TimeoutError) as error:
        raise Unreachable from error
    writer.close()


async def _choose(client: AsyncClient, wanted: str) -> tuple[str, int]:
    """The name and the context length of the model to use. Raises :class:`ModelUnavailable` when there is none."""
    with _httpx_errors():
        names = [model.model for model in (await client.list()).models if model.model]
        if wanted:
            found = next((name for name in names if name in (wanted, f"{wanted}:latest")), None)
            if found is None:
                raise no_such_model(wanted)
            can_chat, context = await _show(client, found)
            if not can_chat:
                raise cannot_chat(found)
            return found, context
        for name in names[:_MOST_MODELS_ASKED]:
            can_chat, context = await _show(client, name)
            if can_chat:
                return name, context
    raise no_models(MODEL_TO_GET)


async def _show(client: AsyncClient, name: str) -> tuple[bool, int]:
    """Whether a model can chat (old servers do not say: then it can), and its context length or 0."""
    shown_model = await client.show(name)
    can_chat = not shown_model.capabilities or "completion" in shown_model.capabilities
    info = shown_model.modelinfo or {}
    length = info.get(f"{info.get('general.architecture')}.context_length")
    return can_chat, length if isinstance(length, int) else 0


async def installed(host: str, timeouts: Timeouts | None = None) -> dict[str, str]:
    """The models that the server at ``host`` has, each with the digest of its content, "" where it tells none.

    Raises :class:`tutor.models.wire.WireError`, and :class:`ModelUnavailable` when no client can be made.
    """
    limits = timeouts or Timeouts()
    async with _answering(host, limits, limits.probe) as client:
        return {model.model: model.digest or "" for model in (await client.list()).models if model.model}


async def embed(
    host: str, model: str, texts: Sequence[str], timeouts: Timeouts | None = None
) -> Sequence[Sequence[float]]:
    """The vectors that ``model`` on the server at ``host`` makes of ``texts``, one for each; too long a text is cut.

    Waits for it as long as for a first word, as the model may have to be loaded. Raises as :func:`installed` does.
    """
    limits = timeouts or Timeouts()
    async with _answering(host, limits, limits.first) as client:
        reply = await client.embed(model, [_sendable(text) for text in texts], truncate=True)
        vectors: Sequence[Sequence[float]] = reply.embeddings
        if len(vectors) != len(texts):
            raise NotTheProtocol("another number of vectors")
        return vectors


@asynccontextmanager
async def _answering(host: str, limits: Timeouts, seconds: float) -> AsyncGenerator[AsyncClient, None]:
    """A client for requests that are answered in one piece, within ``seconds``."""
    import asyncio

    from tutor.streams import call

    if is_loopback(host):
        await _knock(host, limits.knock)
    client = await call(lambda: _connect(host, limits))
    try:
        with _httpx_errors():
            async with asyncio.timeout(seconds):
                yield client
    except TimeoutError as error:
        raise TooLate(seconds) from error
    finally:
        await _close(client)


async def _replies(host: str, body: dict[str, Any], timeouts: Timeouts) -> AsyncGenerator[ChatResponse, None]:
    """The server's replies to one request. Leaving it closes the connection, which ends the work at the server."""
    from tutor.streams import call

    client = await call(lambda: _connect(host, timeouts))
    try:
        from ollama import ChatResponse

        with _httpx_errors():
            stream = await client._request(ChatResponse, "POST", "/api/chat", json=body, stream=True)
            async with aclosing(cast("AsyncGenerator[ChatResponse, None]", stream)) as replies:
                async for reply in replies:
                    yield reply
    finally:
        await _close(client)


async def _watched(
    source: AsyncGenerator[ChatResponse, None], model: str, limits: Timeouts
) -> AsyncGenerator[ChatResponse | ChatWaiting, None]:
    """What ``source`` yields, with a :class:`ChatWaiting` whenever it is silent. Raises :class:`TooLate`.

    ``source`` runs in a task of its own, which is cancelled and waited for when this is left.
    """
    import asyncio

    queue: asyncio.Queue[ChatResponse | Exception | None] = asyncio.Queue(64)

    async def pump() -> None:
        end: Exception | None = None
        try:
            async with aclosing(source):
                async for reply in source:
                    await queue.put(reply)
        except Exception as error:  # carried over to the reading side, where it is raised again
            end = error
        await queue.put(end)

    pumping = asyncio.create_task(pump())
    try:
        limit = limits.first
        before: Literal["first", "next"] = "first"
        since = time.monotonic()
        while True:
            silent = time.monotonic() - since
            try:
                async with asyncio.timeout(max(0.0, min(limits.notice, limit - silent))):
                    item = await queue.get()
            except TimeoutError:
                silent = time.monotonic() - since
                if silent >= limit:
                    raise TooLate(limit) from None
                yield ChatWaiting(model, before, silent)
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
            limit, before = limits.stall, "next"
            since = time.monotonic()
    finally:
        pumping.cancel()
        await asyncio.wait({pumping})


# The package, hardened.


@cache
def _client_class() -> type[AsyncClient]:
    """The package's client with our reading of responses. Made on first use, for the import's sake."""
    import ollama

    class HardenedClient(ollama.AsyncClient):
        _client: httpx.AsyncClient

        async def _request_raw(self, *args: Any, **kwargs: Any) -> Any:
            response = await self._client.request(*args, **kwargs)
            if not response.is_success:
                raise ServerSaid(response.status_code, error_words(response.content))
            return response

        async def _request(self, cls: Any, *args: Any, stream: bool = False, **kwargs: Any) -> Any:
            read = _reader(cls)
            if stream:
                return self._stream(read, *args, **kwargs)
            return read((await self._request_raw(*args, **kwargs)).content)

        async def _stream(self, read: Callable[[bytes], Any], *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            async with self._client.stream(*args, **kwargs) as response:
                if not response.is_success:
                    raise ServerSaid(response.status_code, error_words(await _start_of(response)))
                lines = Lines()
                async for data in response.aiter_bytes():
                    for line in lines.feed(data):
                        yield read(line)
                for line in lines.rest():
                    yield read(line)

    return HardenedClient


def _reader(cls: Any) -> Callable[[bytes], Any]:
    """Reads one object as ``cls``, a model of the package."""

    def read(data: bytes) -> Any:
        value = to_object(data)
        if "model_info" in {field.alias for field in cls.model_fields.values()}:
            value.setdefault("model_info", None)  # left out by the server when empty, but demanded by the package
        try:
            return cls.model_validate(value)
        except ValueError as error:  # pydantic's
            raise NotTheProtocol("another shape") from error

    return read


async def _start_of(response: httpx.Response) -> bytes:
    start = b""
    async for data in response.aiter_bytes():
        start += data
        if len(start) >= LONGEST_ERROR:
            break
    return start


def _connect(host: str, timeouts: Timeouts) -> AsyncClient:
    """A client for ``host``; nothing is sent yet. Blocks for the import. Raises :class:`ModelUnavailable`."""
    import httpx

    limits = httpx.Timeout(None, connect=timeouts.connect)
    try:
        _import_package()
        # A proxy could not reach this machine's own address, and must not see what is asked here.
        outside = not is_loopback(host)
        return _client_class()(host, timeout=limits, trust_env=outside, verify=_certificates(outside))
    except (ValueError, ImportError, OSError, httpx.InvalidURL) as error:
        raise unusable(str(error)) from error


@cache
def _certificates(trust_env: bool) -> ssl.SSLContext:
    """Whom to trust, read once: it is most of the cost of a client (14 ms)."""
    import httpx

    return httpx.create_ssl_context(trust_env=trust_env)


def _import_package() -> None:
    """Imports ``ollama``, which makes a client of its own from the environment and fails when that is not usable."""
    import httpx

    try:
        import ollama
    except (ValueError, ImportError, OSError, httpx.InvalidURL):
        with _hidden(_ENVIRONMENT_READ_ON_IMPORT):
            import ollama  # noqa: F401 (the second try)


@contextmanager
def _hidden(names: Sequence[str]) -> Iterator[None]:
    """The environment without ``names``, in either case."""
    held = {name: value for name, value in os.environ.items() if name.upper() in names}
    for name in held:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(held)


async def _close(client: AsyncClient) -> None:
    await client._client.aclose()


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Puts the errors of the HTTP client into our few."""
    import httpx

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise Unreachable(str(error)) from error
    except (httpx.DecodingError, httpx.TooManyRedirects, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise NotTheProtocol(str(error)) from error
    except httpx.HTTPError as error:
        raise CutShort from error
