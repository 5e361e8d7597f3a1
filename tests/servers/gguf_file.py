"""A tiny Llama and its byte-level tokenizer as one GGUF file, as a converter would write it."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file


def write_gguf(folder: Path, path: Path) -> Path:
    """Write a folder of `tests.models.chat_model`, its chat template included, as GGUF."""
    config = json.loads((folder / "config.json").read_text())
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads["q_proj"])
    writer.add_head_count_kv(heads["k_proj"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    _add_tokenizer(writer, folder)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for name, tensor in load_file(folder / "model.safetensors").items():
        count = next((heads[part] for part in heads if part in name), None)
        # llama.cpp rotates neighbours, transformers rotates halves.
        turned = tensor if count is None else _interleaved(tensor, count)
        known = names.get_name(name, try_suffixes=(".weight",))
        assert known is not None, f"llama.cpp has no tensor for {name}"
        writer.add_tensor(known, turned)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _interleaved(tensor: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    rows, columns = tensor.shape
    split = tensor.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(split.swapaxes(1, 2).reshape(rows, columns))


def _add_tokenizer(writer: gguf.GGUFWriter, folder: Path) -> None:
    whole = json.loads((folder / "tokenizer.json").read_text())
    special = {token["id"] for token in whole["added_tokens"]}
    tokens = sorted(whole["model"]["vocab"].items(), key=lambda entry: int(entry[1]))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([token for token, _ in tokens])
    writer.add_token_types(
        [
            gguf.TokenType.CONTROL if number in special else gguf.TokenType.NORMAL
            for _, number in tokens
        ]
    )
    writer.add_token_merges([" ".join(merge) for merge in whole["model"]["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text())
