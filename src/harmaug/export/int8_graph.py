"""The nodes and constants of an int8 ONNX graph, as a graph written by hand adds them.

Dense layers run in int8: weights symmetric by column, activations quantised as they come, their
channels smoothed (`harmaug.export.smooth`). Layers that read one value share its quantisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from harmaug.export.smooth import channel_scale

Array = NDArray[np.float32]
Constant = NDArray[np.float32] | NDArray[np.int64] | NDArray[np.int8]
CONTRIB = "com.microsoft"
"""The domain of onnxruntime's own operators."""
OUTLIERS = 16
"""How many channels behind a GELU stay float32: with 8 the guard lost .006 AUPRC on one of its
development sets, with 16 .0036; 32 were no better."""


@dataclass
class Int8Graph:
    """Nodes and constants as they are added; each method returns the name of what it adds."""

    weights: Mapping[str, Array]
    peaks: Mapping[str, Array]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, domain: str = "", **attributes: float) -> str:
        """An operator with one output."""
        name = f"{kind}_{len(self.nodes)}"
        node = helper.make_node(kind, inputs, [name], name=name, domain=domain)
        node.attribute.extend(
            helper.make_attribute(key, value) for key, value in attributes.items()
        )
        self.nodes.append(node)
        return name

    def constant(self, name: str, array: Constant) -> str:
        """An initializer, in C order."""
        self.constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def norm(self, value: str, place: str, epsilon: float) -> str:
        """A layer norm over the last axis."""
        parts = [
            self.constant(f"{place}.{part}", self.weights[f"{place}.{part}"])
            for part in ("weight", "bias")
        ]
        return self.add("LayerNormalization", value, *parts, axis=-1, epsilon=epsilon)

    def dense(self, value: str, place: str) -> str:
        """A dense layer in float32, of a value of shape (n, inputs)."""
        weight = self.constant(f"{place}.weight", self.weights[f"{place}.weight"].T)
        bias = self.constant(f"{place}.bias", self.weights[f"{place}.bias"])
        return self.add("Gemm", value, weight, bias)

    def products(self, value: str, *places: str) -> list[str]:
        """Dense layers that read one value, in int8: weights symmetric by column."""
        weights = [self.weights[f"{place}.weight"] for place in places]
        scale = channel_scale(self.peaks[places[0]], weights)
        smooth = self.add("Mul", value, self.constant(f"{places[0]}.smooth", np.reciprocal(scale)))
        smoothed = [weight * scale for weight in weights]
        if len(places) == 1:
            return [self._product(smooth, places[0], smoothed[0])]
        quantised = self._quantised(smooth)
        return [
            self._product_of(quantised, place, weight)
            for place, weight in zip(places, smoothed, strict=True)
        ]

    def outlying(self, value: str, place: str) -> str:
        """A dense layer in int8 save for its largest channels, which stay float32.

        The few that smoothing leaves large would cost all others their precision (Dettmers et al.,
        "LLM.int8()", NeurIPS 2022).
        """
        weight, peak = self.weights[f"{place}.weight"], self.peaks[place]
        scale = channel_scale(peak, [weight])
        outliers = np.argsort(peak)[-OUTLIERS:]
        ordinary = np.ones_like(peak)
        ordinary[outliers] = 0
        smooth = self.constant(f"{place}.smooth", ordinary / scale)
        most = self._product(self.add("Mul", value, smooth), place, weight * scale * ordinary)
        large = self.add("Gather", value, self.constant(f"{place}.outliers", outliers), axis=2)
        exact = self.constant(f"{place}.exact", weight.T[outliers])
        return self.add("Add", most, self.add("MatMul", large, exact))

    def _product(self, value: str, place: str, weight: Array) -> str:
        whole, scale, zero, bias = self._steps(place, weight)
        return self.add("DynamicQuantizeMatMul", value, whole, scale, zero, bias, domain=CONTRIB)

    def _quantised(self, value: str) -> tuple[str, str, str]:
        """A value in int8 with its scale and zero point, for more than one product."""
        names = tuple(f"{value}_{part}" for part in ("steps", "scale", "zero"))
        self.nodes.append(helper.make_node("DynamicQuantizeLinear", [value], names, name=names[0]))
        return names[0], names[1], names[2]

    def _product_of(self, quantised: tuple[str, str, str], place: str, weight: Array) -> str:
        steps, step, origin = quantised
        whole, scale, zero, bias = self._steps(place, weight)
        inputs = (steps, whole, step, scale, origin, zero, bias)
        return self.add("MatMulIntegerToFloat", *inputs, domain=CONTRIB)

    def _steps(self, place: str, weight: Array) -> tuple[str, str, str, str]:
        """A layer's weights, symmetric by column: steps, scale, zero point and bias."""
        whole, scale = _int8(weight.T, axis=0)
        return (
            self.constant(f"{place}.weight", whole),
            self.constant(f"{place}.scale", scale),
            self.constant(f"{place}.zero", np.zeros(scale.shape, np.int8)),
            self.constant(f"{place}.bias", self.weights[f"{place}.bias"]),
        )

    def table(self, ids: str, place: str) -> str:
        """An embedding table in int8 with one scale for each token."""
        weight, scale = _int8(self.weights[f"{place}.weight"], axis=1)
        rows = self.add("Gather", self.constant(f"{place}.weight", weight), ids)
        scales = self.add("Gather", self.constant(f"{place}.scale", scale[:, None]), ids)
        return self.add("Mul", self.add("Cast", rows, to=TensorProto.FLOAT), scales)


def _int8(weight: Array, axis: int) -> tuple[NDArray[np.int8], Array]:
    """Quantise symmetrically, with the scale of the largest value along `axis`."""
    scale = np.maximum(np.abs(weight).max(axis=axis), 1e-9) / 127
    with np.errstate(invalid="ignore"):  # a scale that is not a number shows in the scores
        whole = np.round(weight / np.expand_dims(scale, axis)).astype(np.int8)
    return whole, scale.astype(np.float32)
