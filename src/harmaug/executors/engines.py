"""A stage whose LLMs are vLLM engines, on a Ray cluster: `ray.data.llm` keeps the engines full.

The driver's machine reads the parts and makes their token ids; the requests of all parts stream
through as many engines as there are workers, so that no engine waits for the end of a part; the
driver puts a part together when its last answer is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypedDict, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from harmaug.cluster import quiet, ray
from harmaug.config import ExecutorConfig, LLMConfig
from harmaug.errors import ConfigError, ModelError, require
from harmaug.executors.reading import read_here
from harmaug.llm.base import Completion
from harmaug.llm.template import encoded
from harmaug.llm.vllm import QUIET, completion, engine_arguments, load_tokenizer, row_sampling
from harmaug.runs.parts import Parts
from harmaug.stages.asking import AskingStage
from harmaug.stages.base import Stage

In = TypeVar("In")
Out = TypeVar("Out")

AT_ONCE = 128
"""Requests in one of the eight batches that an engine has on its way."""

KEPT = ("part", "of", "id", "llm", "asked", "generated_tokens")


class PartNumber(TypedDict):
    """The number of one part."""

    part: NDArray[np.int64]


class Answer(TypedDict):
    """What came of one request of `asked` tokens; its part has `of` requests."""

    part: int
    of: int
    id: str
    llm: int
    asked: int
    generated_tokens: Sequence[int] | None
    __inference_error__: str


@dataclass(frozen=True)
class Engines(Generic[In, Out]):
    """What a stage asks of its engines, part by part."""

    stage: AskingStage[In, Out]
    llms: Sequence[LLMConfig]
    config: ExecutorConfig

    @classmethod
    def of(cls, stage: Stage[In, Out], config: ExecutorConfig) -> Engines[In, Out] | None:
        """Return the engines of a stage that asks some and nothing else, None for any other."""
        if not isinstance(stage, AskingStage):
            return None
        llms = stage.llms()
        in_process = llms and all(llm.backend == "vllm" for llm in llms)
        return cls(stage, llms, config) if in_process else None

    def computed(
        self, tasks: Parts[In], missing: Sequence[int]
    ) -> Iterator[tuple[int, Sequence[Out]]]:
        """Yield the missing parts as they are done, in any order.

        Raises:
            ConfigError: when the workers' GPUs cannot be shared out among the engines.
            MissingExtraError: vLLM is not installed.
            ModelError: when a model's tokenizer cannot be loaded, or vLLM cannot start on a worker.
        """
        require("vllm", "llm.backend: vllm", "vllm")
        tokenizers = [load_tokenizer(llm) for llm in self.llms]
        first, *others = [self._asked(tasks, missing, number) for number in range(len(self.llms))]
        waiting: defaultdict[int, dict[str, Completion]] = defaultdict(dict)
        left = set(missing)
        for answer in _started(first.union(*others) if others else first):
            part, completions = answer["part"], waiting[answer["part"]]
            completions[answer["id"]] = _completion(answer, tokenizers[answer["llm"]])
            if len(completions) == answer["of"]:
                left.remove(part)
                yield part, self.stage.finished(tasks.read(part), waiting.pop(part))
        for part in sorted(left):  # nothing of theirs was to be asked
            yield part, self.stage.finished(tasks.read(part), {})

    def _asked(self, tasks: Parts[In], missing: Sequence[int], number: int) -> ray.data.Dataset:
        """Return the data set of one engine's answers; nothing is computed yet."""
        from ray.data.llm import build_processor

        llm = self.llms[number]
        requests = read_here(_Asker, (self.stage, tasks, number, llm), missing)
        free = {"num_cpus": 0}
        with quiet():
            processor = build_processor(
                self._processor(llm),
                postprocess=lambda answer: {name: answer[name] for name in KEPT},
                preprocess_map_kwargs=free,
                postprocess_map_kwargs=free,
            )
        return processor(requests)

    def _processor(self, llm: LLMConfig) -> ray.data.llm.vLLMEngineProcessorConfig:
        """Describe an engine a worker; a worker's GPUs are shared out among its engines."""
        from ray.data.llm import vLLMEngineProcessorConfig

        gpus, cpus = self.config.gpus_per_worker / len(self.llms), 1 / len(self.llms)
        if gpus > 1 and gpus % 1:
            raise ConfigError(
                f"executor.gpus_per_worker is {self.config.gpus_per_worker:g}, for "
                f"{len(self.llms)} models: set it to a multiple of {len(self.llms)}, or to 1"
            )
        tensor_parallel = max(1, int(gpus))
        bundle = {"CPU": cpus, "GPU": gpus / tensor_parallel} if gpus else {"CPU": cpus}
        return vLLMEngineProcessorConfig(
            model_source=llm.model,
            engine_kwargs={**engine_arguments(llm), "tensor_parallel_size": tensor_parallel},
            placement_group_config={"bundles": [bundle] * tensor_parallel},
            concurrency=(self.config.workers, self.config.workers),
            batch_size=AT_ONCE,
            should_continue_on_error=True,
            log_engine_metrics=False,
            chat_template_stage=False,
            tokenize_stage=False,
            detokenize_stage=False,
            runtime_env={"env_vars": QUIET},
        )


def _started(answers: ray.data.Dataset) -> Iterator[Answer]:
    try:
        yield from answers.iter_rows()
    except ray.exceptions.RayActorError as error:
        reason = str(error).strip().rpartition("\n")[2]
        raise ModelError(
            f"a vLLM engine did not start ({reason}): Ray's logs of the worker say why "
            "(/tmp/ray/session_latest/logs on its machine); the same command goes on"
        ) from None


class _Asker(Generic[In, Out]):
    """Makes one engine's requests of a part, where the run folder is."""

    def __init__(
        self,
        stage: AskingStage[In, Out],
        tasks: Parts[In],
        number: int,
        llm: LLMConfig,
    ) -> None:
        self._stage = stage
        self._tasks = tasks
        self._number = number
        self._tokenizer = load_tokenizer(llm)
        self._roles = {n: role for n, role in stage.roles().items() if role.llm == llm}

    def __call__(self, batch: PartNumber) -> Iterator[pa.Table]:
        part = int(batch["part"][0])
        asked = self._stage.requests(self._tasks.read(part))
        rows = [
            (request, role.sampling)
            for name, role in self._roles.items()
            for request in asked.get(name, ())
        ]
        if not rows:
            return
        prompts = encoded(self._tokenizer, [request for request, _ in rows])
        yield pa.table(
            {
                "part": [part] * len(rows),
                "of": [sum(len(requests) for requests in asked.values())] * len(rows),
                "id": [request.id for request, _ in rows],
                "llm": [self._number] * len(rows),
                "asked": [len(prompt) for prompt in prompts],
                "prompt": [""] * len(rows),
                "tokenized_prompt": prompts,
                "sampling_params": [row_sampling(*row) for row in rows],
            }
        )


def _completion(answer: Answer, tokenizer: PreTrainedTokenizerBase) -> Completion:
    if answer["__inference_error__"]:
        return Completion(None, answer["__inference_error__"], answer["asked"], 0)
    return completion(tokenizer, answer["generated_tokens"] or (), answer["asked"])
