"""The server that a teacher's configuration names."""

from __future__ import annotations

import os

from harmaug.config import TeacherConfig
from harmaug.errors import ConfigError
from harmaug.llm.transport import Endpoint

SETTING = "label.teacher"


def endpoint_of(config: TeacherConfig, otherwise: str | None = None) -> Endpoint:
    """Return how a teacher's server is reached, at `otherwise` where no address is set.

    Raises:
        ConfigError: when there is no address, or it is none.
    """
    url = config.base_url or otherwise
    if url is None or not url.startswith(("http://", "https://")):
        raise ConfigError(
            f"{SETTING}.base_url: engine openai needs one, such as http://127.0.0.1:8000/v1"
        )
    return Endpoint(
        url=url,
        model=config.model,
        api_key=os.environ.get(config.api_key_env),
        api_key_env=config.api_key_env,
        concurrency=config.concurrency,
        timeout_s=config.timeout_s,
        retries=config.retries,
        setting=SETTING,
    )
