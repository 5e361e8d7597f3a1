"""Energy is read from counter files as the kernel writes them, and from nothing else."""

import threading
from pathlib import Path

import pytest

from harmaug.evaluate.energy import Gpu, Measurement, gpus, packages
from harmaug.evaluate.profile import energy
from harmaug.guard import Guard


def zone(root: Path, folder: str, name: str, energy_uj: int, top: int = 262_143_328_850) -> Path:
    made = root / folder
    made.mkdir(parents=True)
    (made / "name").write_text(f"{name}\n")
    (made / "energy_uj").write_text(f"{energy_uj}\n")
    (made / "max_energy_range_uj").write_text(f"{top}\n")
    return made


def test_packages_are_counted_once(tmp_path: Path) -> None:
    first = zone(tmp_path, "intel-rapl:0", "package-0", 5_000_000)
    second = zone(tmp_path, "intel-rapl:1", "package-1", 7_000_000)
    inside = zone(tmp_path, "intel-rapl:0:0", "core", 1_000_000)
    platform = zone(tmp_path, "intel-rapl:2", "psys", 1_000_000)
    measurement = Measurement(packages(tmp_path))
    for folder, now in ((first, 6_500_000), (second, 7_250_000)):
        (folder / "energy_uj").write_text(f"{now}\n")
    for folder in (inside, platform):
        (folder / "energy_uj").write_text("900000000\n")
    counted = measurement.end()
    assert counted is not None
    assert counted.joules == pytest.approx(1.75) and counted.devices == "package-0, package-1"


def test_a_counter_that_started_again(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 262_143_000_000)
    measurement = Measurement(packages(tmp_path))
    (package / "energy_uj").write_text("671150\n")
    counted = measurement.end()
    assert counted is not None and counted.joules == pytest.approx(1.0)


def test_a_machine_without_a_meter_tells_nothing(tmp_path: Path) -> None:
    assert packages(tmp_path / "missing") == []
    unreadable = zone(tmp_path, "intel-rapl:0", "package-0", 1)
    (unreadable / "energy_uj").unlink()
    (unreadable / "energy_uj").mkdir()  # as unreadable as a file of root's, for root too
    assert packages(tmp_path) == []
    assert energy(Guard.load(), [("hello", None)], 1, []) == (None, None)


def test_a_meter_that_falls_silent_gives_no_figure(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 1)
    measurement = Measurement(packages(tmp_path))
    (package / "energy_uj").unlink()
    assert measurement.end() is None


def test_joules_an_example_follow_the_counter(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 0)
    done = threading.Event()

    def machine_of_hundred_watts() -> None:
        joules = 0
        while not done.wait(0.01):
            joules += 1
            (package / "new").write_text(f"{joules * 1_000_000}\n")
            (package / "new").replace(package / "energy_uj")

    running = threading.Thread(target=machine_of_hundred_watts)
    running.start()
    try:
        joules, device = energy(Guard.load(), [("hello there", None)] * 4, 4, packages(tmp_path))
    finally:
        done.set()
        running.join()
    assert device == "package-0"
    assert joules is not None and 0 < joules < 100  # some 100 W over some hundred examples a second


def test_a_gpu_without_its_driver_is_no_meter() -> None:
    import torch

    if torch.cuda.is_available():
        assert all(gpu.read() > 0 for gpu in gpus())
        return
    assert gpus() == []
    with pytest.raises(OSError, match="NVML"):
        Gpu("GPU-0", "none").read()
