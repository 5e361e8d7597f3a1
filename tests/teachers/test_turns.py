"""A chat template that does not take a family's turns: one line, when the teacher is loaded."""

import pytest
from tests.teachers.guards import guard_tokenizer
from tests.teachers.test_prompts import Silent

from harmaug.errors import ModelError
from harmaug.teachers.load import CAUSAL

ALTERNATING = (
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}[{{ message['role'] }}] {{ message['content'] }}\n{% endfor %}"
)
WORDS = (" yes", " no", "Yes", "No", " Safe", " Unsafe", " Controversial")


@pytest.mark.parametrize(
    ("family", "template", "roles"),
    [
        ("granite-guardian-4", ALTERNATING, "user, user"),
        ("polyguard", ALTERNATING, "system, user"),
        ("gpt-oss-safeguard", ALTERNATING, "system, user"),
        ("qwen3guard", "{{ messages[0]['content'] + messages[1]['content'] }}", "user"),
        ("granite-guardian", "{{ 'user: ' + messages[0] }}", "user"),
        ("wildguard", ALTERNATING, None),
    ],
)
def test_a_template_that_does_not_take_a_familys_turns_is_one_line_at_load(
    family: str, template: str, roles: str | None
) -> None:
    reader = Silent(guard_tokenizer(template, [], WORDS))
    if roles is None:  # it has its own frame
        CAUSAL.load(family)(reader)
        return
    with pytest.raises(
        ModelError, match=rf"its chat template does not take .*\({roles}: "
    ) as caught:
        CAUSAL.load(family)(reader)
    assert "\n" not in str(caught.value)
    assert "label.teacher.family" in str(caught.value)
