"""The workflows of `workflows/base` without a cluster: the same commands, artefacts as folders, parameters as files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import spawn


@dataclass
class Argo:
    """Runs steps of one model; `store` is where features are kept between workflows, as the bucket does it."""

    model: str
    folder: Path
    environment: Mapping[str, str]
    log: list[str] = field(default_factory=list)

    @property
    def store(self) -> Path:
        return self.folder / "store"

    def step(
        self, name: str, *, artifacts: Mapping[str, Path] | None = None, expect: int = 0, **parameters: str
    ) -> Out:
        """Run a step as a pod does: an empty `in` with its artefacts, an empty `out`, and nothing else."""
        pod = self.folder / f"{len(self.log):02}-{name}"
        (pod / "in").mkdir(parents=True)
        for artifact, source in (artifacts or {}).items():
            (pod / "in" / artifact).symlink_to(source.resolve())
        arguments = [f"--{parameter}={value}" for parameter, value in parameters.items()]
        done = spawn(
            name,
            f"--in={pod / 'in'}",
            f"--out={pod / 'out'}",
            f"--model={self.model}",
            *arguments,
            env=self.environment,
        )
        self.log.append(done.stderr)
        assert done.returncode == expect, f"{name} ended with {done.returncode}:\n{done.stderr}"
        return Out(pod / "out", done.stderr)

    def prepare(self, source: Path, month: str) -> Prepared:
        """ingest → validate → features: the template `prepare`; features that are in the store are not made again."""
        plan = self.step("ingest", artifacts={"source": source}, month=month)
        self.step("validate", artifacts={"raw": plan.folder / "raw"})
        features = self.store / plan["feature-set"]
        partitions = []
        for planned in json.loads(plan["months"]):
            there = features / planned["month"] / planned["key"]
            if not there.is_dir():
                raw = plan.folder / "raw" / planned["month"]
                made = self.step("features", artifacts={"raw": raw}, month=planned["month"], key=planned["key"])
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copytree(made.folder / "features", there)
                (there.parent / f"{planned['key']}.json").write_text(made["partition"])
            partitions.append(json.loads((there.parent / f"{planned['key']}.json").read_text()))
        return Prepared(plan["month"], features, json.dumps(partitions), json.loads(plan["candidates"]))

    def train(self, prepared: Prepared, candidates: Sequence[str]) -> str:
        """train, once per candidate; returns `--runs`."""
        runs = [
            self.step(
                "train",
                artifacts={"features": prepared.features},
                month=prepared.month,
                candidate=candidate,
                partitions=prepared.partitions,
            )["run"]
            for candidate in candidates
        ]
        return f"[{','.join(runs)}]"

    def decide(self, prepared: Prepared, runs: str) -> Decided:
        """evaluate → register → promote (if the gate says so): the template `evaluate-and-promote`."""
        answer = self.step(
            "evaluate",
            artifacts={"features": prepared.features},
            month=prepared.month,
            runs=runs,
            partitions=prepared.partitions,
        )
        evaluation, gate, champion = answer.folder / "evaluation", answer["gate"], answer["champion"]
        registered = self.step(
            "register", artifacts={"evaluation": evaluation}, run=answer["run"], gate=gate, champion=champion
        )
        version = registered["version"]
        if answer["gate"] == "pass":
            promoted = self.step("promote", version=version, champion=answer["champion"])
            assert promoted["champion"] == version
        result = json.loads((evaluation / "evaluation.json").read_text())
        return Decided(answer["gate"], version, answer["champion"], result, evaluation)


@dataclass(frozen=True)
class Out:
    """What a step left behind."""

    folder: Path
    said: str

    def __getitem__(self, parameter: str) -> str:
        return (self.folder / parameter).read_text().rstrip("\n")


@dataclass(frozen=True)
class Prepared:
    month: str
    features: Path
    partitions: str
    candidates: list[str]


@dataclass(frozen=True)
class Decided:
    gate: str
    version: str
    champion: str
    result: dict[str, Any]
    evaluation: Path
