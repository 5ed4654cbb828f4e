"""What the model layer costs before a model is used: nothing heavy is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

_HEAVY = ("ollama", "httpx", "httpcore", "anyio", "pydantic", "asyncio", "ssl", "tomlkit", "textual")


@pytest.mark.parametrize("module", ["tutor.models.base", "tutor.models.context", "tutor.models.ollama"])
@pytest.mark.parametrize("host", ["127.0.0.1:11434", "http://[bad"])
def test_importing_is_light_and_cannot_fail(module: str, host: str) -> None:
    code = f"import sys, {module}; print([name for name in {_HEAVY} if name in sys.modules])"
    environment = {"OLLAMA_HOST": host, "ALL_PROXY": "nonsense://"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("[]\n", "")


_PROBE = """
import asyncio, os, sys
from tutor.config import ModelSettings
from tutor.models.ollama import probe
status = asyncio.run(probe(ModelSettings(), os.environ))
print(status.available, [name for name in ("ollama", "httpx", "pydantic") if name in sys.modules])
"""


def test_looking_for_a_server_that_is_not_there_imports_no_client() -> None:
    environment = {"OLLAMA_HOST": "127.0.0.1:9"}
    done = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr) == ("False []\n", "")
