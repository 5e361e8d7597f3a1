"""Loading guards' weights: a whole model, an adapter on the model it was made for, a classifier."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TypedDict, cast

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
from harmaug.llm.local import DTYPES, UNREADABLE
from harmaug.teachers.files import Files

Misfit = tuple[str, Sequence[int], Sequence[int]]
"""A weight's name, its shape in the file, its shape in the model."""


class _Loading(TypedDict):
    missing_keys: Collection[str]
    mismatched_keys: Collection[Misfit]


def load_causal(config: TeacherConfig) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Load a model, on the GPU where there is one, with its tokenizer.

    An adapter (a folder or repository with `adapter_config.json`) is put onto the model that it
    names, whose tokenizer it takes where it has none.

    Raises:
        MissingExtraError: when an adapter needs peft.
        ModelError: when model, adapter or tokenizer cannot be loaded, or weights are missing or do
            not fit.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = DTYPES.get(config.dtype, torch.bfloat16 if device == "cuda" else torch.float32)
    revision = config.revision or "main"
    with _in_one_line(f"the teacher '{config.model}'"):
        base = Files(config.model, config.revision).adapter_base()
        tokenizer: PreTrainedTokenizerBase
        if base is None:
            tokenizer = AutoTokenizer.from_pretrained(config.model, revision=revision)
            model = _model(config.model, revision, dtype)
        else:
            require("adapters", f"the adapter {config.model}", "peft")
            tokenizer = _adapter_tokenizer(config.model, revision, base)
            model = _adapted(_model(base, "main", dtype), config.model, revision)
    torch.nn.Module.to(model, device)
    model.train(False)
    return model, tokenizer


def _model(name: str, revision: str, dtype: torch.dtype) -> PreTrainedModel:
    settings = AutoConfig.from_pretrained(name, revision=revision)
    architecture = (settings.architectures or [""])[0]
    multimodal = architecture.endswith("ForConditionalGeneration")
    kind = AutoModelForImageTextToText if multimodal else AutoModelForCausalLM
    found: object = kind.from_pretrained(
        name,
        revision=revision,
        dtype=dtype,
        output_loading_info=True,
        ignore_mismatched_sizes=True,
    )
    model, loading = cast("tuple[PreTrainedModel, _Loading]", found)
    _refuse_unfit(name, loading["mismatched_keys"])
    _refuse_missing(name, loading["missing_keys"], "its files are not whole; fetch them again")
    return model


def _adapted(model: PreTrainedModel, adapter: str, revision: str) -> PreTrainedModel:
    """Merge an adapter into the weights: the model is then as fast as without it."""
    from peft import PeftModel

    with warnings.catch_warnings():  # where an adapter lacks weights, peft leaves the model alone
        warnings.filterwarnings("error", message=".*missing adapter keys")
        try:
            adapted = PeftModel.from_pretrained(model, adapter, revision=revision)
        except UserWarning:
            raise ModelError(f"{adapter} lacks weights of its own: fetch its files again") from None
    merged: PreTrainedModel = adapted.merge_and_unload()
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
            the head of an encoder that was never trained to classify, or has some that do not fit.
    """
    revision = config.revision or "main"
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with _in_one_line(f"the classifier '{config.model}'"):
        encoder: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            tokenizer, revision=revision if tokenizer == config.model else "main"
        )
        model: PreTrainedModel
        model, loading = kind.from_pretrained(
            config.model,
            revision=revision,
            dtype=DTYPES.get(config.dtype, torch.float32),
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    _refuse_unfit(config.model, loading["mismatched_keys"])
    advice = "it was not trained as a classifier; name a checkpoint that was"
    _refuse_missing(config.model, loading["missing_keys"], advice)
    torch.nn.Module.to(model, device)
    model.train(False)
    return model, encoder


def _refuse_unfit(name: str, mismatched: Collection[Misfit]) -> None:
    if mismatched:
        weight, found, expected = max(mismatched)
        raise ModelError(
            f"{name}: its weights do not fit its config.json ({weight} is {tuple(found)}, not "
            f"{tuple(expected)}); take both from one model"
        )


def _refuse_missing(name: str, missing: Collection[str], advice: str) -> None:
    """Refuse weights that loading would make up at random; tied ones are not among the missing."""
    if missing:
        raise ModelError(f"{name} has no weights for {max(missing)}: {advice}")


@contextmanager
def _in_one_line(what: str) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"cannot load {what}: {reason}") from None
