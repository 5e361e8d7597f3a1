"""Runs whose teacher is elsewhere: checked before anything is spent, accounted for afterwards."""

import dataclasses
from pathlib import Path

import pytest
from tests.servers.stub import Body, Stub, running

from harmaug.config import RunConfig, TeacherConfig
from harmaug.errors import ConfigError, HarmaugError, ModelError
from harmaug.executors.local import LocalExecutor
from harmaug.pipeline.checks import check_models
from harmaug.pipeline.context import Context, weights_of
from harmaug.pipeline.labelling import label_data
from harmaug.plan.judging import label
from harmaug.progress import Quiet
from harmaug.rows import LabelledRow
from harmaug.runs.folder import RunFolder
from harmaug.runs.parts import rows_of

ROWS = [
    LabelledRow(str(at), f"prompt {at}", "answer" if at % 2 else None, at % 2, None, "d", "prompt")
    for at in range(5)
]


def moderated(body: Body) -> dict[str, object]:
    return {"results": [{"category_scores": {"hate": len(t) / 30}} for t in body["input"]]}


def with_teacher(teacher: dict[str, object]) -> RunConfig:
    return RunConfig.model_validate({"part_rows": 2, "label": {"teacher": teacher}})


def test_a_servers_scores_are_rows_and_its_accounts_are_in_the_manifest(tmp_path: Path) -> None:
    with running(Stub(document=moderated)) as stub:
        stub.fault = lambda seed, times: "500" if times == 1 else None
        config = with_teacher({"model": "omni-moderation-latest", "base_url": stub.url})
        with RunFolder(tmp_path) as folder:
            context = Context(config, folder, LocalExecutor(config.executor), Quiet())
            scored = list(rows_of(label_data(context, ROWS)))
            facts = folder.recorded("label D")
    assert [row.score for row in scored] == [
        pytest.approx(len(f"{row.prompt}\n\n{row.response}" if row.response else row.prompt) / 30)
        for row in ROWS
    ]
    assert facts is not None
    accounts = {"asked": 3, "answered": 3, "retried": 1, "given_up": 0, "floored": 0}
    assert (facts["scored"], facts["server"]) == (5, accounts)


@pytest.mark.parametrize(
    ("teacher", "kind", "message"),
    [
        ({"engine": "openai", "model": "x", "family": "wildguard"}, ConfigError, "base_url"),
        (
            {
                "engine": "openai",
                "base_url": "http://h/v1",
                "model": "/no/x",
                "family": "wildguard",
            },
            ModelError,
            "label.teacher.tokenizer",
        ),
        ({"members": [{"model": "no/where.jsonl"}]}, ModelError, "no file no/where.jsonl"),
        ({"family": "ensemble"}, ConfigError, "label.teacher.members"),
        ({"model": "omni-moderation-latest", "base_url": "nowhere"}, ConfigError, "base_url"),
    ],
)
def test_what_is_amiss_is_told_before_anything_is_spent(
    teacher: dict[str, object], kind: type[HarmaugError], message: str, tiny_config: RunConfig
) -> None:
    found = with_teacher(teacher).label
    with pytest.raises(kind) as caught:
        check_models(tiny_config.model_copy(update={"label": found}))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_what_decides_the_scores_names_them_and_nothing_else() -> None:
    plain = TeacherConfig(model="m")
    assert plain.model_copy(update={"concurrency": 1, "retries": 0}).identity() == plain.identity()
    members = [{"model": "a"}, {"model": "b", "weight": 2}]
    changed = [
        plain,
        TeacherConfig(model="m", engine="openai", base_url="http://h/v1"),
        TeacherConfig.model_validate({"members": members}),
        TeacherConfig.model_validate({"members": members, "combine": "maximum"}),
        TeacherConfig.model_validate({"members": [members[0], {"model": "b"}]}),
    ]
    identities = [str(config.identity()) for config in changed]
    assert len(set(identities)) == len(identities)
    other = TeacherConfig.model_validate({"members": [members[0], {"model": "c"}]})
    assert weights_of(changed[2]) != weights_of(other)


def test_a_plan_counts_members_and_leaves_out_what_is_bought() -> None:
    pairs = [(row.prompt, row.response) for row in ROWS]
    bought = TeacherConfig(model="omni-moderation-latest")
    assert label(bought, "label D", pairs, 100) == []
    guard = {"model": "meta-llama/Llama-Guard-3-8B"}
    served = TeacherConfig.model_validate(
        guard | {"engine": "openai", "base_url": "http://h/v1", "concurrency": 7}
    )
    (alone,) = label(TeacherConfig.model_validate(guard), "label D", pairs, 100)
    (remote,) = label(served, "label D", pairs, 100)
    assert (remote.batch, remote.served, remote.tokens_in) == (7, True, alone.tokens_in)
    both = TeacherConfig.model_validate({"members": [guard, {"model": bought.model}, guard]})
    assert label(both, "label D", pairs, 100) == [dataclasses.replace(alone)] * 2
