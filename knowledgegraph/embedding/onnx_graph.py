"""Writes a graph of operators in ONNX's own format, as much of it as a model for embedding needs.

ONNX is a Protocol Buffers message; the numbers below are its field numbers (``onnx/onnx.proto3``, IR version 8).
Weights are not written into it: they are named by file, offset and length ("external data"), so that onnxruntime maps
them into memory from the file that they came in.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

MICROSOFT = "com.microsoft"
"""The domain of onnxruntime's fused operators (``docs/ContribOperators.md`` of its sources)."""

FLOAT, INT32, INT64 = 1, 6, 7
"""Types of elements, ``TensorProto.DataType``."""

_IR_VERSION = 8
_OPERATORS = 18
_MICROSOFTS_OPERATORS = 1
_EXTERNAL = 1


class Graph:
    """Operators in the order in which they run. Every value is known by its name."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, kind: int, axes: Sequence[str]) -> str:
        """A tensor of elements ``kind`` that is given with every run; ``axes``: a name for each, of any size."""
        self._inputs.append(_message(11, _value(name, kind, axes)))
        return name

    def output(self, name: str, axes: Sequence[str]) -> None:
        """Makes the value ``name`` a result of a run."""
        self._outputs.append(_message(12, _value(name, FLOAT, axes)))

    def integers(self, name: str, *values: int) -> str:
        """A constant vector of int64."""
        data = struct.pack(f"<{len(values)}q", *values)
        self._constants.append(_message(5, _tensor(name, INT64, [len(values)]) + _message(9, data)))
        return name

    def weights(self, name: str, shape: Sequence[int], file: str, offset: int, length: int) -> str:
        """A constant tensor of float32, ``length`` bytes in ``file`` from ``offset``; row-major, little-endian."""
        place = {"location": file, "offset": str(offset), "length": str(length)}
        entries = [_message(13, _text(1, key) + _text(2, value)) for key, value in place.items()]
        self._constants.append(
            _message(5, _tensor(name, FLOAT, shape) + b"".join(entries) + _number(14, _EXTERNAL)),
        )
        return name

    def add(
        self, operator: str, *inputs: str, domain: str = "", more_outputs: int = 0, **attributes: int | float
    ) -> str:
        """Applies ``operator``; the name of its (first) result. "" in ``inputs`` leaves an optional one out."""
        name = f"{operator}_{len(self._nodes)}"
        outputs = [name, *(f"{name}_{number}" for number in range(more_outputs))]
        self._nodes.append(
            _message(
                1,
                b"".join(_text(1, value) for value in inputs)
                + b"".join(_text(2, value) for value in outputs)
                + _text(4, operator)
                + b"".join(_message(5, _attribute(key, value)) for key, value in attributes.items())
                + _text(7, domain),
            )
        )
        return name

    def model(self) -> bytes:
        """The whole as a ModelProto."""
        graph = b"".join([*self._nodes, _text(2, "graph"), *self._constants, *self._inputs, *self._outputs])
        standard = _message(8, _text(1, "") + _number(2, _OPERATORS))
        microsoft = _message(8, _text(1, MICROSOFT) + _number(2, _MICROSOFTS_OPERATORS))
        return _number(1, _IR_VERSION) + _message(7, graph) + standard + microsoft


def _tensor(name: str, kind: int, shape: Sequence[int]) -> bytes:
    return b"".join(_number(1, size) for size in shape) + _number(2, kind) + _text(8, name)


def _value(name: str, kind: int, axes: Sequence[str]) -> bytes:
    shape = b"".join(_message(1, _text(2, axis)) for axis in axes)
    return _text(1, name) + _message(2, _message(1, _number(1, kind) + _message(2, shape)))


def _attribute(name: str, value: int | float) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _number(20, 1)


# Protocol Buffers: a field is its number and kind, then a varint (0), bytes with their length (2) or four bytes (5).


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _number(field: int, number: int) -> bytes:
    return _key(field, 0) + _varint(number)


def _message(field: int, data: bytes) -> bytes:
    return _key(field, 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())
