"""A model of the same format as MiniLM, far smaller, with random weights; and what it must answer, in plain numpy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy

WIDTH, LAYERS, HEADS, INNER, POSITIONS = 8, 2, 2, 16, 32
WORDS = ("a", "the", "value", "borrow", "##ed", "move", "##s", "git", "commit", "?", "own", "##er", "rust")
VOCABULARY = {word: place for place, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS))}

Array = numpy.typing.NDArray[numpy.float32]


def random_weights(seed: int = 1) -> dict[str, Array]:
    """Weights by the names that BERT's have, linear layers as (out, in)."""
    random = numpy.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), WIDTH),
        "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for number in range(LAYERS):
        linear = {"attention.self.query": (WIDTH, WIDTH), "attention.self.key": (WIDTH, WIDTH),
                  "attention.self.value": (WIDTH, WIDTH), "attention.output.dense": (WIDTH, WIDTH),
                  "intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)}  # fmt: skip
        for name, shape in linear.items():
            shapes[f"encoder.layer.{number}.{name}.weight"] = shape
            shapes[f"encoder.layer.{number}.{name}.bias"] = shape[:1]
        for name in ("attention.output", "output"):
            shapes[f"encoder.layer.{number}.{name}.LayerNorm.weight"] = (WIDTH,)
            shapes[f"encoder.layer.{number}.{name}.LayerNorm.bias"] = (WIDTH,)
    return {name: random.normal(size=shape).astype(numpy.float32) for name, shape in shapes.items()}


def make_model(folder: Path, weights: dict[str, Array] | None = None) -> Path:
    """Writes the three files of a model into ``folder``."""
    folder.mkdir(parents=True)
    config = {"model_type": "bert", "hidden_act": "gelu", "hidden_size": WIDTH, "num_hidden_layers": LAYERS,
              "num_attention_heads": HEADS, "max_position_embeddings": POSITIONS, "layer_norm_eps": 1e-12}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    # Like the published file, it also holds integers, which nobody needs.
    ids = {"embeddings.position_ids": numpy.arange(POSITIONS, dtype=numpy.int64)}
    arrays: dict[str, Any] = {**ids, **(random_weights() if weights is None else weights)}
    for name, array in arrays.items():
        kind = "I64" if array.dtype == numpy.int64 else "F32"
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    start = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(start).to_bytes(8, "little") + start + data)
    _tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordPiece(VOCABULARY, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", VOCABULARY["[CLS]"]), ("[SEP]", VOCABULARY["[SEP]"])]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    # As the published one: neither fits, and the reader has to set both itself.
    tokenizer.enable_padding(length=12)
    tokenizer.enable_truncation(12)
    return tokenizer


def expected(weights: dict[str, Array], tokens: list[str]) -> Array:
    """The vector of a text that consists of ``tokens``, by the definition of BERT, in double precision."""
    w = {name: array.astype(numpy.float64) for name, array in weights.items()}
    ids = [VOCABULARY[token] for token in ("[CLS]", *tokens, "[SEP]")]

    def linear(x: Any, name: str) -> Any:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        x = x - x.mean(-1, keepdims=True)
        x = x / numpy.sqrt((x**2).mean(-1, keepdims=True) + 1e-12)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def gelu(x: Any) -> Any:
        from math import erf, sqrt

        return x * 0.5 * (1 + numpy.vectorize(erf)(x / sqrt(2)))

    names = ("word_embeddings", "position_embeddings", "token_type_embeddings")
    word, position, kind = (w[f"embeddings.{name}.weight"] for name in names)
    x = norm(word[ids] + position[: len(ids)] + kind[0], "embeddings.LayerNorm")
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        query, key, value = (linear(x, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        seen = []
        for head in range(HEADS):
            own = slice(head * WIDTH // HEADS, (head + 1) * WIDTH // HEADS)
            scores = query[:, own] @ key[:, own].T / numpy.sqrt(WIDTH // HEADS)
            share = numpy.exp(scores - scores.max(-1, keepdims=True))
            seen.append(share / share.sum(-1, keepdims=True) @ value[:, own])
        attended = linear(numpy.concatenate(seen, -1), f"{layer}.attention.output.dense")
        x = norm(attended + x, f"{layer}.attention.output.LayerNorm")
        inner = gelu(linear(x, f"{layer}.intermediate.dense"))
        x = norm(linear(inner, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")
    mean = x.mean(0)
    unit: Array = (mean / numpy.linalg.norm(mean)).astype(numpy.float32)
    return unit
