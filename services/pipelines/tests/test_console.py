"""A person at a terminal sees progress; a collector of logs reads JSON."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from pipelines.console import Console
from pipelines.errors import Refused


def test_off_a_terminal_every_line_is_json_with_step_and_model() -> None:
    stream = io.StringIO()
    console = Console("ingest", "digits", stream)
    console.info("took a month", month="2013-01", path=Path("raw"))
    with console.progress("ingest", total=2) as bar:
        bar.advance()
        bar.advance()
    console.error(Refused("source: empty", remedy="fill it", file="source"))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["info", "info", "error"]
    assert all((line["step"], line["model"]) == ("ingest", "digits") for line in lines)
    assert lines[0]["fields"] == {"month": "2013-01", "path": "raw"}
    assert (lines[1]["fields"]["done"], lines[1]["fields"]["total"]) == (2, 2)
    assert lines[2]["message"] == "source: empty: fill it"
    assert lines[2]["fields"] == {"exit_code": 65, "file": "source"}


def test_work_that_fails_is_not_told_as_done() -> None:
    stream = io.StringIO()
    console = Console("ingest", "digits", stream)

    def work() -> None:
        with console.progress("ingest", total=2):
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - whatever it is, it passes through
        work()
    assert stream.getvalue() == ""


def test_on_a_terminal_progress_is_shown_and_no_json(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    base = [sys.executable, "-m", "pipelines"]
    arguments = ["--model=digits", f"--in={tmp_path}", f"--out={tmp_path}"]
    subprocess.run([*base, "seed", *arguments], check=True, capture_output=True)
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen([*base, "ingest", *arguments], stderr=theirs, env=env) as process:
        os.close(theirs)
        shown = read_all(ours)
    assert process.returncode == 0
    assert "100%" in shown
    assert "pipelines ingest: took 12 months" in shown
    assert '{"time"' not in shown


def read_all(terminal: int) -> str:
    """Read a terminal until the other side closes it, which Linux tells as an I/O error."""
    content = b""
    while True:
        try:
            content += os.read(terminal, 65536)
        except OSError:
            os.close(terminal)
            return content.decode()
