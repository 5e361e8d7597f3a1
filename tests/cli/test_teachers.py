import pytest

from harmaug.cli.teachers import teachers
from harmaug.teachers.load import FAMILIES


def test_every_family_is_listed_with_what_to_install(capsys: pytest.CaptureFixture[str]) -> None:
    teachers()
    shown = capsys.readouterr().out
    for family in FAMILIES:
        assert family in shown
    assert "harmaug[train]" in shown
    assert "harmaug[adapters]" in shown
    assert "…" not in shown
    assert "sigmoid maximum" in shown
