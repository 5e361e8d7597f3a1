"""The energy that work takes, where the machine has a meter that tells.

Two meters are known. Linux's powercap tree counts the joules of processor packages (RAPL of Intel
and AMD, readable for root alone on most systems) in `energy_uj`, which starts again at
`max_energy_range_uj`. NVML counts the millijoules of an NVIDIA GPU from Volta on. Both count the
whole device: what else runs on it and what it takes idle are in the figure. Virtual machines
seldom have either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

POWERCAP = Path("/sys/class/powercap")


class Meter(Protocol):
    """Counts the joules of one device."""

    @property
    def device(self) -> str:
        """Return what it counts, as a report names it."""
        ...

    def read(self) -> float:
        """Return the joules counted so far; the start is the meter's own."""
        ...

    def since(self, before: float) -> float:
        """Return the joules counted since `read` gave `before`."""
        ...


@dataclass(frozen=True)
class Package:
    """One processor package of Linux's powercap tree."""

    folder: Path

    @property
    def device(self) -> str:
        """Return the zone's own name, such as package-0."""
        return (self.folder / "name").read_text(encoding="ascii").strip()

    def read(self) -> float:
        """Return the counter in joules; OSError where it may not be read."""
        return _micro(self.folder / "energy_uj")

    def since(self, before: float) -> float:
        """Return the difference; the counter is taken to have started again at most once."""
        now = self.read()
        return now - before if now >= before else now - before + self._range()

    def _range(self) -> float:
        return _micro(self.folder / "max_energy_range_uj")


def packages(root: Path = POWERCAP) -> list[Package]:
    """Return the processor packages whose counters this process may read.

    Zones inside a package (cores, graphics, memory) and the whole platform's (psys) would count
    the same joules again.
    """
    found = []
    for folder in sorted(root.glob("intel-rapl:*")):
        package = Package(folder)
        try:
            package.read()
            if package.device.startswith("package"):
                found.append(package)
        except (OSError, ValueError):
            continue
    return found


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA GPU, by the identity that both torch and NVML know."""

    uuid: str
    device: str

    def read(self) -> float:
        """Return the joules since the driver was loaded; OSError where NVML does not tell."""
        import pynvml

        try:
            pynvml.nvmlInit()
            handle = pynvml.nvmlDeviceGetHandleByUUID(self.uuid)
            return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1e3
        except pynvml.NVMLError as error:
            raise OSError(f"NVML: {error}") from None

    def since(self, before: float) -> float:
        """Return the difference."""
        return self.read() - before


def gpus() -> list[Gpu]:
    """Return the GPU that torch uses where its counter can be read, else nothing."""
    import torch

    try:
        properties = torch.cuda.get_device_properties(torch.cuda.current_device())
        gpu = Gpu(f"GPU-{properties.uuid}", properties.name)
        gpu.read()
    except (OSError, RuntimeError, AssertionError):  # torch without CUDA asserts
        return []
    return [gpu]


@dataclass(frozen=True)
class Joules:
    """Energy and the devices that counted it."""

    joules: float
    devices: str


class Measurement:
    """The energy from its making to `end`, of all meters together."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self._begun = [(meter, meter.read()) for meter in meters]

    def end(self) -> Joules | None:
        """Return what the meters counted since; None without a meter, or where one fell silent."""
        try:
            counted = [(meter.device, meter.since(before)) for meter, before in self._begun]
        except (OSError, ValueError):
            return None
        if not counted:
            return None
        return Joules(sum(joules for _, joules in counted), ", ".join(name for name, _ in counted))


def _micro(path: Path) -> float:
    return int(path.read_text(encoding="ascii")) / 1e6
