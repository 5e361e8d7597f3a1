"""Models as far as a plan needs them: their arithmetic and how they read text, no weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict
from transformers import AutoConfig, PretrainedConfig

from harmaug.errors import ModelError
from harmaug.evaluate.flops import Arithmetic, Head, count
from harmaug.plan.reading import Reading, reading_of


class Known(BaseModel):
    """An architecture known by its hub id; `template` is in tokens around one user turn."""

    head: Head
    config: Mapping[str, object]
    template: int = 0

    model_config = ConfigDict(extra="forbid", frozen=True)

    def shape(self) -> PretrainedConfig:
        """Return it as `transformers` configures it."""
        settings = dict(self.config)
        found: PretrainedConfig = AutoConfig.for_model(str(settings.pop("model_type")), **settings)
        return found


@dataclass(frozen=True)
class Model:
    """A model's shape. `cache_values` is what its KV cache holds per token; 0 for a classifier.

    `limit` is the most tokens it reads, None where only distance counts.
    """

    reference: str
    head: Head
    arithmetic: Arithmetic
    layers: int
    hidden: int
    heads: int
    cache_values: int
    limit: int | None
    reading: Reading

    def score_flops(self, lengths: Sequence[float], batch: int) -> float:
        """Return the FLOPs of one forward pass over each row, what a batch shares paid once."""
        shared = self.arithmetic.shared * (1 - 1 / max(batch, 1))
        return sum(self.arithmetic.flops(length) - shared for length in lengths)

    def write_flops(self, prompt: float, written: float) -> float:
        """Return the FLOPs of reading `prompt` tokens and writing `written` with a KV cache.

        The last token written is not read again. A token at position k costs b + a k, and c for
        the head, which is what a row of n tokens costs more than one of n - 1, the scores of
        positions that a cache does not compute again left out.
        """
        a, b, c = self.arithmetic.coefficients
        steps = max(written - 1, 0.0)
        attended = steps * (prompt + (steps + 1) / 2)
        return self.arithmetic.flops(prompt) + a * attended + (b + c) * steps


@cache
def find_model(reference: str, head: Head, setting: str, layers: int | None = None) -> Model:
    """Find a model's configuration in a folder, in the table of known ids or in the hub's cache.

    The network is not used. With `layers` it is the model cut to so many.

    Raises:
        ModelError: naming the setting, and what to do where no configuration can be had.
    """
    folder = Path(reference)
    if (folder / "config.json").is_file():
        config = _from_folder(folder, setting)
        return _shaped(reference, config, head, reading_of(reference, 0), layers)
    if (known := known_models().get(reference)) is not None:
        template = reading_of(reference, known.template)
        return _shaped(reference, known.shape(), head, template, layers)
    try:
        cached: PretrainedConfig = AutoConfig.from_pretrained(reference, local_files_only=True)
    except (OSError, ValueError, KeyError):
        raise ModelError(
            f"{setting}: the configuration of '{reference}' is not known here; put its config.json "
            f"(and tokenizer files) into a folder and plan with --set {setting}=FOLDER"
        ) from None
    return _shaped(reference, cached, head, reading_of(reference, 0), layers)


@cache
def known_models() -> Mapping[str, Known]:
    """Return the architectures that are known without network, by hub id."""
    text = (files("harmaug") / "assets" / "plan" / "architectures.yaml").read_text("utf-8")
    return {str(name): Known.model_validate(entry) for name, entry in yaml.safe_load(text).items()}


def _from_folder(folder: Path, setting: str) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(folder)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"{setting}: {folder}/config.json cannot be read ({reason})") from None
    return config


def _shaped(
    reference: str, config: PretrainedConfig, head: Head, reading: Reading, layers: int | None
) -> Model:
    if layers is not None:
        config.num_hidden_layers = layers
    text = config.get_text_config()
    settings = {str(key): value for key, value in text.to_dict().items()}
    layers, hidden = _number(settings, "num_hidden_layers"), _number(settings, "hidden_size")
    heads = _number(settings, "num_attention_heads")
    width = _number(settings, "head_dim", hidden // max(heads, 1))
    cached = 2 * layers * _number(settings, "num_key_value_heads", heads) * width
    relative = bool(settings.get("relative_attention"))
    try:
        arithmetic = count(config, head)
    except (RuntimeError, NotImplementedError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"{reference} cannot be counted without weights ({reason})") from None
    return Model(
        reference=reference,
        head=head,
        arithmetic=arithmetic,
        layers=layers,
        hidden=hidden,
        heads=heads,
        cache_values=cached if head == "causal" else 0,
        limit=None if relative else _number(settings, "max_position_embeddings", 0) or None,
        reading=reading,
    )


def _number(settings: Mapping[str, object], key: str, default: int = 0) -> int:
    value = settings.get(key)
    return value if isinstance(value, int) else default
