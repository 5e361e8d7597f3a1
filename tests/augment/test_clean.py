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
