"""One typed model per stage, presets, YAML in and out."""

from harmaug.config.load import PRESETS, load_config, to_yaml
from harmaug.config.models import (
    BenchmarkConfig,
    DataConfig,
    DistillConfig,
    EvaluateConfig,
    ExecutorConfig,
    FilterConfig,
    GenerateConfig,
    LabelConfig,
    LLMConfig,
    RespondConfig,
    ResponderConfig,
    RunConfig,
    SamplingConfig,
    TeacherConfig,
)

__all__ = [
    "PRESETS",
    "BenchmarkConfig",
    "DataConfig",
    "DistillConfig",
    "EvaluateConfig",
    "ExecutorConfig",
    "FilterConfig",
    "GenerateConfig",
    "LLMConfig",
    "LabelConfig",
    "RespondConfig",
    "ResponderConfig",
    "RunConfig",
    "SamplingConfig",
    "TeacherConfig",
    "load_config",
    "to_yaml",
]
