"""Moves of the aliases on a real registry, on SQLite and on PostgreSQL: `promote` and `rollback`."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from crafted import Registry, tiny
from pipelines.errors import Refused, TryAgain, UsageError
from pipelines.steps import promote, rollback
from pipelines.tracking import experiment_id

from pipelines import aliases


@pytest.fixture(params=["mlflow_url", "mlflow_on_postgresql_url"], ids=["sqlite", "postgresql"])
def registry(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    url = request.getfixturevalue(request.param)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
    return Registry(url, tiny(), tmp_path)


def make(registry: Registry, *, gate: str = "pass", compared_to: str = "none", manifest: str = "a" * 64) -> str:
    """A version with tags, of which no file is ever looked at."""
    name = registry.model.name
    if not registry.client.search_registered_models(f"name = '{name}'"):
        registry.client.create_registered_model(name)
    tags = {"mlops.gate": gate, "mlops.compared_to": compared_to, "mlops.manifest": manifest}
    experiment = experiment_id(registry.client, name)
    run_id = registry.client.create_run(experiment).info.run_id
    logged = registry.client.create_logged_model(experiment, name="model", source_run_id=run_id)
    made = registry.client.create_model_version(
        name,
        source=f"models:/{logged.model_id}",
        run_id=run_id,
        model_id=logged.model_id,
        tags={tag: value for tag, value in tags.items() if value},
    )
    return str(made.version)


def state(registry: Registry) -> tuple[str | None, str | None, str | None]:
    """(champion, challenger, previous)."""
    now = aliases.read(registry.client, registry.model.name)
    return now.champion, now.challenger, now.previous


def champion_after(registry: Registry, *moves: tuple[str, str]) -> None:
    for version, before in moves:
        aliases.promote(registry.client, registry.model.name, version, before)


def test_the_first_version_becomes_champion_and_nothing_is_previous(registry: Registry) -> None:
    one = make(registry)
    done = registry.run(promote, version=one, champion="none")
    assert done["champion"] == one
    assert state(registry) == (one, None, None)


def test_the_champion_before_becomes_previous_and_the_challenger_alias_is_cleared(registry: Registry) -> None:
    one, two = make(registry), make(registry, compared_to="1")
    champion_after(registry, (one, "none"))
    registry.client.set_registered_model_alias(registry.model.name, "challenger", two)
    done = registry.run(promote, version=two, champion=one)
    assert state(registry) == (two, None, one)
    assert f"the champion is version {two}; before it was version {one}" in done.said


def test_another_challenger_keeps_its_alias(registry: Registry) -> None:
    one, two = make(registry), make(registry)
    registry.client.set_registered_model_alias(registry.model.name, "challenger", two)
    registry.run(promote, version=one, champion="none")
    assert state(registry) == (one, two, None)


def test_a_repeat_changes_nothing(registry: Registry) -> None:
    one, two = make(registry), make(registry, compared_to="1")
    champion_after(registry, (one, "none"), (two, one))
    done = registry.run(promote, version=two, champion=one)
    assert done["champion"] == two
    assert state(registry) == (two, None, one)
    assert "is the champion already" in done.said


def test_a_champion_that_changed_is_a_refusal(registry: Registry) -> None:
    one, two, three = make(registry), make(registry), make(registry)
    champion_after(registry, (one, "none"))
    with pytest.raises(Refused, match="the champion is now version 1, and no longer none"):
        registry.run(promote, version=two, champion="none")
    registry.client.delete_registered_model_alias(registry.model.name, "champion")
    with pytest.raises(Refused, match="the champion is now none, and no longer version 1"):
        registry.run(promote, version=three, champion=one)
    assert state(registry) == (None, None, None)


def test_a_version_that_is_not_fit_is_refused_with_every_reason(registry: Registry) -> None:
    one = make(registry)
    bad = make(registry, gate="fail", compared_to="none", manifest="")
    champion_after(registry, (one, "none"))
    with pytest.raises(Refused) as refused:
        registry.run(promote, version=bad, champion=one)
    for reason in (
        "measured against none, not against version 1",
        "its gate is fail, not pass",
        "no tag mlops.manifest",
    ):
        assert reason in str(refused.value)
    assert refused.value.exit_code == 65
    assert state(registry) == (one, None, None)


@pytest.mark.parametrize("number", ["99", "seven", "-1", "champion"])
def test_a_version_that_does_not_exist_is_a_refusal(registry: Registry, number: str) -> None:
    make(registry)
    with pytest.raises(Refused, match=f"has no version '{number}'"):
        registry.run(promote, version=number, champion="none")


def test_a_model_that_is_not_registered_is_a_refusal(registry: Registry) -> None:
    with pytest.raises(Refused, match="has no version '1'"):
        registry.run(promote, version="1", champion="none")
    with pytest.raises(Refused, match="has no champion to roll back from"):
        registry.run(rollback)


def test_of_two_promotions_at_once_against_one_champion_one_is_refused(registry: Registry) -> None:
    one = make(registry)
    champion_after(registry, (one, "none"))
    rivals = [make(registry, compared_to=one), make(registry, compared_to=one)]
    barrier = threading.Barrier(2)

    def race(version: str) -> str:
        barrier.wait()
        try:
            return registry.run(promote, version=version, champion=one)["champion"]
        except Refused as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(race, rivals))
    winner = next(answer for answer in answers if answer in rivals)
    refusal = next(answer for answer in answers if answer not in rivals)
    assert f"the champion is now version {winner}, and no longer version {one}" in refusal
    assert state(registry) == (winner, None, one)


def test_a_promotion_that_breaks_between_the_aliases_is_completed_by_a_repeat(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = make(registry), make(registry, compared_to="1"), make(registry, compared_to="2")
    champion_after(registry, (one, "none"), (two, one))
    with cut_off_after(registry.url, posts=1) as broken:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", broken)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(TryAgain, match=f"give the alias champion of .* to version {three}"):
            registry.run(promote, version=three, champion=two)
    assert state(registry) == (two, None, two)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.url)
    assert registry.run(promote, version=three, champion=two)["champion"] == three
    assert state(registry) == (three, None, two)


def test_an_unreachable_registry_is_try_again(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(TryAgain) as failed:
            registry.run(promote, version="1", champion="none")
    assert failed.value.exit_code == 75
    assert str(failed.value).startswith("could not read version 1 of")


def test_a_registry_that_nobody_named_is_a_usage_error(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    with pytest.raises(UsageError, match="MLFLOW_TRACKING_URI"):
        registry.run(promote, version="1", champion="none")


def test_rollback_goes_to_previous_and_says_from_where_to_where(registry: Registry) -> None:
    one, two = make(registry), make(registry, compared_to="1")
    champion_after(registry, (one, "none"), (two, one))
    done = registry.run(rollback)
    assert done["champion"] == one
    assert state(registry) == (one, None, two)
    assert f"the champion is version {one} again; version {two} was left" in done.said


def test_a_repeated_rollback_does_not_go_forward_again(registry: Registry) -> None:
    one, two = make(registry), make(registry, compared_to="1")
    champion_after(registry, (one, "none"), (two, one))
    for _ in range(3):
        assert registry.run(rollback)["champion"] == one
    assert state(registry) == (one, None, two)


def test_a_version_that_was_rolled_back_from_is_not_promoted_by_the_next_training(registry: Registry) -> None:
    one, two = make(registry), make(registry, compared_to="1")
    champion_after(registry, (one, "none"), (two, one))
    registry.run(rollback)
    with pytest.raises(Refused, match=f"rolled back from, to version {one}; `rollback --to={two}` takes that back"):
        registry.run(promote, version=two, champion=one)
    assert registry.run(rollback, to=two)["champion"] == two
    assert state(registry) == (two, None, one)


def test_after_a_new_promotion_previous_is_a_way_back_again(registry: Registry) -> None:
    one, two, three = make(registry), make(registry, compared_to="1"), make(registry, compared_to="1")
    champion_after(registry, (one, "none"), (two, one))
    registry.run(rollback)
    champion_after(registry, (three, one))
    assert registry.run(rollback)["champion"] == one
    assert state(registry) == (one, None, three)


def test_rollback_to_a_number_and_to_an_alias(registry: Registry) -> None:
    one, two, three = make(registry), make(registry, compared_to="1"), make(registry, compared_to="2")
    champion_after(registry, (one, "none"), (two, one), (three, two))
    assert registry.run(rollback, to=one)["champion"] == one
    assert state(registry) == (one, None, three)
    registry.client.set_registered_model_alias(registry.model.name, "steady", two)
    assert registry.run(rollback, to="steady")["champion"] == two
    assert registry.run(rollback, to="champion")["champion"] == two


@pytest.mark.parametrize(
    ("posts", "broken_at"), [(0, "roll .* back"), (1, "give the alias previous"), (2, "give the alias champion")]
)
def test_a_rollback_that_breaks_anywhere_is_completed_by_a_repeat(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, posts: int, broken_at: str
) -> None:
    one, two = make(registry), make(registry, compared_to="1")
    champion_after(registry, (one, "none"), (two, one))
    with cut_off_after(registry.url, posts=posts) as broken:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", broken)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with pytest.raises(TryAgain, match=broken_at):
            registry.run(rollback)
    assert state(registry)[0] == two
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.url)
    assert registry.run(rollback)["champion"] == one
    assert state(registry) == (one, None, two)


def test_rollback_refuses_what_is_not_there_or_not_fit(registry: Registry) -> None:
    one, two = make(registry), make(registry, compared_to="1")
    failed, unsigned = make(registry, gate="fail"), make(registry, manifest="")
    champion_after(registry, (one, "none"))
    with pytest.raises(Refused, match=rf"has no alias 'previous'; it has champion \(version {one}\)"):
        registry.run(rollback)
    champion_after(registry, (two, one))
    for to, reason in (
        ("99", "has no version '99'"),
        (failed, "its gate is fail"),
        (unsigned, "no tag mlops.manifest"),
    ):
        with pytest.raises(Refused, match=reason):
            registry.run(rollback, to=to)
    assert state(registry) == (two, None, one)


@contextmanager
def cut_off_after(url: str, *, posts: int) -> Iterator[str]:
    """A proxy in front of the server that lets this many POST requests through and hangs up on the next ones."""
    host, port = url.removeprefix("http://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))
    here = f"127.0.0.1:{listener.getsockname()[1]}".encode()
    passed = 0

    def serve(client: socket.socket) -> None:
        nonlocal passed
        with client, socket.create_connection((host, int(port))) as server:
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            while part := client.recv(65536):
                if part.startswith(b"POST "):
                    passed += 1
                    if passed > posts:
                        client.shutdown(socket.SHUT_RDWR)
                        return
                server.sendall(part.replace(b"Host: " + here, b"Host: " + f"{host}:{port}".encode()))

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://{here.decode()}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Copy what comes until either side hangs up."""
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
