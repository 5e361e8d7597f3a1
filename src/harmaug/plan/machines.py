"""The machines that a run can be planned for: one small table, or an entry of one's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harmaug.config.load import read_yaml
from harmaug.errors import ConfigError, did_you_mean

Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class Machine(BaseModel):
    """One machine; `assets/plan/machines.yaml` defines each figure and names its source."""

    name: str
    peak_flops: Positive
    bandwidth: Positive
    memory: Positive
    prefill: Share
    decode: Share
    training: Share
    layer_s: Annotated[float, Field(ge=0)]
    usd_per_hour: Annotated[float, Field(ge=0)]
    gpu: bool

    model_config = ConfigDict(extra="forbid", frozen=True)


def load_machine(name: str) -> Machine:
    """Return a machine of the table, or the one that a YAML file describes.

    Raises:
        ConfigError: naming the machine or the figure that is wrong.
    """
    table = read_yaml(Path(str(files("harmaug") / "assets" / "plan" / "machines.yaml")))
    entry = table.get(name)
    if entry is None:
        path = Path(name)
        if not path.is_file():
            raise ConfigError(f"no machine '{name}'{did_you_mean(name, table)} (or a YAML file)")
        entry = read_yaml(path)
    try:
        return Machine.model_validate(entry)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"])
        raise ConfigError(f"machine {name}: {key}: {problem['msg']}") from None
