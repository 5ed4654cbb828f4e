"""BERT as a sentence encoder: the graph for onnxruntime, over the weights of a ``.safetensors`` file.

Devlin et al., "BERT" (2019); the mean over all tokens, brought to length 1, as in Reimers and Gurevych,
"Sentence-BERT" (2019). All texts of one run have the same number of tokens, so that there is neither padding nor mask.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from knowledgegraph.embedding.onnx_graph import INT32, MICROSOFT, Graph

_LARGEST_HEADER = 10 << 20
_SIZES = {
    "width": "hidden_size", "layers": "num_hidden_layers", "heads": "num_attention_heads",
    "most_tokens": "max_position_embeddings",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What ``config.json`` says of a model. ``width``: of a vector; ``most_tokens``: positions that it has."""

    width: int
    layers: int
    heads: int
    most_tokens: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where one tensor of float32 is in its file, in bytes."""

    shape: tuple[int, ...]
    offset: int
    length: int


def read_shape(path: Path) -> Shape:
    """The model's measures in ``path``. Raises OSError, and ValueError when it is no configuration of a BERT."""
    config = json.loads(path.read_text("utf-8"))
    if not isinstance(config, dict) or config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        raise ValueError("it does not describe a BERT with gelu")
    try:
        sizes = {field: int(config[name]) for field, name in _SIZES.items()}
        epsilon = float(config.get("layer_norm_eps", 1e-12))
    except (KeyError, TypeError) as error:
        raise ValueError(f"it does not say what {error} is") from error
    if min(sizes.values()) < 1 or sizes["width"] % sizes["heads"]:
        raise ValueError("its sizes do not fit together")
    return Shape(**sizes, epsilon=epsilon)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The float32 tensors of a safetensors file: eight bytes with the size of the header, the header as JSON, the data.

    Raises OSError, and ValueError where the file is not whole.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
        if start > min(size, _LARGEST_HEADER):
            raise ValueError("its header is not whole")
        header = json.loads(file.read(start - 8))
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        first, end = entry["data_offsets"]
        if not 0 <= first <= end <= size - start:
            raise ValueError(f"{name} is cut off")
        tensors[name] = Tensor(tuple(entry["shape"]), start + first, end - first)
    return tensors


def encoder(shape: Shape, tensors: dict[str, Tensor], file: str) -> bytes:
    """An ONNX model that makes ``ids`` (int32, texts by tokens) into ``vectors`` (float32, texts by ``shape.width``).

    ``tensors``: what is in ``file``, by the names of Hugging Face's BERT. Raises KeyError for one that is missing.
    Transposing and joining weights is written as operators on constants: onnxruntime does it once, when it loads.
    """
    graph = Graph()

    def weights(name: str) -> str:
        tensor = tensors[name]
        return graph.weights(name, tensor.shape, file, tensor.offset, tensor.length)

    def transposed(name: str) -> str:
        return graph.add("Transpose", weights(name))

    def added(value: str, to: str, name: str) -> str:
        """``value`` with its bias plus ``to``, normalised."""
        norm = weights(f"{name}.LayerNorm.weight"), weights(f"{name}.LayerNorm.bias")
        bias = weights(f"{name}.dense.bias")
        return graph.add("SkipLayerNormalization", value, to, *norm, bias, domain=MICROSOFT, epsilon=shape.epsilon)

    def multiplied(value: str, name: str) -> str:
        return graph.add("MatMul", value, transposed(f"{name}.dense.weight"))

    ids = graph.input("ids", INT32, ["texts", "tokens"])
    first, last_axis, middle_axis = (
        graph.integers("first", 0), graph.integers("last", -1), graph.integers("middle", 1)
    )  # fmt: skip
    # Every token is of the first type, so its vector can be a part of the positions'.
    kind = graph.add("Gather", weights("embeddings.token_type_embeddings.weight"), first)
    positions = graph.add("Add", weights("embeddings.position_embeddings.weight"), kind)
    value = graph.add(
        "EmbedLayerNormalization", ids, "", weights("embeddings.word_embeddings.weight"), positions, "",
        weights("embeddings.LayerNorm.weight"), weights("embeddings.LayerNorm.bias"),
        domain=MICROSOFT, more_outputs=1, epsilon=shape.epsilon,
    )  # fmt: skip
    for number in range(shape.layers):
        layer = f"encoder.layer.{number}"
        parts = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
        joined = graph.add("Concat", *(transposed(f"{part}.weight") for part in parts), axis=1)
        biases = graph.add("Concat", *(weights(f"{part}.bias") for part in parts), axis=0)
        seen = graph.add("Attention", value, joined, biases, domain=MICROSOFT, num_heads=shape.heads)
        value = added(multiplied(seen, f"{layer}.attention.output"), value, f"{layer}.attention.output")
        inner = multiplied(value, f"{layer}.intermediate")
        inner = graph.add("BiasGelu", inner, weights(f"{layer}.intermediate.dense.bias"), domain=MICROSOFT)
        value = added(multiplied(inner, f"{layer}.output"), value, f"{layer}.output")
    mean = graph.add("ReduceMean", value, middle_axis, keepdims=0)
    length = graph.add("ReduceL2", mean, last_axis)
    graph.output(graph.add("Div", mean, length), ["texts", "width"])
    return graph.model()
