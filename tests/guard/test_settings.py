from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.guard.test_load import copied, refused

from harmaug.errors import ModelError
from harmaug.guard import GuardSettings
from harmaug.guard.settings import Calibration


def test_settings_survive_saving(tmp_path: Path) -> None:
    calibration = Calibration(0.7, 0.8, (0.7, 0.9), 0.01, (0.0, 0.05), 50, 100)
    settings = GuardSettings(
        window=128,
        temperature=1.5,
        thresholds={"mine": 0.7},
        default="mine",
        calibrations={"mine": calibration},
    )
    settings.save(tmp_path)
    assert GuardSettings.load(tmp_path) == settings


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"windows": 3}', '{"calibrations": {"a": {"x": 1}}}'],
)
def test_broken_settings_say_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "harmaug.json").write_text(text)
    with pytest.raises(ModelError, match=r"harmaug\.json") as raised:
        GuardSettings.load(tmp_path)
    assert "\n" not in str(raised.value)


def test_settings_of_another_version_name_the_field(tmp_path: Path) -> None:
    (tmp_path / "harmaug.json").write_text('{"long_window": 3, "window": 64}')
    with pytest.raises(ModelError, match=r"unknown field 'long_window': .*export the guard again"):
        GuardSettings.load(tmp_path)


@pytest.mark.parametrize("file", ["harmaug.json", "config.json"])
@pytest.mark.parametrize("text", ["[" * 100_000, '{"window": ' + "9" * 5_000 + "}"])
def test_json_that_python_cannot_read_is_one_line(
    guard_folder: Path, tmp_path: Path, file: str, text: str
) -> None:
    folder = copied(guard_folder, tmp_path)
    (folder / file).write_text(text)
    refused(folder, file.replace(".", r"\."))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("window", 31),
        ("window", 10**400),
        ("window", "64"),
        ("window", True),
        ("temperature", 0),
        ("temperature", -1.5),
        ("temperature", 10**400),
        ("temperature", float("inf")),
        ("temperature", float("nan")),
        ("thresholds", {"balanced": 1.5}),
        ("thresholds", {"balanced": -0.1}),
        ("thresholds", {"balanced": "0.5"}),
        ("thresholds", {"balanced": 10**400}),
        ("thresholds", {}),
        ("thresholds", [0.5]),
        ("default", "none"),
        ("default", ["balanced"]),
        ("harmful_index", -1),
        ("harmful_index", 0.5),
        ("harmful_index", 2),
        ("normalise", "no"),
        ("normalise", 1),
        ("tail_scale", 0),
        ("tail", [8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ("tail", [0.0] * 9),
        ("tail", [0.0, 1.0]),
        ("tail", "123456789"),
        ("tail", 3),
        ("tail", [*range(8), float("inf")]),
        ("tail", [-(10**400), *range(8)]),
        ("tail", [*range(8), 1e300]),
        ("tail", [False, *range(1, 9)]),
        ("tail_scale", 1e300),
        ("document_rate", 0),
        ("document_rate", 1.5),
        ("document_threshold", 1.5),
        ("document_threshold", "0.5"),
        ("document_tokens", -1),
        ("document_tokens", 10**400),
        ("language", "fr"),
    ],
)
def test_a_wrong_value_is_named_with_its_file_and_field(
    guard_folder: Path, tmp_path: Path, field: str, value: object
) -> None:
    folder = copied(guard_folder, tmp_path)
    stored = json.loads((folder / "harmaug.json").read_text())
    (folder / "harmaug.json").write_text(json.dumps({**stored, field: value}))
    refused(folder, rf"harmaug\.json: '{field}'")
