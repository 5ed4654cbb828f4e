"""Chatting with Ollama, against a scripted server in a process of its own."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from tests.ollama_server import Server, chunk, last_chunk, running
from tutor.errors import ModelUnavailable, TutorError
from tutor.models.base import ChatEnd, ChatModel, ChatPiece, ChatWaiting, Message, ModelFailed
from tutor.models.context import fit
from tutor.models.ollama import OllamaModel, Timeouts

MODEL = "gemma3:4b"
HELLO = [Message("user", "hello")]
NAMED = {"name": MODEL, "capabilities": ["completion"], "context_length": 32768}
SAID = [{"text": "Own"}, {"text": "ership"}]
DONE = {"done": "stop", "prompt_tokens": 7, "output_tokens": 2}


def _script(*replies: dict[str, Any]) -> dict[str, Any]:
    return {"models": [NAMED], "replies": {"/api/chat": list(replies)}}


def _model(server: Server, timeouts: Timeouts | None = None) -> ChatModel:
    return OllamaModel(server.host, MODEL, timeouts=timeouts)


async def _collect(model: ChatModel) -> tuple[str, str, ChatEnd]:
    """What the model said and thought, and its end."""
    events = [event async for event in model.chat(HELLO)]
    pieces = [event for event in events if isinstance(event, ChatPiece)]
    end = events[-1]
    assert isinstance(end, ChatEnd)
    return "".join(piece.text for piece in pieces), "".join(piece.thinking for piece in pieces), end


async def _fails(model: ChatModel) -> tuple[str, TutorError]:
    """What came before the failure, and the failure."""
    text = ""
    with pytest.raises(TutorError) as caught:
        async for event in model.chat(HELLO):
            text += event.text if isinstance(event, ChatPiece) else ""
    return text, caught.value


# Whole answers.


async def test_an_answer_comes_piece_by_piece_with_its_end() -> None:
    with running(_script({"body": [{"text": "", "thinking": "Hm."}, *SAID, DONE]})) as server:
        text, thinking, end = await _collect(_model(server))
    assert (text, thinking) == ("Ownership", "Hm.")
    assert (end.done_reason, end.prompt_tokens, end.output_tokens, end.warning) == ("stop", 7, 2, "")


async def test_an_answer_that_ran_out_of_room_says_so() -> None:
    with running(_script({"body": [*SAID, {"done": "length", "text": "!"}]})) as server:
        text, _, end = await _collect(_model(server))
    assert text == "Ownership!"
    assert (end.prompt_tokens, end.output_tokens) == (0, 0)
    assert "ran out of room" in end.warning


async def test_every_split_of_a_stream_gives_the_same_text() -> None:
    body = b"\n\r\n".join(
        [chunk(MODEL, 0, "é漢🦀\u0085"), chunk(MODEL, 1, "<b>\u2028\x1c"), last_chunk(MODEL, 2, {"done": "stop"})]
    )
    step = [{"raw": body.decode()}]
    replies = [{"cut": [offset], "body": step} for offset in range(1, len(body))]
    replies += [{"every": size, "body": step} for size in (1, 2, 3, 7)]
    with running(_script(*replies)) as server:
        model = _model(server)
        for reply in replies:
            text, _, _ = await _collect(model)
            assert text == "é漢🦀\u0085<b>\u2028\x1c", reply


async def test_loading_a_model_is_one_object_without_a_line_end() -> None:
    with running({"models": [NAMED]}) as server:
        events = [event async for event in OllamaModel(server.host, MODEL).chat([])]
    assert [type(event) for event in events] == [ChatEnd]


async def test_the_request_asks_for_nothing_to_be_cut() -> None:
    with running({"models": [NAMED]}) as server:
        model = OllamaModel(server.host, MODEL)
        text = "".join(
            [
                event.text
                async for event in model.chat([Message("system", "Teach."), Message("user", "a <b>\u0085 \udcff")])
                if isinstance(event, ChatPiece)
            ]
        )
        (request,) = server.requests("/api/chat")
    assert text == "a <b>\u0085 \\udcff"
    assert json.loads(request["body"]) == {
        "model": MODEL,
        "messages": [{"role": "system", "content": "Teach."}, {"role": "user", "content": "a <b>\u0085 \\udcff"}],
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": {"num_ctx": 8192},
    }


async def test_the_window_grows_once_and_stays() -> None:
    with running({"models": [NAMED]}) as server:
        model = OllamaModel(server.host, MODEL)
        for words in (1, 1, 4000, 1, 4000):
            assert isinstance([event async for event in model.chat([Message("user", "x, y " * words)])][-1], ChatEnd)
        windows = [json.loads(request["body"])["options"]["num_ctx"] for request in server.requests("/api/chat")]
        loads = server.loads()
    assert windows == [8192, 8192, 16384, 16384, 16384]
    assert loads == 2


async def test_what_is_fitted_is_taken_and_what_is_not_is_refused() -> None:
    long = [Message("user", "word " * 30) for _ in range(2000)]
    with running({"models": [NAMED]}) as server:
        model = OllamaModel(server.host, MODEL, context=32768)
        with pytest.raises(ModelUnavailable, match="more than gemma3:4b can read at once"):
            _ = [event async for event in model.chat(long)]
        kept, dropped = fit(long, model.prompt_budget)
        assert isinstance([event async for event in model.chat(kept)][-1], ChatEnd)
    assert dropped > 0


# Failures: each has its sentence, and what came before is kept.

_REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"status": 404, "body": [{"raw": f'{{"error":"model \'{MODEL}\' not found"}}'}]}, "`ollama pull gemma3:4b`"),
    ({"status": 404, "body": [{"raw": "404 page not found"}]}, "does not talk like Ollama; check OLLAMA_HOST"),
    ({"status": 400, "body": [{"raw": '{"error":"\\"x\\" does not support chat"}'}]}, "cannot chat; choose another"),
    ({"status": 400, "body": [{"error": "the input length exceeds the context length"}]}, "start a new conversation"),
    ({"status": 503, "body": [{"error": "server busy, please try again.  maximum pending requests exceeded"}]},
     "Ollama is busy (“server busy, please try again. maximum pending requests exceeded”); ask again in a moment."),
    ({"status": 500, "body": [{"error": "model requires more system memory (9 GiB)"}]}, "needs more memory than there"),
    ({"status": 500, "body": [{"raw": '"a JSON string"'}]}, "HTTP 500 (“a JSON string”); ask again, and look into"),
    ({"status": 500, "body": [{"error": '{"error":{"message":"deep"}}'}]}, "HTTP 500 (“deep”)"),
    ({"status": 500, "body": []}, "Ollama reports an error, HTTP 500; ask again"),
    ({"status": 499, "body": [{"error": "request canceled"}]}, "HTTP 499"),
    ({"status": 502, "type": "text/html", "body": [{"raw": "<html><h1>502 Bad\x1b[31m Gateway</h1></html>"}]},
     "does not answer (“502 Bad␛[31m Gateway”)"),
    ({"status": 401, "body": [{"error": "unauthorized"}]}, "set OLLAMA_API_KEY"),
    ({"status": 403, "body": [{"error": "forbidden"}]}, "refuses access (“forbidden”)"),
    ({"status": 429, "body": [{"error": "limit reached"}]}, "wants a pause (“limit reached”); ask again later."),
    ({"status": 200, "type": "text/html", "body": [{"raw": "<html>Welcome</html>"}]}, "does not talk like Ollama"),
    ({"status": 200, "body": [{"raw": '{"message":"odd"}'}]}, "does not talk like Ollama"),
    ({"status": 200, "body": [{"raw": "[]"}]}, "does not talk like Ollama"),
    ({"status": 200, "body": [{"error": "runner stopped"}]}, "Ollama stopped gemma3:4b (“runner stopped”); ask again."),
    ({"status": 200, "body": []}, "before gemma3:4b had said anything; ask again."),
    ({"body": [{"drop": True}]}, "before gemma3:4b had said anything; ask again."),
    ({"body": [{"reset": True}]}, "before gemma3:4b had said anything; ask again."),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "sentence"), _REFUSED)
async def test_a_failure_before_the_first_word_has_its_sentence(reply: dict[str, Any], sentence: str) -> None:
    with running(_script({"unchecked": True, **reply})) as server:
        text, error = await _fails(_model(server))
    assert text == ""
    assert isinstance(error, ModelUnavailable)
    assert sentence in error.msg
    assert error.msg.isprintable()


_BROKEN: list[tuple[list[dict[str, Any]], str]] = [
    ([{"error": "runner crashed"}], "Ollama stopped gemma3:4b (“runner crashed”); ask again."),
    ([{"error": '"a string"'}], "Ollama stopped gemma3:4b (“a string”); ask again."),
    ([], "The answer of gemma3:4b broke off before its end; ask again."),
    ([{"raw": '{"model":"gem'}, {"drop": True}], "broke off before its end"),
    ([{"raw": '{"model":"gem'}], "does not talk like Ollama"),
    ([{"raw": "\ufffd nonsense\n"}, DONE], "does not talk like Ollama"),
    ([{"wait": "seen"}, {"reset": True}], "broke off before its end"),
]


@pytest.mark.parametrize(("steps", "sentence"), _BROKEN)
async def test_a_failure_after_the_first_word_keeps_what_came(steps: list[dict[str, Any]], sentence: str) -> None:
    with running(_script({"body": [*SAID, *steps]})) as server:
        text = ""
        with pytest.raises(ModelFailed) as caught:
            async for event in _model(server).chat(HELLO):
                assert isinstance(event, ChatPiece)
                text += event.text
                if text == "Ownership":
                    server.release("seen")
    assert text == caught.value.partial == "Ownership"
    assert sentence in caught.value.msg
    assert caught.value.msg.endswith(" What came so far is kept.")


async def test_an_unknown_model_says_how_to_get_it() -> None:
    with running({"models": []}) as server:
        text, error = await _fails(_model(server))
    assert (text, error.msg.startswith(f"Ollama has no model {MODEL}; get it with `ollama pull {MODEL}`")) == ("", True)


async def test_no_server_says_how_to_start_it() -> None:
    _, error = await _fails(OllamaModel("127.0.0.1:9", MODEL))
    assert isinstance(error, ModelUnavailable)
    assert error.msg == "No Ollama answers at 127.0.0.1:9; start it with `ollama serve`."


async def test_a_server_that_dies_while_it_answers() -> None:
    with running(_script({"body": [*SAID, {"stall": True}]})) as server:
        stream = _model(server).chat(HELLO)
        assert await anext(stream) == ChatPiece("Own")
        assert await anext(stream) == ChatPiece("ership")
    with pytest.raises(ModelFailed, match="What came so far is kept"):
        await anext(stream)


def test_a_bad_host_is_one_clear_sentence() -> None:
    with pytest.raises(ModelUnavailable, match="which is no address"):
        OllamaModel("http://[bad", MODEL)


# Waiting.


async def test_waiting_is_shown_until_the_first_word_comes() -> None:
    with running(_script({"body": [{"wait": "loaded"}, *SAID, {"wait": "more"}, DONE]})) as server:
        async with aclosing(_model(server, Timeouts(notice=0.01)).chat(HELLO)) as stream:
            first = await anext(stream)
            server.release("loaded")
            words = [event async for event in _until(stream, "ership") if isinstance(event, ChatPiece)]
            between = await anext(stream)
            server.release("more")
            rest = [event async for event in stream]
    assert isinstance(first, ChatWaiting)
    assert (first.before, first.line) == ("first", f"loading {MODEL}… 0 s")
    assert [piece.text for piece in words] == ["Own", "ership"]
    assert isinstance(between, ChatWaiting)
    assert between.before == "next"
    assert isinstance(rest[-1], ChatEnd)


async def _until(stream: Any, text: str) -> Any:
    async for event in stream:
        yield event
        if isinstance(event, ChatPiece) and event.text == text:
            return


async def test_a_model_that_never_begins_is_given_up() -> None:
    with running(_script({"body": [{"stall": True}]})) as server:
        _, error = await _fails(_model(server, Timeouts(first=0.05)))
        # On a busy machine the limit may be over before the request was made.
        ends = [server.ended(number)["ended"] for number in range(len(server.requests()))]
    assert isinstance(error, ModelUnavailable)
    assert f"{MODEL} said nothing for" in error.msg
    assert ends in ([], ["disconnected"])


async def test_a_model_that_stalls_is_given_up_and_its_words_kept() -> None:
    with running(_script({"cut": [], "body": [*SAID, {"stall": True}]})) as server:
        text, error = await _fails(_model(server, Timeouts(stall=0.05)))
        ended = server.ended(0)["ended"]
    assert isinstance(error, ModelFailed)
    assert text == error.partial == "Ownership"
    assert f"No word from {MODEL} for" in error.msg
    assert ended == "disconnected"


# Stopping.


async def test_leaving_the_stream_closes_the_connection() -> None:
    with running(_script({"body": [*SAID, {"stall": True}]})) as server:
        stream = _model(server).chat(HELLO)
        assert await anext(stream) == ChatPiece("Own")
        await stream.aclose()
        assert server.ended(0)["ended"] == "disconnected"


async def test_cancelling_before_the_headers_closes_the_connection() -> None:
    with running(_script({"body": [{"stall": True}]})) as server:
        task = asyncio.create_task(_collect(_model(server)))
        await asyncio.to_thread(server.seen, 0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert server.ended(0)["ended"] == "disconnected"


async def test_cancelling_between_words_closes_the_connection_and_keeps_them() -> None:
    words: asyncio.Queue[str] = asyncio.Queue()

    async def read(model: ChatModel) -> None:
        async for event in model.chat(HELLO):
            if isinstance(event, ChatPiece):
                words.put_nowait(event.text)

    with running(_script({"body": [*SAID, {"stall": True}]})) as server:
        task = asyncio.create_task(read(_model(server)))
        assert [await words.get(), await words.get()] == ["Own", "ership"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert server.ended(0)["ended"] == "disconnected"


# What surrounds the connection.


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgets the proxies of the machine that runs the tests."""
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_this_machine_is_never_asked_through_a_proxy(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with running({"models": [NAMED]}) as server, running({"models": [NAMED]}) as proxy:
        monkeypatch.setenv(variable, proxy.host)
        text, _, _ = await _collect(_model(server))
        assert text == "hello"
        assert len(server.requests("/api/chat")) == 1
        assert proxy.requests() == []


@pytest.mark.usefixtures("no_proxies")
async def test_another_machine_is_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(_script({"unchecked": True, "body": [*SAID, DONE]})) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.host)
        _, error = await _fails(OllamaModel("http://ollama.invalid", MODEL))
        assert [request["path"] for request in proxy.requests()] == ["http://ollama.invalid/api/chat"]
    assert "ollama.invalid:80" in error.msg


@pytest.mark.usefixtures("no_proxies")
async def test_a_proxy_setting_that_cannot_be_used_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "nonsense://proxy")
    _, error = await _fails(OllamaModel("http://ollama.invalid", MODEL))
    assert isinstance(error, ModelUnavailable)
    assert error.msg.startswith("The connection cannot be set up: ")


async def test_the_cloud_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "key-of-a-test")
    with running({"models": [NAMED]}) as server:
        await _collect(_model(server))
        (request,) = server.requests("/api/chat")
    assert request["headers"]["authorization"] == "Bearer key-of-a-test"
