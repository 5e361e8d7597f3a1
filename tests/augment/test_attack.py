import pytest

from harmaug.augment.attack import INJECTION, attack_request
from harmaug.augment.exemplars import ExemplarSampler, harmful_prompts, row_seed
from harmaug.config import GenerateConfig
from harmaug.errors import DataError
from harmaug.rows import InstructionTask, LabelledRow

TASK = InstructionTask("gen:0", 0, 7, ("a", "b"), ("first\nexample", "second example"))
POOL = [
    LabelledRow(f"r{n}", f"prompt {n}", None, 1, "ab"[n % 2], "test", "prompt") for n in range(10)
]


def test_the_prefix_stands_in_the_assistant_turn() -> None:
    request = attack_request(TASK, GenerateConfig())
    (message,) = request.messages
    assert message["role"] == "user"
    assert message["content"].startswith(
        "[Example]\n1. first example\n2. second example\n[/Example]\n"
    )
    assert request.prefill == "I have an idea for a prompt:"
    assert request.seed == 7


def test_the_weaker_attacks_prefill_nothing() -> None:
    none = attack_request(TASK, GenerateConfig(attack="none"))
    injection = attack_request(TASK, GenerateConfig(attack="injection"))
    assert none.prefill is None
    assert injection.prefill is None
    assert injection.messages[0]["content"].endswith(INJECTION)
    assert INJECTION not in none.messages[0]["content"]


def test_a_task_is_the_same_whenever_it_is_asked_for() -> None:
    sampler = ExemplarSampler(POOL, 3, False, seed=1)
    assert sampler.task(5) == sampler.task(5)
    assert sampler.task(5) != ExemplarSampler(POOL, 3, False, seed=2).task(5)
    assert len({sampler.task(n).exemplars for n in range(20)}) > 10


def test_same_category_draws_all_exemplars_from_one() -> None:
    sampler = ExemplarSampler(POOL, 3, True, seed=1)
    categories = [
        {"ab"[int(name[1:]) % 2] for name in sampler.task(n).exemplar_ids} for n in range(9)
    ]
    assert all(len(found) == 1 for found in categories)
    assert len({min(found) for found in categories}) == 2


def test_only_prompts_judged_harmful_are_exemplars() -> None:
    response = LabelledRow("x", "p", "r", 1, None, "test", "response")
    assert harmful_prompts([*POOL, response]) == POOL
    with pytest.raises(DataError, match="exemplars"):
        harmful_prompts([response])


def test_row_seeds_differ_by_place() -> None:
    assert row_seed(1, "a", 2) != row_seed(1, "a", 3) != row_seed(2, "a", 3)
