"""Every Rust example compiles without a warning, and every failing one fails with the code it states and no other."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowledgegraph.concepts import Concept, default_folder, load_concepts

RUST = [concept for concept in load_concepts(default_folder()).values() if concept.domain == "rust"]

# What the learner meets most often: each must be explained by some concept.
COMMON_ERRORS = """E0382 E0499 E0502 E0505 E0506 E0507 E0515 E0597 E0716 E0373 E0594 E0596 E0384 E0308 E0277 E0282 E0283
E0369 E0599 E0038 E0204 E0046 E0053 E0050 E0407 E0117 E0119 E0191 E0107 E0106 E0261 E0310 E0621 E0425 E0412 E0432 E0433
E0405 E0423 E0603 E0616 E0583 E0004 E0023 E0026 E0027 E0040 E0060 E0061 E0063 E0560 E0609 E0614 E0618 E0015 E0133"""


def rustc(source: str, folder: Path, name: str, *flags: str) -> list[dict[str, object]]:
    """The messages of one run of rustc over ``source``: level, code and text of each."""
    path = folder / f"{name.replace('-', '_')}.rs"
    path.write_text(source, encoding="utf-8")
    kind = "bin" if "fn main(" in source or "E0601" in flags else "lib"
    run = subprocess.run(
        ["rustc", "--edition", "2021", "--emit=metadata", "--error-format=json", f"--crate-type={kind}", "-Adead_code",
         *(flag for flag in flags if flag.startswith("-")),
         "--out-dir", str(folder), str(path)],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    messages = [json.loads(line) for line in run.stderr.splitlines() if line.startswith("{")]
    assert run.returncode in (0, 1), run.stderr
    return [
        {"level": message["level"], "code": (message["code"] or {}).get("code"), "text": message["rendered"]}
        for message in messages
        if message.get("$message_type", "diagnostic") == "diagnostic"
    ]


@pytest.fixture(scope="module")
def compiled(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> dict[str, list[dict[str, object]]]:
    """What rustc says of every example, compiled side by side; kept between runs by compiler and source."""
    version = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout
    cache = pytestconfig.cache
    known: dict[str, list[dict[str, object]]] = cache.get("tutor/concepts", {}) if cache else {}
    jobs: list[tuple[str, str, tuple[str, ...]]]
    jobs = [(f"{concept.id}/example", concept.example, ("-Dwarnings",)) for concept in RUST]
    jobs += [
        (f"{concept.id}/failing", concept.failing, ("-Awarnings", concept.failing_code))
        for concept in RUST
        if concept.failing
    ]

    def key(job: tuple[str, str, tuple[str, ...]]) -> str:
        return hashlib.sha256(repr((version, job)).encode()).hexdigest()

    def compile_one(job: tuple[str, str, tuple[str, ...]]) -> list[dict[str, object]]:
        if key(job) not in known:
            name, source, flags = job
            folder = tmp_path_factory.mktemp("rust")
            known[key(job)] = rustc(source, folder, name.replace("/", "_"), *flags)
        return known[key(job)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip((job[0] for job in jobs), pool.map(compile_one, jobs), strict=True))
    if cache:
        cache.set("tutor/concepts", {key(job): results[job[0]] for job in jobs})
    return results


@pytest.mark.parametrize("concept", RUST, ids=lambda concept: concept.id)
def test_example_compiles(concept: Concept, compiled: dict[str, list[dict[str, object]]]) -> None:
    complaints = [str(message["text"]) for message in compiled[f"{concept.id}/example"]]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("concept", [concept for concept in RUST if concept.failing], ids=lambda concept: concept.id)
def test_failing_example_fails_as_stated(concept: Concept, compiled: dict[str, list[dict[str, object]]]) -> None:
    messages = compiled[f"{concept.id}/failing"]
    codes = {message["code"] for message in messages if message["level"] == "error" and message["code"]}
    assert codes == {concept.failing_code}, "\n".join(str(message["text"]) for message in messages)


def test_error_codes_exist() -> None:
    codes = sorted({code for concept in RUST for code in concept.errors})
    unknown = [
        code
        for code in codes
        if subprocess.run(["rustc", "--explain", code], capture_output=True, check=False).returncode
    ]
    assert not unknown


def test_common_errors_are_explained() -> None:
    explained = {code for concept in RUST for code in concept.errors}
    assert not set(COMMON_ERRORS.split()) - explained


def test_one_concept_leads_for_a_code() -> None:
    leads = [code for concept in RUST for code in concept.leads]
    assert len(set(leads)) == len(leads)


def test_most_rust_concepts_show_what_goes_wrong() -> None:
    assert sum(bool(concept.failing) for concept in RUST) >= 0.8 * len(RUST)
