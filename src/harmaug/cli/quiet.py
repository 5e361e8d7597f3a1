"""Libraries that print bars and notices of their own, made quiet: progress is told here."""

from __future__ import annotations

import logging


def quiet_libraries() -> None:
    """Turn off bars, and notices below an error of transformers, the hub and onnxruntime."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    logging.getLogger().setLevel(logging.ERROR)
