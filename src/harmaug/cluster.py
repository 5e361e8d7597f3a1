"""The Ray cluster of this process: the one that RAY_ADDRESS names, or one started here."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from harmaug.errors import ServerError, require

require("ray", "a Ray cluster", "ray")
import ray  # noqa: E402
import ray.data  # noqa: E402
from ray.util.annotations import RayDeprecationWarning  # noqa: E402

__all__ = ["connect", "gpus", "is_named", "quiet", "ray"]


def is_named() -> bool:
    """Say whether the environment names a cluster."""
    return "RAY_ADDRESS" in os.environ


def connect(workers: int) -> None:
    """Reach the cluster once a process; one that is started here has room for `workers`.

    Nothing is told to Ray's makers unless RAY_USAGE_STATS_ENABLED says so.

    Raises:
        ServerError: when no cluster answers at RAY_ADDRESS.
    """
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    cores = None if is_named() else max(os.cpu_count() or 1, workers)
    with quiet():
        try:
            ray.init(num_cpus=cores, logging_level=logging.ERROR, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError):
            if not is_named():
                raise
            raise ServerError(
                f"no Ray cluster at RAY_ADDRESS={os.environ['RAY_ADDRESS']}: start one with "
                "`ray start --head`, or unset it"
            ) from None
    ray.data.DataContext.get_current().enable_progress_bars = False
    # Which parameters are on their way out is for the bound on Ray's version in pyproject.toml.
    warnings.filterwarnings("ignore", category=RayDeprecationWarning)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Ray's notices from the terminal, now and afterwards: each start of it asks for them."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        logging.getLogger("ray").setLevel(logging.ERROR)
        for handler in logging.getLogger("ray.data").handlers:
            if isinstance(handler, logging.StreamHandler):  # its file keeps what it says
                handler.setLevel(logging.CRITICAL)


def gpus() -> float:
    """Return how many GPUs the cluster has now."""
    return float(ray.cluster_resources().get("GPU", 0.0))
