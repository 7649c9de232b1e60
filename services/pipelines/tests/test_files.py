"""Results come into being all at once, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from pipelines.errors import Refused, UsageError

from pipelines import files


def test_results_appear_only_when_the_block_ends(tmp_path: Path) -> None:
    with files.publish(tmp_path / "out") as out:
        (out / "raw").mkdir()
        (out / "raw" / "a").write_text("1")
        files.write_parameter(out, "month", "2013-01")
        assert [path.name for path in (tmp_path / "out").iterdir()] == [files.PARTIAL]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["month", "raw"]


def test_a_repeated_step_replaces_its_results(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with files.publish(tmp_path) as out:
            (out / "raw").mkdir()
            (out / "raw" / name).write_text(name)
            files.write_parameter(out, "month", name)
    assert [path.name for path in (tmp_path / "raw").iterdir()] == ["new"]
    assert (tmp_path / "month").read_text() == "new\n"


def test_an_exception_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "month").write_text("old\n")

    def fail() -> None:
        with files.publish(tmp_path) as out:
            files.write_parameter(out, "month", "new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["month"]
    assert (tmp_path / "month").read_text() == "old\n"


def test_a_parameter_is_one_line_of_text_or_json(tmp_path: Path) -> None:
    files.write_parameter(tmp_path, "text", "2013-01")
    files.write_parameter(tmp_path, "list", [{"month": "2013-01"}])
    assert (tmp_path / "text").read_text() == "2013-01\n"
    assert (tmp_path / "list").read_text() == '[{"month":"2013-01"}]\n'
    with pytest.raises(ValueError, match="more than one line"):
        files.write_parameter(tmp_path, "two", "a\nb")


def test_a_missing_artefact_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="source"):
        files.artifact(tmp_path, "source")


@pytest.mark.parametrize("content", [None, b"{", b"[]"])
def test_what_should_be_a_json_object_and_is_not_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(Refused, match=r"manifest\.json"):
        files.read_json(tmp_path / "manifest.json")
