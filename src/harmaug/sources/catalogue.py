"""Data sets by name: where each is on the hub, and what its local copies are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harmaug.rows import LabelOf

Record = Mapping[str, object]


@dataclass(frozen=True)
class HubDataset:
    """A data set on the hub. `rows` maps one of its records to prompt, response, label, what for.

    `local` names the file of `HARMAUG_DATA` that stands for it. A `rows` that returns None drops
    the record.
    """

    path: str
    config: str | None
    split: str
    local: str
    rows: Callable[[Record], tuple[str, str | None, int | None, LabelOf] | None]


def _harmful(value: object) -> int | None:
    return {"harmful": 1, "unharmful": 0}.get(str(value))


def _wildguard(record: Record) -> tuple[str, str | None, int | None, LabelOf] | None:
    """Judge by the response's label where there is a response, else by the prompt's (DESIGN)."""
    response = record.get("response")
    if response:
        label = _harmful(record.get("response_harm_label"))
        return str(record["prompt"]), str(response), label, "response"
    return str(record["prompt"]), None, _harmful(record.get("prompt_harm_label")), "prompt"


def _toxicchat(record: Record) -> tuple[str, str | None, int | None, LabelOf]:
    return str(record["user_input"]), None, int(str(record["toxicity"])), "prompt"


MODERATION_CATEGORIES = ("S", "H", "V", "HR", "SH", "S3", "H2", "V2")


def _openai(record: Record) -> tuple[str, str | None, int | None, LabelOf]:
    flagged = any(record.get(category) == 1 for category in MODERATION_CATEGORIES)
    return str(record["prompt"]), None, int(flagged), "prompt"


def _beavertails(record: Record) -> tuple[str, str | None, int | None, LabelOf]:
    return str(record["prompt"]), str(record["response"]), int(not record["is_safe"]), "response"


def _xstest(record: Record) -> tuple[str, str | None, int | None, LabelOf]:
    return str(record["prompt"]), None, int(record["label"] == "unsafe"), "prompt"


DATASETS: Mapping[str, HubDataset] = {
    "wildguardmix": HubDataset(
        "allenai/wildguardmix", "wildguardtrain", "train", "wildguardmix", _wildguard
    ),
    "wildguardtest": HubDataset(
        "allenai/wildguardmix", "wildguardtest", "test", "wildguardtest", _wildguard
    ),
    "toxicchat": HubDataset(
        "lmsys/toxic-chat", "toxicchat0124", "test", "toxicchat_test_human", _toxicchat
    ),
    "toxicchat_train": HubDataset(
        "lmsys/toxic-chat", "toxicchat0124", "train", "toxicchat_train_human", _toxicchat
    ),
    "openai_moderation": HubDataset(
        "mmathys/openai-moderation-api-evaluation", None, "train", "openai_moderation", _openai
    ),
    "beavertails": HubDataset(
        "PKU-Alignment/BeaverTails", None, "30k_test", "beavertails_30k_test", _beavertails
    ),
    "xstest": HubDataset("Paul/XSTest", None, "train", "xstest", _xstest),
}
"""HarmBench's labelled responses are not on the hub as one data set: its name resolves to a
local copy only."""
