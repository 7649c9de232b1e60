"""The container's limits are believed, not the machine's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from app.limits import available_memory, usable_cpus

CPUS = len(os.sched_getaffinity(0))
GIB = 1 << 30


def write(path: Path, **files: str) -> Path:
    for name, content in files.items():
        file = path / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    return path


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [("max 100000", CPUS), ("25000 100000", 1), ("100000 100000", 1), ("100001 100000", min(2, CPUS))],
)
def test_a_quota_of_processors_is_rounded_up(tmp_path: Path, quota: str, cpus: int) -> None:
    assert usable_cpus(write(tmp_path, cpu_dot_max=quota)) == cpus


def test_the_older_cgroups_are_understood(tmp_path: Path) -> None:
    old = write(tmp_path, cpu__cpu_dot_cfs_quota_us="50000", cpu__cpu_dot_cfs_period_us="100000")
    assert usable_cpus(old) == 1


def test_without_a_quota_it_is_what_the_process_may_run_on(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path) == CPUS


def test_the_least_of_the_containers_and_the_machines_memory_counts(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 999 kB\nMemAvailable:    4194304 kB\n")
    container = {"memory_dot_current": str(3 * GIB), "memory_dot_stat": f"anon 5\ninactive_file {GIB}\n"}
    write(tmp_path, memory_dot_max=str(5 * GIB), **container)
    assert available_memory(tmp_path, meminfo) == 3 * GIB
    write(tmp_path, memory_dot_max=str(50 * GIB))
    assert available_memory(tmp_path, meminfo) == 4 * GIB
    write(tmp_path, memory_dot_max="max")
    assert available_memory(tmp_path, meminfo) == 4 * GIB


def test_where_nothing_is_known_nothing_is_said(tmp_path: Path) -> None:
    assert available_memory(tmp_path, tmp_path / "meminfo") is None
