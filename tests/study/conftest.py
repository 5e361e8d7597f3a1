"""A study on tiny real models, run once a session."""

import json
from pathlib import Path

import pytest
from tests.study.heard import Heard, places

from harmaug.config import RunConfig, to_yaml
from harmaug.config.study import StudyConfig
from harmaug.study.results import Study
from harmaug.study.run import run_study


@pytest.fixture(scope="session")
def config(tiny_config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> StudyConfig:
    folder = tmp_path_factory.mktemp("study")
    (folder / "tiny.yaml").write_text(to_yaml(tiny_config), encoding="utf-8")
    prompts = folder / "prompts.jsonl"
    lines = [json.dumps({"prompt": f"Tell me story number {n} about the sea"}) for n in range(9)]
    prompts.write_text("\n".join(lines), encoding="utf-8")
    teacher = tiny_config.label.teacher.model
    return StudyConfig.model_validate(
        {
            "name": "tiny",
            "title": "Tiny",
            "base": str(folder / "tiny.yaml"),
            "seeds": [1, 2],
            "set": {
                "data.max_rows": 60,
                "generate.samples": 6,
                "distill.steps": 3,
                "distill.quantise": False,
            },
            "arms": {
                "plain": {"method": "plain"},
                "eda": {
                    "method": "eda",
                    "eda": {"synonyms": "embeddings", "encoder": teacher, "n_aug": 1},
                },
                "given": {"method": "prompts", "prompts": {"file": str(prompts)}},
                "harmaug": {"x": 6},
                "fewer": {"set": {"select.instructions": 2}, "x": 2},
            },
            "figure": {"label": "instructions"},
            "guards": [teacher],
            "claim": {"first": "harmaug", "others": ["plain"]},
            "resamples": 50,
        }
    )


@pytest.fixture(scope="session")
def finished(
    config: StudyConfig, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Study, Path, list[str]]:
    folder = tmp_path_factory.mktemp("finished")
    heard = Heard()
    study = run_study(config, places(folder), command="harmaug study tiny", progress=heard)
    return study, folder, heard.work
