"""A BERT classifier as the ONNX graph that onnxruntime runs fastest on a CPU, in int8.

A traced graph keeps what a trace leaves: masks that are added to every attention score, scattered
transposes, quantisation once for each product. This one is written by hand from the weights: dense
layers in int8 (`harmaug.export.int8_graph`), `MultiHeadAttention` (which blocks for the cache) and
a plain `Add` before each layer norm (the fused one is ten times slower). Rows run one by one, so
there is no padding and no mask. On a 6-layer encoder of width 384 it runs 32 tokens 25% faster and
512 tokens 40% faster than the traced graph after `quantize_dynamic`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from transformers import AutoConfig

from harmaug.errors import ModelError
from harmaug.export.int8_graph import CONTRIB, Int8Graph
from harmaug.export.onnx import load_classifier
from harmaug.export.smooth import channel_peaks


@dataclass(frozen=True)
class BertShape:
    """What the graph needs of a BERT's `config.json`."""

    layers: int
    heads: int
    epsilon: float
    labels: int
    types: int

    @property
    def inputs(self) -> list[str]:
        """What the graph reads: token types only where there are two to tell apart."""
        return ["input_ids", "token_type_ids"] if self.types > 1 else ["input_ids"]

    @classmethod
    def of(cls, folder: Path) -> BertShape | None:
        """Read a checkpoint's shape; None where it is no plain BERT classifier.

        Raises:
            ModelError: when its configuration cannot be read.
        """
        try:
            config = AutoConfig.from_pretrained(folder).to_dict()
        except Exception as error:  # each kind of configuration raises errors of its own
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            raise ModelError(f"{folder}: its config.json cannot be read ({reason})") from None
        plain = (
            config.get("architectures") == ["BertForSequenceClassification"]
            and config.get("hidden_act") == "gelu"
            and config.get("position_embedding_type", "absolute") == "absolute"
            and (folder / "model.safetensors").is_file()
        )
        if not plain:
            return None
        return cls(
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            epsilon=config["layer_norm_eps"],
            labels=len(config["id2label"]),
            types=config["type_vocab_size"],
        )


def write_fused_bert(folder: Path, out: Path, tokenizer: Path | None = None) -> bool:
    """Write a checkpoint's int8 graph; return False, and write nothing, where it is no such BERT.

    Inputs `input_ids` and, where the model has more than one, `token_type_ids`, int64, shape
    (n, tokens), rows of one length without padding; output `logits`, float32, shape (n, labels).
    The file appears when whole.

    Args:
        folder: a Hugging Face checkpoint.
        out: the file to write.
        tokenizer: its `tokenizer.json`; the one in the folder when not given.

    Raises:
        ModelError: when its configuration or weights cannot be read, or are not numbers.
    """
    shape = BertShape.of(folder)
    if shape is None:
        return False
    classifier = load_classifier(folder)
    weights = {name: tensor.numpy() for name, tensor in classifier.state_dict().items()}
    graph = Int8Graph(weights, channel_peaks(classifier, tokenizer or folder / "tokenizer.json"))
    hidden = _embeddings(graph, shape)
    for index in range(shape.layers - 1):
        hidden = _layer(graph, hidden, hidden, index, shape)
    # The pooler reads the first token alone, so that is all that the last layer works out.
    first = graph.add("Gather", hidden, graph.constant("first", np.array([0])), axis=1)
    first = _layer(graph, first, hidden, shape.layers - 1, shape)
    first = graph.add("Squeeze", first, graph.constant("second_axis", np.array([1])))
    pooled = graph.add("Tanh", graph.dense(first, "bert.pooler.dense"))
    graph.nodes.append(
        helper.make_node("Identity", [graph.dense(pooled, "classifier")], ["logits"])
    )
    model = helper.make_model(
        _proto(graph, shape),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(CONTRIB, 1)],
        ir_version=8,
        producer_name="harmaug",
    )
    partial = out.with_suffix(".partial")
    onnx.save(model, str(partial))
    partial.replace(out)
    return True


def _embeddings(graph: Int8Graph, shape: BertShape) -> str:
    place = "bert.embeddings."
    length = graph.add(
        "Slice",
        graph.add("Shape", "input_ids"),
        *(graph.constant(f"slice{at}", np.array([at])) for at in (1, 2)),
    )
    zero = graph.constant("zero", np.array([0]))
    places = graph.weights[place + "position_embeddings.weight"]
    types = graph.weights[place + "token_type_embeddings.weight"]
    summed = graph.table("input_ids", place + "word_embeddings")
    if "token_type_ids" in shape.inputs:
        kinds = graph.add("Gather", graph.constant("types", types), "token_type_ids")
        summed = graph.add("Add", summed, kinds)
    else:
        places = places + types
    positions = graph.constant("positions", places)
    summed = graph.add("Add", summed, graph.add("Slice", positions, zero, length, zero))
    return graph.norm(summed, place + "LayerNorm", shape.epsilon)


def _layer(graph: Int8Graph, hidden: str, seen: str, index: int, shape: BertShape) -> str:
    """Add the layer's work on the tokens `hidden`, which look at the tokens `seen`."""
    place = f"bert.encoder.layer.{index}."
    places = [f"{place}attention.self.{part}" for part in ("query", "key", "value")]
    if hidden == seen:
        query, key, value = graph.products(seen, *places)
    else:
        (query,) = graph.products(hidden, places[0])
        key, value = graph.products(seen, *places[1:])
    found = graph.add(
        "MultiHeadAttention", query, key, value, domain=CONTRIB, num_heads=shape.heads
    )
    (found,) = graph.products(found, place + "attention.output.dense")
    hidden = graph.norm(
        graph.add("Add", hidden, found), place + "attention.output.LayerNorm", shape.epsilon
    )
    (wide,) = graph.products(hidden, place + "intermediate.dense")
    deep = graph.outlying(graph.add("Gelu", wide, domain=CONTRIB), place + "output.dense")
    return graph.norm(graph.add("Add", hidden, deep), place + "output.LayerNorm", shape.epsilon)


def _proto(graph: Int8Graph, shape: BertShape) -> onnx.GraphProto:
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["rows", "tokens"])
        for name in shape.inputs
    ]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", shape.labels])
    return helper.make_graph(graph.nodes, "guard", inputs, [output], graph.constants)
