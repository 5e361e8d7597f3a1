"""The server that a configuration names, and how it is asked."""

from __future__ import annotations

import os
from dataclasses import dataclass

import httpx

from harmaug.config import LLMConfig, TeacherConfig
from harmaug.errors import ConfigError


@dataclass(frozen=True)
class Endpoint:
    """Which server, and how it is asked. `setting` is where the configuration names it."""

    url: str
    model: str
    api_key: str | None
    api_key_env: str
    concurrency: int
    timeout_s: float
    retries: int
    backoff_s: float = 0.5
    setting: str = "llm"


def endpoint_of(
    config: LLMConfig | TeacherConfig, setting: str, otherwise: str | None = None
) -> Endpoint:
    """Return how a model's server is reached, at `otherwise` where no address is set.

    Raises:
        ConfigError: naming the setting, when server or model is not named, or the key's variable.
    """
    if config.model is None:
        raise ConfigError(f"{setting}.model: openai needs the name that the server knows")
    url = config.base_url or otherwise
    if url is None or not url.startswith(("http://", "https://")):
        raise ConfigError(
            f"{setting}.base_url: openai needs an address, such as http://127.0.0.1:8000/v1"
        )
    if not _is_address(url):
        raise ConfigError(f"{setting}.base_url: '{url}' is no address that can be reached")
    return Endpoint(
        url=url,
        model=config.model,
        api_key=_key(config.api_key_env),
        api_key_env=config.api_key_env,
        concurrency=config.concurrency,
        timeout_s=config.timeout_s,
        retries=config.retries,
        setting=setting,
    )


def _is_address(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return bool(parsed.host) and (parsed.port is None or 0 < parsed.port < 2**16)


def _key(variable: str) -> str | None:
    """Read the key; files of secrets often end in a newline. A wrong one is not quoted."""
    key = os.environ.get(variable, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(f"the environment variable {variable} has characters that no key has")
    return key or None
