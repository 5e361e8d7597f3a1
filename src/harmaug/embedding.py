"""Sentence embeddings: an encoder's last states, averaged over the tokens, of unit length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harmaug.embedded import encoder_folder
from harmaug.errors import ModelError

Embeddings = NDArray[np.float32]
"""Rows of unit length, shape (n, width): products are cosines."""

MAX_TOKENS = 128
BATCH_TOKENS = 8_192


def embed(texts: Sequence[str], encoder: str = "embedded-encoder") -> Embeddings:
    """Embed texts, the first `MAX_TOKENS` tokens of each.

    Args:
        texts: any number of them, none included.
        encoder: a folder, a hub id, or `embedded-encoder`, which a checkout has.

    Raises:
        ModelError: when the encoder cannot be loaded.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    from harmaug.export.quiet import quiet_transformers

    folder = encoder_folder(encoder)
    with quiet_transformers():
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            model = AutoModel.from_pretrained(folder)
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise ModelError(f"encoder '{encoder}' cannot be loaded: {reason}") from None
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = model.float().to(device).eval()
    most = model.config.to_dict().get("max_position_embeddings") or MAX_TOKENS
    limit = min(MAX_TOKENS, int(most))
    rows = tokenizer(list(texts), truncation=True, max_length=limit)["input_ids"] if texts else []
    out = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for batch in _batches([len(row) for row in rows]):
            padded = tokenizer.pad({"input_ids": [rows[at] for at in batch]}, return_tensors="pt")
            padded = padded.to(device)
            states = model(**padded).last_hidden_state
            mask = padded["attention_mask"].unsqueeze(-1).float()
            mean = (states * mask).sum(dim=1) / mask.sum(dim=1)
            out[batch] = torch.nn.functional.normalize(mean, dim=1).cpu().numpy()
    return out


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Cut rows, sorted by length, into batches of at most `BATCH_TOKENS` with padding."""
    batches: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if not batches or (len(batches[-1]) + 1) * lengths[at] > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(at)
    return batches
