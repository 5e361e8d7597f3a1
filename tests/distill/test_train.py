"""What a training promises: exact gradients, the same weights again, the best ones kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.distill.students import backbone, scored_rows, tiny_distillation
from torch import Tensor

from harmaug.config import DistillConfig
from harmaug.distill import distill
from harmaug.distill.compute import Compute, log_odds_of_rows
from harmaug.distill.distillation import task_of
from harmaug.distill.optimise import rate
from harmaug.distill.student import load_student
from harmaug.distill.task import Task
from harmaug.distill.train import gradient
from harmaug.errors import DataError, ModelError, RunFolderError
from harmaug.rows import ScoredPair

CPU = Compute(torch.device("cpu"), bfloat16=False)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone(tmp_path_factory.mktemp("student") / "bert", "bert")


def task(student: Path, **settings: object) -> Task:
    config = tiny_distillation(student, **settings)
    model = load_student(str(student), None, seed=1)
    model.model.eval()  # no dropout: gradients are compared
    return task_of(scored_rows(48), config, model, seed=1, tau=0.5)


def gradients(task: Task, rows: list[int]) -> dict[str, Tensor]:
    task.student.model.zero_grad()
    gradient(task, np.array(rows))
    return {
        name: parameter.grad.clone()
        for name, parameter in task.student.model.named_parameters()
        if parameter.grad is not None
    }


def test_any_cut_of_a_batch_gives_the_same_gradient(student: Path) -> None:
    rows = list(range(21))  # an odd batch, shorter than batch_size
    whole = gradients(task(student, batch_size=32), rows)
    cut = gradients(task(student, batch_size=32, micro_batch_tokens=48), rows)
    assert whole.keys() == cut.keys()
    for name, expected in whole.items():
        assert torch.allclose(cut[name], expected, atol=1e-5, rtol=1e-5), name


def test_a_batch_is_the_mean_of_its_rows(student: Path) -> None:
    made = task(student)
    single = [gradients(made, [row]) for row in range(5)]
    batch = gradients(made, list(range(5)))
    for name, expected in batch.items():
        mean = torch.stack([each[name] for each in single]).mean(0)
        assert torch.allclose(mean, expected, atol=1e-5, rtol=1e-4), name


def test_a_row_scores_alone_as_in_a_batch(student: Path) -> None:
    made = task(student)
    rows = np.arange(48)
    together = log_odds_of_rows(made.student, made.examples, rows, CPU, 4096)
    alone = [log_odds_of_rows(made.student, made.examples, rows[i : i + 1], CPU, 64) for i in rows]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_balanced_classes_weigh_the_same(student: Path) -> None:
    made = task(student, balance_classes=True)
    label = torch.from_numpy(made.examples.label[made.schedule.rows])
    weights = made.weights[torch.from_numpy(made.schedule.rows)]
    assert weights[label == 1].sum().item() == pytest.approx(
        weights[label == 0].sum().item(), rel=1e-5
    )
    assert weights.mean().item() == pytest.approx(1.0, rel=1e-5)


def test_the_rate_rises_and_falls() -> None:
    assert [rate(step, 4, 8) for step in range(8)] == [0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25]
    assert rate(0, 0, 2) == 1.0


def test_same_seed_same_weights_another_seed_others(student: Path, tmp_path: Path) -> None:
    config = tiny_distillation(student, steps=4)
    weights = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        distill(scored_rows(60), config, seed=seed, tau=0.5, out=tmp_path / name)
        weights.append(load_file(tmp_path / name / "model.safetensors"))
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert any(not torch.equal(weights[0][name], weights[2][name]) for name in weights[0])


def test_the_best_checkpoint_is_kept_not_the_last(student: Path, tmp_path: Path) -> None:
    # A rate that destroys the model after a good start: the last validation is not the best.
    config = tiny_distillation(student, learning_rate=0.3, epochs=6, validations=6, warmup_steps=40)
    result = distill(scored_rows(120), config, seed=3, tau=0.5, out=tmp_path / "student")
    figures = [(v.auprc or 0.0, -(v.loss or 0.0)) for v in result.history]
    assert max(figures) > figures[-1]
    assert (result.auprc, result.loss) == (max(figures)[0], -max(figures)[1])
    made = task_of(
        scored_rows(120), config, load_student(str(result.folder), None, 3), seed=3, tau=0.5
    )
    found = log_odds_of_rows(made.student, made.examples, made.validation, CPU, 4096)
    label = torch.from_numpy(made.examples.label[made.validation])
    teacher = torch.from_numpy(made.examples.teacher[made.validation])
    target = (teacher + label) / 2
    loss = torch.nn.functional.softplus(found) - target * found
    assert loss.mean().item() == pytest.approx(result.loss, rel=1e-3)


@pytest.mark.parametrize(("steps", "at"), [(6, 2), (1, 1)])  # while it trains, and validating
def test_a_training_that_diverges_says_what_to_change(
    student: Path, tmp_path: Path, steps: int, at: int
) -> None:
    config = tiny_distillation(student, learning_rate=1e38, warmup_steps=0, steps=steps)
    with pytest.raises(ModelError, match=f"diverged at step {at} .*: lower distill.learning_rate"):
        distill(scored_rows(60), config, seed=1, tau=0.5, out=tmp_path / "student")
    assert not (tmp_path / "student").exists()


def test_without_validation_the_last_weights_stay(student: Path, tmp_path: Path) -> None:
    config = tiny_distillation(student, validation_fraction=0, steps=2)
    result = distill(scored_rows(40), config, seed=1, tau=0.5, out=tmp_path / "student")
    assert (result.auprc, result.loss, result.validation_rows) == (None, None, 0)
    assert result.training_rows == 40


def test_rows_without_any_target_are_left_out_and_counted(student: Path, tmp_path: Path) -> None:
    rows = [*scored_rows(40), *scored_rows(40, seed=5, scored=False)]
    config = tiny_distillation(student, steps=1)
    result = distill(rows, config, seed=1, tau=0.5, out=tmp_path / "student")
    assert result.rows == {
        "labelled": 20,
        "refusal": 10,
        "harmful": 10,
        "empty": 10,
        "left out": 30,
    }
    assert result.training_rows + result.validation_rows == 50


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "none of 0 rows has a label or a score"),
        (scored_rows(8, scored=False)[1:4], "none of 3 rows has a label or a score"),
        ([row for row in scored_rows(40) if (row.label or 0) + (row.score or 0) < 0.5], "harmless"),
    ],
)
def test_rows_that_cannot_train(
    student: Path, tmp_path: Path, rows: list[ScoredPair], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        distill(rows, tiny_distillation(student), seed=1, tau=0.5, out=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [("./nowhere", "no such folder"), ("FOLDER", "without config.json"), ("BROKEN", "cannot be")],
)
def test_students_that_cannot_be_loaded(tmp_path: Path, name: str, message: str) -> None:
    if name in ("FOLDER", "BROKEN"):
        (tmp_path / name).mkdir()
        if name == "BROKEN":
            (tmp_path / name / "config.json").write_text("{}")
        name = str(tmp_path / name)
    config = DistillConfig(student=name)
    with pytest.raises(ModelError, match=message) as caught:
        distill(scored_rows(8), config, seed=1, tau=0.5, out=tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_an_occupied_folder_is_left_alone(student: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RunFolderError, match="holds something already"):
        distill(scored_rows(8), tiny_distillation(student), seed=1, tau=0.5, out=tmp_path)


def test_steps_replace_epochs_in_both_directions(student: Path, tmp_path: Path) -> None:
    for steps in (2, 12):
        config = tiny_distillation(student, epochs=1, steps=steps, validation_fraction=0)
        result = distill(scored_rows(64), config, seed=1, tau=0.5, out=tmp_path / str(steps))
        assert result.steps == steps
