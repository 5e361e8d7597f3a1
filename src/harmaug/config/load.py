"""Configurations from presets, YAML files and KEY=VALUE overrides, and back to YAML."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from harmaug.config.run import RunConfig
from harmaug.errors import ConfigError, did_you_mean

PRESETS = ("quickstart", "public", "paper")


@dataclass(frozen=True)
class Shelf:
    """Files that ship, by name. A user's file may begin with `key: NAME` and change one of them."""

    what: str
    key: str
    folder: str
    names: Sequence[str]


PRESET_SHELF = Shelf("configuration", "preset", "configs", PRESETS)

Tree = dict[str, object]


def load_config(source: str | Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a preset by name, or a YAML file, and apply `KEY=VALUE` overrides (`a.b.c=1`).

    A file may begin with `preset: NAME` and then only says what differs from that preset.

    Raises:
        ConfigError: naming the file, the key and the fix.
    """
    tree = read_tree(source, PRESET_SHELF)
    for override in overrides:
        set_override(tree, override)
    return build_config(tree, str(source))


def build_config(tree: Tree, source: str) -> RunConfig:
    """Check keys and values read from `source`.

    Raises:
        ConfigError: naming the source, the key and the fix.
    """
    try:
        return RunConfig.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{source}: {first_problem(error, RunConfig)}") from None


def to_yaml(config: BaseModel) -> str:
    """Render every setting, defaults included, as YAML that reads back equal."""
    return yaml.safe_dump(config.model_dump(mode="json", by_alias=True), sort_keys=False)


def read_tree(source: str | Path, shelf: Shelf) -> Tree:
    """Read the keys and values of what ships under a name, or of a YAML file.

    Raises:
        ConfigError: when there is neither, or it is not YAML.
    """
    if str(source) in shelf.names:
        return read_yaml(Path(str(files("harmaug") / "assets" / shelf.folder / f"{source}.yaml")))
    path = Path(source)
    if not path.is_file():
        raise ConfigError(
            f"no {shelf.what} '{source}'{did_you_mean(str(source), shelf.names)} "
            f"(or give a YAML file)"
        )
    tree = read_yaml(path)
    base = tree.pop(shelf.key, None)
    if base is None:
        return tree
    if base not in shelf.names:
        near = did_you_mean(str(base), shelf.names)
        raise ConfigError(f"{source}: no {shelf.key} '{base}'{near}")
    return merged(read_tree(str(base), shelf), tree)


class _UniqueKeys(yaml.SafeLoader):
    """Reads YAML, and refuses what YAML's own loader lets pass: a key twice in one mapping."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node; no key of a mapping that is merged in (`<<`) stands in another yet."""
        node = super().compose_node(parent, index)
        seen: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise ConfigError(f"'{key.value}' stands twice, again in line {line}: keep one")
                seen.add(key.value)
        return node


def read_yaml(path: Path) -> Tree:
    """Read a YAML file of keys and values.

    Raises:
        ConfigError: when it is not text, not YAML, gives a key twice, or has no keys at the top.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text; save the file as UTF-8") from None
    try:
        tree: object = yaml.load(text, Loader=_UniqueKeys)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that there is not
        where = str(error).replace("\n", " ")
        raise ConfigError(f"{path}: not valid YAML ({where})") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: expected keys and values at the top, as in 'seed: 42'")
    return {str(key): value for key, value in tree.items()}


def merged(base: Mapping[str, object], over: Mapping[str, object]) -> Tree:
    """Return `base` with the keys of `over` in place of its own, level by level."""
    tree = dict(base)
    for key, value in over.items():
        below = tree.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            tree[key] = merged(below, value)
        else:
            tree[key] = value
    return tree


def set_override(tree: Tree, override: str) -> None:
    """Apply one `KEY=VALUE`, the value read as YAML, to a tree in place.

    Raises:
        ConfigError: when it is not of that form.
    """
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise ConfigError(f"--set {override}: write KEY=VALUE, as in generate.samples=1000")
    set_value(tree, path, _value(text))


def _value(text: str) -> object:
    """Read a value as YAML; a text such as `an idea:` is no mapping, and may be no YAML at all.

    Nor is 2024-13-45 a date, though it looks like one.
    """
    try:
        value: object = yaml.load(text, Loader=_UniqueKeys) if text else None
    except (yaml.YAMLError, ValueError):
        return text
    return text if isinstance(value, dict) and not text.lstrip().startswith("{") else value


def set_value(tree: Tree, path: str, value: object) -> None:
    """Set the value at a path such as `generate.samples` in place."""
    *parents, last = path.strip().split(".")
    node = tree
    for parent in parents:
        below = node.get(parent)
        if not isinstance(below, dict):
            below = {}
            node[parent] = below
        node = below
    node[last] = value


def first_problem(error: ValidationError, model: type[BaseModel]) -> str:
    """Say the first problem in one line: the key, what is wrong, the nearest known key."""
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _keys_at(model, problem["loc"][:-1])
        return f"no setting '{key}'{did_you_mean(str(problem['loc'][-1]), known)}"
    if problem["type"] == "value_error":
        return ": ".join(filter(None, [key, problem["msg"].removeprefix("Value error, ")]))
    message = problem["msg"].removeprefix("Input should be ")
    return f"{key}: should be {message}, not {problem['input']!r}"


def _keys_at(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    for part in path:
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        inner = _model_in(field.annotation)
        if inner is not None:
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in typing.get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None
