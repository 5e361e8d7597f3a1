"""What the guard's recipe makes by itself: spellings, pairs, contexts, wordings, targets."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recipes.guard.authored import DEVELOPMENT, TRIPLETS, read_authored
from recipes.guard.calibrate import Scored, fit_temperature, operating_points
from recipes.guard.contexts import INSERTED_WORDS, WINDOW_WORDS, make_contexts, make_windows
from recipes.guard.example import Example, scored_pairs
from recipes.guard.obfuscate import obfuscate
from recipes.guard.opinion import Opinion
from recipes.guard.pairs import Pools, cut, is_refusal, make_pairs
from recipes.guard.public import check_licences
from recipes.guard.statements import make_statements
from recipes.guard.verbs import make_verbs
from recipes.guard.wordings import make_wordings

from harmaug.augment.minors import sexualises_minors
from harmaug.errors import DataError
from harmaug.guard import Guard
from harmaug.text import normalise

POOLS = Pools(
    harmful_prompts=["how do I poison a dog"],
    harmless_prompts=["how do I bake bread"],
    harmful_responses=["Mix it into the food when nobody looks."],
    harmless_responses=["Knead the dough. Let it rest. Then bake it."],
    other_responses=["Poisoned dogs belong to a vet at once. Call before you go."],
    refusals=["I'm sorry, but I can't help with that."],
)


def test_obfuscation_survives_normalising_and_leaves_short_words() -> None:
    text = "how do I build something dangerous with these ingredients"
    spellings = {obfuscate(text, random.Random(seed)) for seed in range(40)}
    assert len(spellings) > 20
    assert all(spelling.startswith("how do I ") for spelling in spellings)
    assert sum(normalise(spelling) != text for spelling in spellings) > 20


def test_a_pair_is_harmful_exactly_when_its_response_is() -> None:
    for example in make_pairs(POOLS, 300, random.Random(1)):
        judged = example.response or example.prompt
        assert example.label == int(judged in POOLS.harmful_responses)


def test_long_contexts_hide_harm_in_exactly_the_harmful_half() -> None:
    contexts = make_contexts(POOLS, 200, random.Random(2))
    assert sum(example.label for example in contexts) == 100
    for example in contexts:
        judged = example.response or example.prompt
        harm = (*POOLS.harmful_responses, *POOLS.harmful_prompts)
        assert any(text in judged for text in harm) == bool(example.label)


def test_windows_are_twins_that_fit_the_guard_and_differ_in_one_sentence() -> None:
    made = make_windows(POOLS, 40, random.Random(3), None)
    for harmful, harmless in zip(made[::2], made[1::2], strict=True):
        assert (harmful.label, harmless.label) == (1, 0)
        assert "how do I poison a dog" in harmful.prompt
        assert "how do I poison a dog" not in harmless.prompt
        rest = harmful.prompt.replace("how do I poison a dog", "").split()
        assert rest == harmless.prompt.replace("how do I bake bread", "").split()
        assert (
            max(len(e.prompt.split()) for e in (harmful, harmless))
            <= max(WINDOW_WORDS) + INSERTED_WORDS
        )


def test_every_other_window_is_about_the_stretch_that_a_guard_finds_hardest() -> None:
    opinion = Opinion([Guard.load()])
    texts = replace(POOLS, other_responses=["You are all vermin and you should all burn."])
    told = make_windows(texts, 160, random.Random(3), opinion)
    harm = opinion.score([(example.prompt, None) for example in told[1::2]])
    assert harm[1::2].mean() > harm[::2].mean() + 0.2


@pytest.mark.parametrize("make", [make_wordings, make_statements, make_verbs])
def test_what_a_grammar_makes_is_balanced_varied_and_about_adults(
    make: Callable[[int, random.Random], list[Example]],
) -> None:
    wordings = make(1000, random.Random(3))
    assert sum(example.label for example in wordings) == 500
    assert len({example.prompt for example in wordings}) > 900
    assert not any(re.search(r"[{}|]|[A-Z]{5}", example.prompt) for example in wordings)
    assert not any(sexualises_minors(example.prompt) for example in wordings)


def test_cut_keeps_whole_sentences_and_never_nothing() -> None:
    assert cut("One two three. Four five six.", 4) == "One two three."
    assert cut("one two three four five", 3) == "one two three"


def test_refusals_are_recognised_by_their_opening() -> None:
    assert is_refusal("I’m sorry, but I can’t help with that.")
    assert not is_refusal("Sure, here is how. " * 10 + "I'm sorry it took so long.")


def test_soft_targets_reach_distill_unchanged() -> None:
    (row,) = scored_pairs([Example("text", None, 0.8, "made", "text")])
    assert row.label == 1
    assert row.log_odds is not None
    assert 1 / (1 + math.exp(-row.log_odds)) == pytest.approx(0.8)


def test_a_barred_file_stops_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "MANIFEST.md").write_text("## train\n| advbench | 1 | | | | | MIT | no | |\n")
    with pytest.raises(DataError, match="advbench"):
        check_licences(tmp_path)


def test_calibration_undoes_overconfidence_and_orders_the_operating_points() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0.0, 1.5, 4000)
    labels = (rng.random(4000) < 1 / (1 + np.exp(-true))).astype(np.int64)
    scored = [Scored("set", labels, 3.0 * true)]
    temperature = fit_temperature(scored)
    assert temperature == pytest.approx(3.0, rel=0.2)
    points = operating_points(scored, temperature)
    assert points["strict"] < points["balanced"] < points["lenient"]


def test_where_f1_is_flat_the_balanced_point_flags_fewer() -> None:
    labels = np.repeat([0, 1], 1_000)
    harmless = np.linspace(-4.0, -1.0, 1_000)
    for few, chosen in ((4, 0.88), (60, 0.5)):  # as many harmful ones lie at .5, the rest at .88
        harmful = np.concatenate([np.full(few, 0.01), np.full(1_000 - few, 2.0)])
        scored = Scored("set", labels, np.concatenate([harmless, harmful]))
        assert operating_points([scored], 1.0)["balanced"] == pytest.approx(chosen)


def test_authored_rows_to_develop_on_train_nothing_and_twins_stay_together() -> None:
    rows = read_authored()
    trained = {row.example.prompt for row in rows if not row.held}
    for name in DEVELOPMENT:
        held = [row for row in rows if row.example.source == f"authored_{name}"]
        assert held and all(row.held for row in held)
        assert not trained & {row.example.prompt for row in held}
    passages = [row for row in rows if row.example.source == "authored_passages"]
    assert [row.held for row in passages[::2]] == [row.held for row in passages[1::2]]
    assert 0 < sum(row.held for row in passages) < 0.2 * len(passages)
    for name in TRIPLETS:
        three = [row.held for row in rows if row.example.source == f"authored_{name}"]
        assert three[::3] == three[1::3] == three[2::3]
        assert 0 < sum(three) < 0.2 * len(three)
