"""Loading guards' weights: a whole model, an adapter on the model it was made for, a classifier."""

from __future__ import annotations

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from harmaug.config import TeacherConfig
from harmaug.errors import ModelError, require
from harmaug.llm.local import DTYPES
from harmaug.teachers.files import Files


def load_causal(config: TeacherConfig) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model, on the GPU where there is one, with its tokenizer.

    An adapter (a folder or repository with `adapter_config.json`) is put onto the model that it
    names, whose tokenizer it takes where it has none.

    Raises:
        MissingExtraError: when an adapter needs peft.
        ModelError: when model, adapter or tokenizer cannot be loaded.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = DTYPES.get(config.dtype, torch.bfloat16 if device == "cuda" else torch.float32)
    revision = config.revision or "main"
    try:
        base = Files(config.model, config.revision).adapter_base()
        tokenizer: PreTrainedTokenizerBase
        if base is None:
            tokenizer = AutoTokenizer.from_pretrained(config.model, revision=revision)
            model = _model(config.model, revision, dtype)
        else:
            require("adapters", f"the adapter {config.model}", "peft")
            tokenizer = _adapter_tokenizer(config.model, revision, base)
            model = _adapted(_model(base, "main", dtype), config.model, revision)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"cannot load the teacher '{config.model}': {reason}") from None
    torch.nn.Module.to(model, device)
    model.train(False)
    return model, tokenizer


def _model(name: str, revision: str, dtype: torch.dtype) -> PreTrainedModel:
    settings = AutoConfig.from_pretrained(name, revision=revision)
    architecture = (settings.architectures or [""])[0]
    multimodal = architecture.endswith("ForConditionalGeneration")
    kind = AutoModelForImageTextToText if multimodal else AutoModelForCausalLM
    model: PreTrainedModel = kind.from_pretrained(name, revision=revision, dtype=dtype)
    return model


def _adapted(model: PreTrainedModel, adapter: str, revision: str) -> PreTrainedModel:
    """Merge an adapter into the weights: the model is then as fast as without it."""
    from peft import PeftModel

    merged: PreTrainedModel = PeftModel.from_pretrained(
        model, adapter, revision=revision
    ).merge_and_unload()
    return merged


def _adapter_tokenizer(adapter: str, revision: str, base: str) -> PreTrainedTokenizerBase:
    try:
        own: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(adapter, revision=revision)
    except (OSError, ValueError, KeyError):  # many adapters come without one
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(base)
        return found
    return own


def load_classifier(
    config: TeacherConfig,
    tokenizer: str,
    kind: type[AutoModelForSequenceClassification | AutoModelForSeq2SeqLM] = (
        AutoModelForSequenceClassification
    ),
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a classifier, on the GPU where there is one, and the tokenizer it was trained with.

    Raises:
        ModelError: when one of them cannot be loaded, or the checkpoint lacks weights, such as
            the head of an encoder that was never trained to classify.
    """
    revision = config.revision or "main"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        encoder: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            tokenizer, revision=revision if tokenizer == config.model else "main"
        )
        model: PreTrainedModel
        model, loading = kind.from_pretrained(
            config.model,
            revision=revision,
            dtype=DTYPES.get(config.dtype, torch.float32),
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"cannot load the classifier '{config.model}': {reason}") from None
    missing = sorted(loading["missing_keys"])
    if missing:
        raise ModelError(
            f"{config.model} has no weights for {missing[-1]}: it was not trained as a classifier; "
            "name a checkpoint that was"
        )
    torch.nn.Module.to(model, device)
    model.train(False)
    return model, encoder
