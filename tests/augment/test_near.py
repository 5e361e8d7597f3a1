"""Near-duplicates: what is found, and what remembering costs."""

import random
import tracemalloc

import pytest
from datasketch import MinHash, MinHashLSH

from harmaug.augment.near import PERMUTATIONS, NearIndex
from harmaug.augment.overlap import trigrams

WORDS = [f"word{number}" for number in range(300)]


def texts(count: int) -> list[str]:
    """Sentences of 20 words, every other one an earlier one with some of its words changed."""
    chance = random.Random(3)
    made: list[str] = []
    for number in range(count):
        words = chance.choices(WORDS, k=20)
        if number % 2:
            words = chance.choice(made).split()
            for _ in range(chance.randint(0, 3)):
                words[chance.randrange(20)] = chance.choice(WORDS)
        made.append(" ".join(words))
    return made


def test_it_finds_what_an_index_that_keeps_the_bands_finds() -> None:
    index = NearIndex(0.7)
    whole = MinHashLSH(threshold=0.7, num_perm=PERMUTATIONS)
    found = []
    for number, text in enumerate(texts(300)):
        grams = trigrams(text)
        keys = index.keys(grams)
        sketch = MinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update_batch([" ".join(gram).encode() for gram in grams])
        found.append((index.near(keys), bool(whole.query(sketch))))
        index.remember(keys)
        whole.insert(number, sketch)
    assert all(ours == theirs for ours, theirs in found)
    assert 50 < sum(ours for ours, _ in found) < 150


@pytest.mark.parametrize("threshold", [0.0, 0.98, 0.99, 1.0])
def test_every_threshold_tells_the_same_text_from_another(threshold: float) -> None:
    index = NearIndex(threshold)
    first, *others = [trigrams(text) for text in texts(9)]
    index.remember(index.keys(first))
    assert index.near(index.keys(first))
    far = [text for text in others if not text & first]
    assert far and not any(index.near(index.keys(text)) for text in far)


def test_at_one_a_changed_word_makes_another_text() -> None:
    words = [f"word{number}" for number in range(350)]
    exact, loose = NearIndex(1.0), NearIndex(0.7)
    for index in (exact, loose):
        index.remember(index.keys(trigrams(" ".join(words))))
    changed = trigrams(" ".join([*words[:175], "other", *words[176:]]))
    assert loose.near(loose.keys(changed))
    assert not exact.near(exact.keys(changed))


def test_a_text_takes_a_kilobyte_or_two() -> None:
    index = NearIndex(0.7)
    grams = [trigrams(text) for text in texts(1000)]
    tracemalloc.start()
    for each in grams:
        index.remember(index.keys(each))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 2_000 * len(grams)
