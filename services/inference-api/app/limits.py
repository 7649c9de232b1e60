"""How many threads a run may use, and how much memory there is: the container's limits, not the machine's."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")


def usable_cpus(cgroup: Path = _CGROUP) -> int:
    """Whole processors of the quota, rounded up; of the affinity mask if there is no quota.

    ONNX Runtime would count the machine's and start as many threads, which then share the quota and stall each other.
    """
    allowed = len(os.sched_getaffinity(0))
    quota, period = _quota(cgroup)
    return max(1, min(allowed, math.ceil(quota / period))) if quota > 0 else allowed


def _quota(cgroup: Path) -> tuple[int, int]:
    """Microseconds of processor time per period of microseconds; (-1, 1) without a limit."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        return (-1, 1) if quota == "max" else (int(quota), int(period))
    except (OSError, ValueError):
        pass
    try:
        quota_v1 = int((cgroup / "cpu/cpu.cfs_quota_us").read_text())
        return quota_v1, int((cgroup / "cpu/cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return -1, 1


def available_memory(cgroup: Path = _CGROUP, meminfo: Path = _MEMINFO) -> int | None:
    """Bytes that can be taken before the kernel kills: the least of the cgroup's and the machine's; None if unknown."""
    found = [left for left in (_left_in_cgroup(cgroup), _left_in_machine(meminfo)) if left is not None]
    return min(found, default=None)


def _left_in_cgroup(cgroup: Path) -> int | None:
    for limit, used, inactive in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            bound = (cgroup / limit).read_text().strip()
            if bound == "max":
                return None
            # Page cache that nobody uses counts as used there and is given back first.
            left = int(bound) - int((cgroup / used).read_text())
            statistics = (cgroup / limit).with_name("memory.stat").read_text().split("\n")
        except (OSError, ValueError):
            continue
        cached = [int(line.split()[1]) for line in statistics if line.startswith(inactive + " ")]
        return left + sum(cached)
    return None


def _left_in_machine(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text().split("\n")
    except OSError:
        return None
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return kilobytes[0] * 1024 if kilobytes else None
