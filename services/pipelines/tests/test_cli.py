"""What a caller may rely on: exit codes, one clear message, and nothing left behind by a step that failed."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import coins
import pytest
from pipelines.cli import STEPS
from support import log, spawn

READY = ("seed", "ingest", "validate", "features")


def last(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    """Return the last line of the log, after checking what every failure has in common."""
    line: dict[str, object] = log(done)[-1]
    assert line["level"] == "error"
    assert "\n" not in str(line["message"])
    return line


def test_no_step_or_an_unknown_one_is_a_usage_error_that_lists_the_steps() -> None:
    for arguments in ((), ("fly",)):
        done = spawn(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
    assert all(name in spawn("--help").stdout for name in STEPS)


@pytest.mark.parametrize("step", READY)
def test_help_says_what_a_step_reads_and_writes(step: str) -> None:
    done = spawn(step, "--help")
    assert done.returncode == 0
    assert "writes  --out/" in done.stdout
    assert step == "seed" or "reads   --in/" in done.stdout


def test_an_unknown_model_is_a_usage_error_that_names_those_there_are(tmp_path: Path) -> None:
    done = spawn("seed", "--model=weather", f"--out={tmp_path}")
    assert done.returncode == 2
    message = str(last(done)["message"])
    assert "'weather'" in message
    assert "digits, flight-delay" in message


def test_a_missing_input_folder_is_a_usage_error_that_names_it(tmp_path: Path) -> None:
    done = spawn("ingest", "--model=digits", "--in", str(tmp_path), "--out", str(tmp_path))
    assert done.returncode == 2
    assert str(tmp_path / "source") in str(last(done)["message"])


def test_a_bug_is_exit_code_1_with_the_traceback_in_the_log_only(tmp_path: Path) -> None:
    env = coins.write(tmp_path / "models", seed="(folder / 'half').write_text('x'); raise KeyError('a\\nb')")
    done = spawn("seed", "--model=coins", f"--out={tmp_path / 'out'}", env=env)
    assert done.returncode == 1
    line = last(done)
    assert str(line["message"]).startswith("KeyError")
    assert "in seed" in str(line["fields"])
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_is_try_again_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # /dev/full gives the kernel's own ENOSPC, to anybody, without a file system of one's own.
    full = "(folder / 'half').write_text('x'); open('/dev/full', 'wb', 0).write(b'x')"
    env = coins.write(tmp_path / "models", seed=full)
    done = spawn("seed", "--model=coins", f"--out={tmp_path / 'out'}", env=env)
    assert done.returncode == 75
    message = str(last(done)["message"])
    assert message.startswith(f"no room left to write in {tmp_path / 'out'}")
    assert "free some space" in message
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("step", ["seed", "ingest"])
def test_a_disk_that_fills_up_midway_is_told_the_same_way(tmp_path: Path, step: str) -> None:
    assert spawn("seed", "--model=digits", f"--out={tmp_path}").returncode == 0
    out = tmp_path / "out"
    # A limit on the size of a file, where there is no root to mount a small disk: writes are cut off midway alike.
    done = spawn(
        step,
        "--model=digits",
        f"--in={tmp_path}",
        f"--out={out}",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert done.returncode == 75
    assert "no room left to write" in str(last(done)["message"])
    assert list(out.iterdir()) == []


def test_a_failed_step_keeps_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    env = coins.write(tmp_path / "models", seed="import os; os.environ.get('BREAK') and (1 / 0)")
    assert spawn("seed", "--model=coins", f"--out={tmp_path}", env=env).returncode == 0
    before = (tmp_path / "source" / "coins-2014-01.csv").read_bytes()
    assert spawn("seed", "--model=coins", f"--out={tmp_path}", env={**env, "BREAK": "1"}).returncode == 1
    assert (tmp_path / "source" / "coins-2014-01.csv").read_bytes() == before


def test_an_interrupt_is_130_and_leaves_nothing_behind(tmp_path: Path) -> None:
    env = coins.write(tmp_path / "models", seed="import signal; (folder / 'started').touch(); signal.pause()")
    out = tmp_path / "out"
    # A shell starts what runs in the background with interrupts ignored, and Python then keeps it so.
    program = ["env", "--default-signal=INT", sys.executable, "-m", "pipelines"]
    command = [*program, "seed", "--model=coins", f"--out={out}"]
    with subprocess.Popen(command, env={**os.environ, **env}, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not list(out.glob("*/source/started")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(told.splitlines()[-1])["message"] == "interrupted"
    assert list(out.iterdir()) == []


def test_what_a_killed_step_left_is_swept_by_the_next(tmp_path: Path) -> None:
    env = coins.write(tmp_path / "models")
    (tmp_path / "out" / ".partial" / "source").mkdir(parents=True)
    (tmp_path / "out" / ".partial" / "source" / "coins-1999-01.csv").write_text("half")
    assert spawn("seed", "--model=coins", f"--out={tmp_path / 'out'}", env=env).returncode == 0
    assert min(path.name for path in (tmp_path / "out" / "source").iterdir()) == "coins-2014-01.csv"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["source"]


def test_preparing_data_loads_neither_mlflow_nor_the_libraries_of_training(tmp_path: Path) -> None:
    program = f"""
import sys
from pipelines import cli
for step in ("seed", "ingest"):
    assert cli.main([step, "--model=digits", "--in={tmp_path}", "--out={tmp_path}"]) == 0
from pipelines import models
models.load("flight-delay")
print([name for name in ("mlflow", "lightgbm", "onnx", "matplotlib") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
