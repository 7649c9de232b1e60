"""The argument `--runs`: which candidates were trained, as `train` reported them."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from pipelines.errors import UsageError


@dataclass(frozen=True)
class TrainedRun:
    """One trained candidate: its name, the run it was logged in and the logged model."""

    candidate: str
    run_id: str
    model_id: str

    def as_json(self) -> dict[str, str]:
        """The form in which it goes from step to step."""
        return {"candidate": self.candidate, "run_id": self.run_id, "model_id": self.model_id}


def parse_run(text: str, argument: str = "--run") -> TrainedRun:
    """Read one {candidate, run_id, model_id}. Raises UsageError that lists every fault."""
    run = _load(text, argument)
    if faults := _faults(run, ""):
        raise UsageError(f"{argument}: " + "; ".join(faults))
    return _run(run)


def parse_runs(text: str, argument: str = "--runs") -> tuple[TrainedRun, ...]:
    """Read a JSON array of them, each candidate once. Raises UsageError that lists every fault by its JSON pointer."""
    runs = _load(text, argument)
    if not isinstance(runs, list) or not runs:
        raise UsageError(f"{argument} must be a JSON array of at least one {{candidate, run_id, model_id}}")
    faults = [fault for index, run in enumerate(runs) for fault in _faults(run, f"/{index}")]
    if not faults:
        names = [run["candidate"] for run in runs]
        faults = [f"{name} is there {names.count(name)} times" for name in sorted(set(names)) if names.count(name) > 1]
    if faults:
        raise UsageError(f"{argument}: " + "; ".join(faults))
    return tuple(_run(run) for run in runs)


def _load(text: str, argument: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{argument} is not JSON: {error}") from error


def _faults(run: object, pointer: str) -> list[str]:
    if not isinstance(run, dict):
        return [f"{pointer or '/'} is not an object {{candidate, run_id, model_id}}"]
    return [
        f"{pointer}/{name} must be a string that is not empty"
        for name in ("candidate", "run_id", "model_id")
        if not (isinstance(run.get(name), str) and run[name])
    ]


def _run(run: object) -> TrainedRun:
    assert isinstance(run, dict)  # noqa: S101 - for mypy: _faults has looked
    return TrainedRun(run["candidate"], run["run_id"], run["model_id"])
