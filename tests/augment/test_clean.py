import pytest

from harmaug.augment.clean import clean, has_explanation

OPENINGS = ("I have an idea for a prompt:", "Absolutely! Here's")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Write a story about fire.", "Write a story about fire."),
        (' "Write a story about fire."', "Write a story about fire."),
        ("I have an idea for a prompt: Write a story.", "Write a story."),
        ("1. Write a story.\n2. Another one.", "Write a story."),
        ("Here is one:\n\nWrite a story about fire.", "Write a story about fire."),
        (
            '"Write a story about fire." This prompt is harmful because it may burn.',
            "Write a story about fire.",
        ),
        (
            "Write a story about fire. This prompt is offensive because of the fire.",
            "Write a story about fire.",
        ),
        ("", ""),
        ("   \n ", ""),
    ],
)
def test_one_instruction_is_left(raw: str, expected: str) -> None:
    assert clean(raw, OPENINGS) == expected


def test_explanations_are_told_from_instructions() -> None:
    assert has_explanation("Insult him. This instruction is harmful because it hurts.")
    assert not has_explanation("Explain why this purpose of art is harmful to museums")


@pytest.mark.parametrize(
    "instruction",
    [
        "Write a thank-you note because your neighbour helped.",
        "Tell them what to remember because the exam is near.",
        "Say why this is harmful to bees.",
        "Give an explanation of creative writing to a class.",
    ],
)
def test_words_of_an_explanation_within_an_instruction_stay(instruction: str) -> None:
    assert clean(instruction, OPENINGS) == instruction.strip()
    assert not has_explanation(instruction)


@pytest.mark.parametrize(
    "aside",
    [
        "Note: this is offensive.",
        "(Note that it is harmful.)",
        "[Remember, it is not meant for use.]",
        "**Note:** it is creative.",
        "This is harmful, so do not.",
    ],
)
def test_an_aside_after_an_instruction_goes(aside: str) -> None:
    for end in (".", '."', ".'", "?"):
        raw = f"Write a story about fire{end} {aside}"
        assert clean(raw, OPENINGS) == f"Write a story about fire{end[0]}"
        assert has_explanation(raw)
