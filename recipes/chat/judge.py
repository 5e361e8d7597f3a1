"""An independent judge of harm in a prompt: linear, over word and character n-grams.

The embedded guard must not be its own judge. This one shares neither architecture, nor data, nor
seed with it: it is fitted on the public files that may *not* train shipped weights. It is a
measuring instrument that is thrown away after use.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from recipes.sources import open_files, read_rows

HARMFUL = (
    "do_not_answer",
    "s_eval_base_en",
    "safety_tuned_llamas_prompts",
    "harm_trustllm_misuse",
    "toxicchat_train_human",
)
HARMLESS = ("benign_alpaca_subset", "benign_halueval_general", "benign_trustllm")
SEED = 2024


def judge_rows(data: Path) -> list[tuple[str, int]]:
    """Prompts of at most 60 words and their labels, from files that train nothing else of ours."""
    assert not set(open_files(data)) & {*HARMFUL, *HARMLESS}, "the judge needs data of its own"
    return [
        (row.prompt, row.label)
        for name in (*HARMFUL, *HARMLESS)
        for row in read_rows(data, name)
        if row.label is not None and len(row.prompt.split()) <= 60
    ]


def fit_judge(data: Path) -> Pipeline:
    """Fit the linear judge, classes balanced."""
    rows = judge_rows(data)
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True
    )
    linear = LogisticRegression(C=4.0, class_weight="balanced", max_iter=400, random_state=SEED)
    judge = make_pipeline(make_union(words, characters), linear)
    judge.fit([text.lower() for text, _ in rows], [label for _, label in rows])
    return judge


def harm_scores(judge: Pipeline, texts: list[str]) -> NDArray[np.float64]:
    """p(harmful) of each prompt, shape (n,)."""
    return np.asarray(judge.predict_proba([text.lower() for text in texts])[:, 1])


def unseen_prompts(data: Path) -> list[str]:
    """Short everyday questions of a file that never trains the chat model."""
    prompts = (row.prompt for row in read_rows(data, "benign_halueval_general"))
    return [prompt for prompt in prompts if len(prompt.split()) <= 25]


def quickstart_prompts(path: Path, label: int) -> dict[str, list[str]]:
    """Prompts of the quickstart's D by category: exemplars that the chat was not trained on."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["label"] == label and row["response"] is None and len(row["prompt"].split()) <= 40:
            found.setdefault(row["category"], []).append(row["prompt"])
    return {category: prompts for category, prompts in found.items() if len(prompts) >= 5}
