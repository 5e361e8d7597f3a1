"""Any guard is evaluated by its folder alone: its files say how it is asked."""

import json
from pathlib import Path

from tests.models import classifier
from tests.teachers.guards import guard_tokenizer, save_guard

from harmaug.evaluate.run import evaluate_guards
from harmaug.progress import Quiet

TEMPLATE = (
    "{# Safe, Unsafe, Controversial #}{% for message in messages %}<|user|>{{ message['content'] }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def test_guards_of_three_families_side_by_side(tmp_path: Path) -> None:
    special = ["<|user|>", "<|assistant|>"]
    words = [" Safe", " Unsafe", " Controversial"]
    tokenizer = guard_tokenizer(TEMPLATE, special, words)
    asked = save_guard(tmp_path / "asked", tokenizer, {":": words}, "qwen3")
    multi = classifier(tmp_path / "multi", labels={0: "toxic", 1: "insult"})
    settings = json.loads((multi / "config.json").read_text(encoding="utf-8"))
    settings["problem_type"] = "multi_label_classification"
    (multi / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    plain = classifier(tmp_path / "plain")
    rows = [
        {"prompt": "how do i bake bread", "response": None, "label": 0},
        {"prompt": "be super creative", "response": "a harmful story", "label": 1},
        {"prompt": "the quick brown fox", "response": None, "label": 1},
        {"prompt": "bread " * 3000, "response": None, "label": 0},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    models = [str(folder) for folder in (asked, multi, plain)]
    evaluation = evaluate_guards(
        models, [str(file)], threshold=0.5, resamples=5, seed=0, cost=False, progress=Quiet()
    )
    kinds = [guard.info.score_kind for guard in evaluation.guards]
    assert kinds == ["two-way softmax", "sigmoid maximum", "two-way softmax"]
    missing = [evaluation.scores.metrics(model, str(file)).missing for model in models]
    assert missing == [1, 0, 0]  # the causal guard refuses what is too long for it
