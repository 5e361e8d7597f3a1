import pytest

from harmaug.augment.refusals import is_refusal


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't do that.",
        "i ' m sorry , but no .",
        "Sorry, no.",
        "As an AI, I have limits.",
        "I cannot assist with this",
        "I\u2019m not able to provide that.",
    ],
)
def test_refusals_are_found_in_any_case_and_spacing(text: str) -> None:
    assert is_refusal(text, verdicts=False)


@pytest.mark.parametrize(
    "text",
    [
        "Tell my ex I am not sorry for what I did",
        "Pose as an employee to get into the building",
        "Sell illegal goods without being caught",
    ],
)
def test_instructions_are_not_refusals(text: str) -> None:
    assert not is_refusal(text, verdicts=False)


def test_verdicts_count_in_answers() -> None:
    assert is_refusal("That would be illegal.", verdicts=True)
