"""Embedding with a model of Ollama, against a scripted server in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledgegraph.embedding import Embedder
from tests.ollama_server import Server, running
from tutor.errors import ModelUnavailable, TutorError
from tutor.models.embedding import OllamaEmbedder
from tutor.models.ollama import Timeouts

MODEL = {"name": "all-minilm:latest", "capabilities": ["embedding"], "embedding_length": 5}
QUICK = Timeouts(knock=5, probe=5, first=0.2)


def _script(*replies: dict[str, Any], **model: Any) -> dict[str, Any]:
    return {"models": [MODEL | model], "replies": {"/api/embed": list(replies)} if replies else {}}


def _reply(value: object, status: int = 200) -> dict[str, Any]:
    return {"status": status, "type": "application/json", "length": True, "body": [{"raw": json.dumps(value)}]}


def _vectors(*vectors: list[float]) -> dict[str, Any]:
    return _reply({"model": MODEL["name"], "embeddings": vectors})


def _asked(server: Server) -> list[dict[str, Any]]:
    return [json.loads(request["body"]) for request in server.requests("/api/embed")]


def _fails(server: Server, timeouts: Timeouts | None = None, model: str = "all-minilm") -> TutorError:
    with pytest.raises(TutorError) as caught:
        OllamaEmbedder.connect(server.host, model, timeouts).embed(["text"])
    assert isinstance(caught.value, ModelUnavailable)
    assert "\n" not in caught.value.msg
    return caught.value


# What it gives.


def test_vectors_come_in_order_and_have_length_1() -> None:
    with running(_script()) as server:
        model: Embedder = OllamaEmbedder.connect(server.host, "all-minilm")
        assert (model.name, model.dimensions) == ("ollama/all-minilm:latest@f72c60cabf62", 5)
        vectors = model.embed(["abc", "", "dd"])
        assert vectors.dtype == numpy.dtype(numpy.float32)
        wanted = numpy.array([[1, 1, 1, 1, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 2]])
        assert numpy.abs(vectors - wanted / numpy.linalg.norm(wanted, axis=1, keepdims=True)).max() < 1e-6
        assert numpy.abs(model.embed_query("dd") - vectors[2]).max() < 1e-6
        assert model.embed([]).shape == (0, 5)


def test_many_texts_go_out_in_parts_and_long_ones_are_cut() -> None:
    with running(_script()) as server:
        model = OllamaEmbedder.connect(server.host, "all-minilm:latest")
        texts = ["a" * number for number in range(70)]
        vectors = model.embed(texts)
        assert numpy.abs(vectors[:, 1] - numpy.array([n / numpy.hypot(1, n) for n in range(70)])).max() < 1e-6
        model.embed(["x" * 1_000_000])
        asked = _asked(server)
    assert [len(request["input"]) for request in asked] == [1, 32, 32, 6, 1]
    assert [text for request in asked[1:4] for text in request["input"]] == texts
    assert len(asked[4]["input"][0]) == 20_000
    assert {(request["model"], request["truncate"]) for request in asked} == {("all-minilm:latest", True)}


@given(text=st.text(max_size=50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
def test_any_text_can_be_sent(text: str, shared: Server) -> None:
    vector = OllamaEmbedder(shared.host, "all-minilm:latest", "x", 5, Timeouts()).embed_query(text + "\ud800")
    assert abs(float(numpy.linalg.norm(vector)) - 1) < 1e-5


@pytest.fixture(scope="module")
def shared() -> Any:
    with running(_script()) as server:
        yield server


@pytest.mark.parametrize(
    ("name", "query", "text"),
    [
        ("all-minilm:latest", "q", "t"),
        ("embeddinggemma:300m", "task: search result | query: q", "title: none | text: t"),
        ("someone/nomic-embed-text:latest", "search_query: q", "search_document: t"),
    ],
)
def test_a_model_gets_the_words_that_its_makers_want(name: str, query: str, text: str) -> None:
    with running(_script(name=name)) as server:
        model = OllamaEmbedder.connect(server.host, name)
        model.embed_query("q")
        model.embed(["t"])
        assert [request["input"] for request in _asked(server)[1:]] == [[query], [text]]


def test_a_vector_without_a_digest_is_named_by_its_model() -> None:
    tags = _reply({"models": [{"name": "all-minilm:latest", "model": "all-minilm:latest"}]})
    with running({"models": [MODEL], "replies": {"/api/tags": [tags]}}) as server:
        assert OllamaEmbedder.connect(server.host, "all-minilm").name == "ollama/all-minilm:latest"


# What goes wrong.


def test_no_server_is_one_sentence_and_imports_no_client() -> None:
    code = (
        "import sys\nfrom tutor.errors import ModelUnavailable\nfrom tutor.models.embedding import OllamaEmbedder\n"
        "try:\n    OllamaEmbedder.connect('127.0.0.1:9', 'all-minilm')\n"
        "except ModelUnavailable as error:\n    print(error.msg)\n"
        "print([name for name in ('ollama', 'httpx', 'pydantic', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["No Ollama answers at 127.0.0.1:9; start it with `ollama serve`.", "[]"]


def test_a_model_that_is_not_there_is_named_with_how_to_get_it() -> None:
    with running(_script()) as server:
        error = _fails(server, model="embeddinggemma")
        assert error.msg == "Ollama has no model embeddinggemma; get it with `ollama pull embeddinggemma`."
        assert _asked(server) == []


def test_a_model_that_went_away_is_named_with_how_to_get_it() -> None:
    gone = _reply({"error": "model 'all-minilm:latest' not found"}, 404)
    with running(_script(_vectors([1.0, 0.0]), gone)) as server:
        assert "ollama pull all-minilm:latest" in _fails(server).msg


def test_a_model_for_chat_cannot_embed() -> None:
    with running(_script(capabilities=["completion"])) as server:
        error = _fails(server)
    assert (error.title, error.msg) == (
        "Not for embedding", "all-minilm:latest cannot embed; take a model that can, like all-minilm.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (_reply({"error": "llama runner: \x1b[31mout of memory\nno"}, 500), "with all-minilm:latest (“llama runner: "),
        (_reply({"error": "the input length exceeds the context length"}, 400), "exceeds the context length”); look"),
        (_reply({"error": "loading"}, 503), "Ollama is busy"),
        ({"status": 500, "type": "text/plain", "body": []}, "cannot embed with all-minilm:latest; look into its log"),
        (_reply([1]), "does not talk like Ollama"),
        (_reply({"embeddings": "none"}), "does not talk like Ollama"),
        (_vectors(), "does not talk like Ollama"),
        (_vectors([1.0, 0.0], [1.0, 0.0]), "does not talk like Ollama"),
        (_vectors([1.0, 0.0, 0.0]), "does not talk like Ollama"),
        (_vectors([0.0, 0.0]), "gave a vector without direction"),
        (_vectors([1e300, 1e300]), "gave a vector without direction"),
        (_reply({"embeddings": [["NaN", 1]]}), "gave a vector without direction"),
        ({"body": [{"raw": '{"embeddings": [['}, {"reset": True}]}, "ended the connection"),
        ({"status": 404, "type": "text/plain", "body": [{"raw": "404 page not found"}]}, "does not talk like Ollama"),
    ],
)
def test_a_failure_is_one_sentence(reply: dict[str, Any], words: str) -> None:
    with running(_script(_vectors([1.0, 0.0]), reply)) as server:
        error = _fails(server)
    assert words in error.msg
    assert error.msg.isprintable()
    assert "model.chat" not in error.msg


def test_a_model_that_takes_too_long_is_given_up() -> None:
    with running(_script({"body": [{"stall": True}]})) as server:
        error = _fails(server, QUICK)
        assert server.ended(1)["ended"] == "disconnected"
    assert error.msg.startswith("all-minilm:latest gave no vectors within 0 s; ")
