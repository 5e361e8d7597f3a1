from pathlib import Path

import pytest
from pydantic import ValidationError

from harmaug.config import PRESETS, load_config, to_yaml
from harmaug.config.study import ArmConfig, StudyConfig
from harmaug.config.teacher import teacher_config
from harmaug.errors import ConfigError


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_survive_a_round_trip_through_yaml(preset: str, tmp_path: Path) -> None:
    config = load_config(preset)
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(config), encoding="utf-8")
    assert load_config(path) == config


@pytest.mark.parametrize("path", sorted(Path("configs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_can_be_run(path: Path) -> None:
    assert load_config(path).name == path.stem


def test_overrides_reach_nested_keys() -> None:
    config = load_config("quickstart", ["generate.sampling.top_p=0.5", "distill.lambda=0.25"])
    assert config.generate.sampling.top_p == 0.5
    assert config.distill.lam == 0.25


def test_a_file_says_only_what_differs_from_its_preset(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("preset: quickstart\ngenerate: {samples: 7}\n", encoding="utf-8")
    config = load_config(path)
    assert config.generate.samples == 7
    assert config.generate.exemplars == load_config("quickstart").generate.exemplars


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("generate.sample=1", "no setting 'generate.sample'; did you mean 'samples'?"),
        ("distill.lambda=2", "distill.lambda: should be less than or equal to 1, not 2"),
        ("distill.max_length=31", "distill.max_length: should be greater than or equal to 32"),
        ("nonsense", "write KEY=VALUE"),
        ("seed=-1", "seed: should be greater than or equal to 0, not -1"),
        ("seed=4294967296", "seed: should be less than 4294967296"),
        ("respond.refusal.llm.modell=x", "did you mean 'model'?"),
    ],
)
def test_errors_name_the_key_and_the_fix(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        load_config("quickstart", [override])


def test_seeds_of_a_study_are_bounded_as_those_of_a_run() -> None:
    arms = {"plain": ArmConfig(method="plain")}
    assert StudyConfig(name="s", title="S", seeds=(0, 2**32 - 1), arms=arms).seeds[1] == 2**32 - 1
    with pytest.raises(ValidationError, match=r"seeds\.1"):
        StudyConfig(name="s", title="S", seeds=(1, -1), arms=arms)


def test_unknown_source_names_the_nearest_preset_or_all_of_them() -> None:
    with pytest.raises(
        ConfigError, match=r"no configuration 'quikstart'; did you mean 'quickstart'"
    ):
        load_config("quikstart")
    with pytest.raises(ConfigError, match="known: paper, public, quickstart"):
        load_config("nowhere.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"seed: [1", "not valid YAML"),
        (b"- 1\n", "expected keys and values"),
        (b"name: \xff\xfe", "not UTF-8"),
        (b"name: 2024-13-45", "not valid YAML"),
        (b"preset: papper\n", "did you mean 'paper'"),
    ],
)
def test_broken_files_are_one_clear_line(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(path)
    assert "\n" not in str(caught.value)


def test_identity_leaves_out_what_does_not_change_the_text() -> None:
    first = load_config("quickstart", ["generate.llm.batch_size=1"]).generate.llm
    second = load_config("quickstart", ["generate.llm.batch_size=64"]).generate.llm
    assert first.identity() == second.identity()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("I have an idea for a prompt:", "I have an idea for a prompt:"),
        ("Sure: here: x", "Sure: here: x"),
        ("[Idea] go", "[Idea] go"),
        ("@x", "@x"),
        ("plain words", "plain words"),
        ("2024-13-45", "2024-13-45"),
    ],
)
def test_a_text_needs_no_quotes_on_the_command_line(text: str, value: str) -> None:
    assert load_config("quickstart", [f"generate.prefix={text}"]).generate.prefix == value


def test_a_mapping_in_braces_is_one() -> None:
    assert load_config("quickstart", ["generate.twins={share: 0.5}"]).generate.twins is not None
    with pytest.raises(ConfigError, match=r"generate\.sampling\.top_p"):
        load_config("quickstart", ["generate.sampling.top_p=0"])


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("seed: 1\ngenerate:\n  samples: 7\n  samples: 9\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine.yaml: 'samples' stands twice, again in line 4"):
        load_config(path)
    with pytest.raises(ConfigError, match=r"'share' stands twice"):
        load_config("quickstart", ["generate.twins={share: 0.5, share: 1}"])


def test_a_merged_key_may_be_overridden(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    llm = "{refusal: {llm: &one {batch_size: 3, model: m}}, harmful: {llm: {<<: *one, model: n}}}"
    path.write_text(f"respond: {llm}\n", encoding="utf-8")
    harmful = load_config(path).respond.harmful
    assert harmful is not None
    assert (harmful.llm.batch_size, harmful.llm.model) == (3, "n")


@pytest.mark.parametrize(
    "key", ["distill.epochs", "distill.learning_rate", "generate.sampling.temperature"]
)
@pytest.mark.parametrize("value", [".inf", ".nan"])
def test_numbers_are_finite(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: should be"):
        load_config("quickstart", [f"{key}={value}"])


def test_members_of_a_teacher_that_is_no_ensemble_are_refused(tmp_path: Path) -> None:
    teacher = {"family": "guard", "members": "[{model: embedded}]"}
    overrides = [f"label.teacher.{key}={value}" for key, value in teacher.items()]
    message = "label.teacher: family 'guard' is one guard and has no members: set family"
    with pytest.raises(ConfigError, match=f"^quickstart: {message}"):
        load_config("quickstart", overrides)
    path = tmp_path / "teacher.yaml"
    path.write_text("family: guard\nmembers: [{model: embedded}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"teacher.yaml: family 'guard' is one guard"):
        teacher_config(str(path))
    for family in ("auto", "ensemble"):
        load_config("quickstart", [f"label.teacher.family={family}", *overrides[1:]])
