"""Studies by name or file, and the configuration of each of their arms."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from harmaug.config import RunConfig
from harmaug.config.load import (
    PRESET_SHELF,
    Shelf,
    Tree,
    build_config,
    first_problem,
    read_tree,
    read_yaml,
    set_override,
    set_value,
)
from harmaug.config.study import StudyConfig
from harmaug.errors import ConfigError, did_you_mean
from harmaug.study.results import file_name


def known_studies() -> list[str]:
    """Return the names of the studies that ship."""
    folder = files("harmaug") / "assets" / "studies"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir())


def load_study(source: str | Path, overrides: Sequence[str] = ()) -> StudyConfig:
    """Read a study that ships, or a YAML file, and add `KEY=VALUE` overrides for every arm.

    A file may begin with `study: NAME` and then only says what differs from that study. It is
    a study of its own: named by the file where it gives no name, and without that study's claim
    where it changes the arms, of which the claim was not made.

    Raises:
        ConfigError: naming the file, the key and the fix.
    """
    tree = _tree(source)
    try:
        config = StudyConfig.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{source}: {first_problem(error, StudyConfig)}") from None
    check_study(config)
    settings: Tree = {}
    for override in overrides:
        set_override(settings, override)
    flat = _flat(settings)
    _check_overrides(config, flat)
    return config.model_copy(update={"set": config.set | flat})


def arm_config(study: StudyConfig, arm: str, seed: int) -> RunConfig:
    """Return the configuration of one arm with one seed: base, study, arm, each over the last.

    Raises:
        ConfigError: naming the arm, the key and the fix.
    """
    tree = copy.deepcopy(read_tree(study.base, PRESET_SHELF))
    for path, value in (study.set | study.arms[arm].set).items():
        set_value(tree, path, value)
    tree["seed"] = seed
    tree["name"] = f"{study.name}-{arm}-{seed}"
    return build_config(tree, f"{study.name}, arm {arm}")


def _tree(source: str | Path) -> Tree:
    """Read a study without what a file does not take over from the one that it begins with."""
    shelf = _shelf()
    tree = read_tree(source, shelf)
    own = {} if str(source) in shelf.names else read_yaml(Path(source))
    if shelf.key in own:
        tree["name"] = own.get("name", Path(source).stem)
        if "arms" in own and "claim" not in own:
            tree["claim"] = None
    return tree


def _shelf() -> Shelf:
    return Shelf("study", "study", "studies", known_studies())


def check_study(study: StudyConfig) -> None:
    """Check seeds and names, and that what is compared is there.

    Raises:
        ConfigError: naming what is wrong.
    """
    if not study.seeds:
        raise ConfigError(f"{study.name}: seeds is empty: give at least one, as in [1, 2, 3]")
    if len(set(study.seeds)) < len(study.seeds):
        raise ConfigError(f"{study.name}: seeds {list(study.seeds)} name one twice")
    if study.claim and not study.claim.others:
        raise ConfigError(f"{study.name}: claim.others is empty: name what it is to be ahead of")
    claimed = (study.claim.first, *study.claim.others) if study.claim else ()
    for arm in [*(arm for pair in study.compare for arm in pair), *claimed]:
        if arm not in {*study.arms, *study.guards}:
            raise ConfigError(f"{study.name} compares '{arm}'{did_you_mean(arm, study.arms)}")
    for name, one in study.arms.items():
        if one.method == "prompts" and one.prompts is None:
            raise ConfigError(f"{study.name}, arm {name}: method prompts needs prompts.file")
    _check_files(study)


def _check_files(study: StudyConfig) -> None:
    """Refuse names whose scores would be one file; some disks do not tell capitals apart."""
    kept: dict[str, str] = {}
    arms = [(f"arm {name}", name) for name in study.arms]
    for one, name in [*arms, *((f"guard {name}", name) for name in study.guards)]:
        file = f"{file_name(name)}.parquet"
        other = kept.setdefault(file.lower(), one)
        if other != one:
            raise ConfigError(
                f"{study.name}: {other} and {one} would both keep their scores in {file}: "
                "give one of them another name"
            )


def _check_overrides(study: StudyConfig, overrides: Iterable[str]) -> None:
    """Refuse what an arm sets itself, wholly or in part: it would hold for the other arms alone."""
    for path in overrides:
        for name, arm in study.arms.items():
            for own in arm.set:
                if f"{own}.".startswith(f"{path}.") or f"{path}.".startswith(f"{own}."):
                    raise ConfigError(
                        f"--set {path}: arm {name} of {study.name} sets {own} itself; "
                        f"write a file that begins with 'study: {study.name}' and change it there"
                    )


def _flat(tree: Tree, above: str = "") -> Tree:
    """Turn levels into paths: {"a": {"b": 1}} into {"a.b": 1}."""
    flat: Tree = {}
    for key, value in tree.items():
        path = f"{above}{key}"
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{path}.")
        else:
            flat[path] = value
    return flat
