"""Which model will be used, or why there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.ollama_server import running
from tutor.config import ModelSettings
from tutor.models.ollama import MODEL_TO_GET, Timeouts, probe

EMBEDDER = {"name": "nomic-embed-text:latest", "capabilities": ["embedding"], "context_length": 2048}
CODER = {"name": "qwen2.5-coder:3b", "capabilities": ["completion", "tools"], "context_length": 32768}
OLD = {"name": "old:latest", "capabilities": []}


async def test_the_first_model_that_can_chat_is_used() -> None:
    with running({"models": [EMBEDDER, CODER, OLD]}) as server:
        status = await probe(ModelSettings(), {"OLLAMA_HOST": server.host})
    assert (status.available, status.name, status.host, status.context) == (True, CODER["name"], server.host, 32768)
    assert status.detail == "qwen2.5-coder:3b on this machine"


@pytest.mark.parametrize("wanted", ["old", "old:latest"])
async def test_the_chosen_model_is_used(wanted: str) -> None:
    with running({"models": [CODER, OLD]}) as server:
        status = await probe(ModelSettings(host=server.host, chat=wanted), {})
    # An old server tells neither capabilities nor context.
    assert (status.available, status.name, status.context) == (True, "old:latest", 0)


async def test_a_chosen_model_that_is_not_there_says_how_to_get_it() -> None:
    with running({"models": [CODER]}) as server:
        status = await probe(ModelSettings(host=server.host, chat="gemma3"), {})
    assert not status.available
    assert status.detail.startswith("Ollama has no model gemma3; get it with `ollama pull gemma3`")


async def test_a_chosen_model_that_cannot_chat_says_so() -> None:
    with running({"models": [EMBEDDER, CODER]}) as server:
        status = await probe(ModelSettings(host=server.host, chat="nomic-embed-text"), {})
    assert not status.available
    assert status.detail.startswith("nomic-embed-text:latest cannot chat; choose another")


@pytest.mark.parametrize("models", [[], [EMBEDDER]])
async def test_a_server_without_a_model_to_chat_with_says_how_to_get_one(models: list[dict[str, Any]]) -> None:
    with running({"models": models}) as server:
        status = await probe(ModelSettings(host=server.host), {})
    assert not status.available
    assert f"`ollama pull {MODEL_TO_GET}`" in status.detail


async def test_no_server_is_one_line() -> None:
    status = await probe(ModelSettings(), {"OLLAMA_HOST": "127.0.0.1:9"})
    assert (status.available, status.host) == (False, "http://127.0.0.1:9")
    assert status.detail == "No Ollama answers at 127.0.0.1:9; start it with `ollama serve`."


async def test_another_machine_that_is_not_there_is_one_line() -> None:
    status = await probe(ModelSettings(host="http://ollama.invalid"), {})
    assert not status.available
    assert status.detail.startswith("No Ollama answers at ollama.invalid:80")
    assert status.detail.endswith("check OLLAMA_HOST, or `tutor config get model.host`, and the network.")


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    with running({"replies": {"/api/tags": [{"body": [{"stall": True}]}]}}) as server:
        status = await probe(ModelSettings(host=server.host), {}, Timeouts(probe=0.05))
    assert not status.available
    assert status.detail.startswith("No Ollama answers at 127.0.0.1:")


@pytest.mark.parametrize(
    "reply",
    [
        {"type": "text/html", "length": True, "body": [{"raw": "<html>hello</html>"}]},
        {"status": 404, "length": True, "body": [{"raw": "Not Found"}]},
        {"length": True, "body": [{"raw": '{"models":"many"}'}]},
    ],
)
async def test_something_else_at_the_address_is_named(reply: dict[str, Any]) -> None:
    with running({"replies": {"/api/tags": [reply]}}) as server:
        status = await probe(ModelSettings(host=server.host), {})
    assert not status.available
    assert "does not talk like Ollama; check OLLAMA_HOST" in status.detail


async def test_switched_off_asks_nobody() -> None:
    with running({"models": [CODER]}) as server:
        status = await probe(ModelSettings(enabled=False, host=server.host), {})
        assert server.requests() == []
    assert (status.available, status.detail) == (False, "no model (switched off in the settings)")


async def test_a_bad_host_is_one_line() -> None:
    status = await probe(ModelSettings(), {"OLLAMA_HOST": "http://[bad"})
    assert not status.available
    assert status.detail.startswith("OLLAMA_HOST is “http://[bad”, which is no address")


_PROBE = """
import asyncio, os, sys
from tutor.config import ModelSettings
from tutor.models.ollama import probe
before = dict(os.environ)
print(asyncio.run(probe(ModelSettings(host=sys.argv[1]), os.environ)).detail)
assert before == dict(os.environ)
"""


@pytest.mark.parametrize(
    "variables",
    [{"OLLAMA_HOST": "http://[bad"}, {"ALL_PROXY": "socks5://127.0.0.1:1"}, {"https_proxy": "nonsense://x"}],
    ids=lambda variables: next(iter(variables)),
)
def test_variables_that_break_the_package_do_not_break_the_tutor(variables: dict[str, str]) -> None:
    """The package reads them when it is imported, so that this needs a fresh interpreter."""
    with running({"models": [CODER]}) as server:
        command = [sys.executable, "-c", _PROBE, server.host]
        environment = {"PATH": os.environ["PATH"]} | variables
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("qwen2.5-coder:3b on this machine\n", "")
