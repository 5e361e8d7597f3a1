"""Whether every model of a run is there, asked before anything is spent."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoConfig

from harmaug.config import LLMConfig, RunConfig, TeacherConfig
from harmaug.embedded import embedded_model
from harmaug.errors import ConfigError, ModelError
from harmaug.guard.load import find
from harmaug.teachers.engine import open_reader
from harmaug.teachers.files import Files
from harmaug.teachers.load import FAMILIES, family_of


def check_models(config: RunConfig) -> None:
    """Look for every model that the run will load.

    Raises:
        ConfigError: when a backend lacks a setting.
        ModelError: naming the model that is missing and the setting that names it.
    """
    roles = {"respond.refusal": config.respond.refusal, "respond.harmful": config.respond.harmful}
    if config.generate.samples > 0:
        _check_llm("generate", config.generate.llm)
        for setting, role in roles.items():
            if role is not None:
                _check_llm(setting, role.llm)
    check_teacher(config.label.teacher)
    if config.generate.steer is not None:
        check_encoder("generate.steer.encoder", config.generate.steer.encoder)
    if config.select.by == "novelty":
        check_encoder("select.encoder", config.select.encoder)
    student = config.distill.student
    check_encoder("distill.student", student, config.distill.revision)


def check_encoder(setting: str, name: str, revision: str | None = None) -> None:
    """Look for an encoder.

    Raises:
        ModelError: naming it and its setting, when it is not there.
    """
    if name == "embedded-encoder":
        embedded_model("encoder")
    else:
        _check_checkpoint(setting, name, revision)


def _check_llm(setting: str, llm: LLMConfig) -> None:
    if llm.backend == "embedded":
        embedded_model("chat")
    elif llm.backend in {"transformers", "vllm"}:
        if llm.model is None:
            raise ConfigError(f"{setting}.llm.model: name a folder or a hub id")
        _check_checkpoint(f"{setting}.llm.model", llm.model, llm.revision)
    elif llm.model is None or llm.base_url is None:
        raise ConfigError(f"{setting}.llm: backend openai needs model and base_url")


def check_teacher(teacher: TeacherConfig, setting: str = "label.teacher.model") -> None:
    """Look for a teacher, or for another guard that `setting` names.

    Raises:
        HarmaugError: saying what is missing and how to get it.
    """
    if teacher.family not in {"auto", *FAMILIES}:
        FAMILIES.load(teacher.family)
    family = family_of(teacher) if teacher.family == "auto" else teacher.family
    if family == "ensemble":
        if not teacher.members:
            FAMILIES.load(family)(teacher, None)
        for member in teacher.members:
            check_teacher(member, setting)
    elif teacher.engine == "openai":
        open_reader(teacher, None)
    elif family == "openai-moderation":
        FAMILIES.load(family)(teacher, None)
    elif family == "guard":
        find(teacher.model, revision=teacher.revision)
    elif family == "recorded":
        if not Path(teacher.model).is_file():
            raise ModelError(f"{setting}: no file {teacher.model} with recorded scores")
    else:
        _check_checkpoint(setting, *_configured(teacher))


def _configured(teacher: TeacherConfig) -> tuple[str, str | None]:
    """Return where a teacher's configuration lies: that of its base model, for an adapter."""
    base = Files(teacher.model, teacher.revision).adapter_base()
    return (teacher.model, teacher.revision) if base is None else (base, None)


def _check_checkpoint(setting: str, model: str, revision: str | None) -> None:
    if Path(model).is_dir() and not (Path(model) / "config.json").is_file():
        raise ModelError(f"{setting}: {model} is no model folder: it has no config.json")
    try:
        AutoConfig.from_pretrained(model, revision=revision or "main")
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"{setting}: no model '{model}' ({reason})") from None
