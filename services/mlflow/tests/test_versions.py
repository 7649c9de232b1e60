"""One MLflow everywhere: its clients and its server must match, and old ones have known holes."""

import re

import pytest
from packaging.version import Version
from servers import REPOSITORY

# 3.17.1 and older: CVE-2026-53995; 3.17.0 was the first without CVE-2026-116690 and CVE-2026-115886.
FLOOR = Version("3.17.2")
_PIN = re.compile(r"^(mlflow(?:-skinny|-tracing)?)==([^ ;\\]+)", re.MULTILINE)


def pins() -> dict[str, set[str]]:
    """Lock file by lock file, the versions of MLflow's packages in it."""
    files = sorted(REPOSITORY.glob("services/*/requirements*.txt"))
    found = {str(file.relative_to(REPOSITORY)): {pin[2] for pin in _PIN.finditer(file.read_text())} for file in files}
    return {name: versions for name, versions in found.items() if versions}


def test_every_service_has_the_same_mlflow() -> None:
    assert {"services/mlflow/requirements.txt", "services/pipelines/requirements.txt"} <= pins().keys()
    assert len(set.union(*pins().values())) == 1, pins()


@pytest.mark.parametrize("file", pins())
def test_no_mlflow_is_older_than_the_floor(file: str) -> None:
    assert min(map(Version, pins()[file])) >= FLOOR
