"""Whatever breaks around it, what serves goes on serving, says what is wrong, and catches up when it is mended."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from app import loading
from app.cache import ModelCache
from app.failures import ReloadFailed
from app.registry import VersionRecord
from app.serving import Serving
from app.settings import Settings

from tests import crafted, models, servers
from tests.conftest import CLOSED, Start, refuses, serves, until
from tests.line import Line
from tests.publish import publish

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

FIRST, SECOND = models.packed(shift=100.0), models.packed(shift=200.0)


async def answer(serving: Serving) -> float:
    with serving.champion() as lease:
        outputs = await serving.predict(lease, {"x": np.zeros((1, 3))}, 1)
        return float(outputs["score"][0, 0])


async def warm_cache(client: MlflowClient, name: str, start: Start) -> str:
    """Publish, let a service load it, and end that service."""
    version = publish(client, name, FIRST, "champion")
    async with start() as serving:
        await serves(serving, version)
        await until("it is remembered", lambda: remembered(serving) is not None)
    return version


def remembered(serving: Serving) -> VersionRecord | None:
    return serving._cache.remembered("champion")


# The registry


async def test_with_the_registry_down_at_the_start_the_last_champion_serves(
    client: MlflowClient, name: str, start: Start, mlflow_server: servers.Mlflow
) -> None:
    first = await warm_cache(client, name, start)
    async with Line(mlflow_server.url) as line:
        await line.cut()
        async with start(mlflow_tracking_uri=line.url) as serving:
            await serves(serving, first)
            state = serving.state()
            assert state.ready
            assert state.champion.from_cache
            assert "does not answer" in (state.champion.registry_error or "")
            assert state.champion.registry_silent
            assert await answer(serving) == 100.0
            second = publish(client, name, SECOND, "champion")
            await line.mend()
            serving.reload_now()
            await serves(serving, second)
            assert not serving.state().champion.from_cache
            assert serving.state().champion.registry_error is None


async def test_with_the_registry_down_and_nothing_cached_the_service_is_alive_and_says_why(start: Start) -> None:
    async with start(mlflow_tracking_uri=CLOSED) as serving:
        await until("it was asked", lambda: serving.state().champion.registry_error)
        state = serving.state()
        assert not state.ready
        assert f"MLflow at {CLOSED} does not answer" in (state.why_not or "")


async def test_a_registry_that_goes_away_later_is_not_noticed_by_requests(
    client: MlflowClient, name: str, start: Start, mlflow_server: servers.Mlflow
) -> None:
    first = publish(client, name, FIRST, "champion")
    async with Line(mlflow_server.url) as line, start(mlflow_tracking_uri=line.url) as serving:
        await serves(serving, first)
        answered = serving.state().champion.last_answer
        await line.cut()
        await until("it is noticed", lambda: serving.state().champion.registry_error)
        assert serving.state().ready
        assert await answer(serving) == 100.0
        await line.mend()
        serving.reload_now()
        await until("it is over", lambda: serving.state().champion.registry_error is None)
        assert (serving.state().champion.last_answer or 0) > (answered or 0)


async def test_a_registry_that_is_slow_holds_nothing_up(
    client: MlflowClient, name: str, start: Start, mlflow_server: servers.Mlflow
) -> None:
    first = publish(client, name, FIRST, "champion")
    async with (
        Line(mlflow_server.url) as line,
        start(mlflow_tracking_uri=line.url, mlflow_http_request_timeout=0.5) as serving,
    ):
        await serves(serving, first)
        line.delay = 30.0
        await until("it is noticed", lambda: "Timeout" in (serving.state().champion.registry_error or ""))
        assert await answer(serving) == 100.0


async def test_a_registry_that_is_down_is_asked_less_and_less_often(
    client: MlflowClient, name: str, start: Start, mlflow_server: servers.Mlflow
) -> None:
    first = publish(client, name, FIRST, "champion")
    async with Line(mlflow_server.url) as line, start(mlflow_tracking_uri=line.url, poll_seconds=0.01) as serving:
        await serves(serving, first)
        await line.cut()
        follower = serving._champion
        await until("it was asked in vain often", lambda: follower.contact.silent_polls >= 6)
        assert follower._pause() > 0.3


async def test_what_answers_in_the_registrys_place_and_is_not_mlflow_is_named(start: Start, tmp_path: Path) -> None:
    other = servers.Server(tmp_path, ["true"], "")
    port = servers.free_port()
    other.command = ["python3", "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    other.health = f"http://127.0.0.1:{port}/"
    other.start()
    try:
        async with start(mlflow_tracking_uri=f"http://127.0.0.1:{port}") as serving:
            await until("it was asked", lambda: serving.state().champion.registry_error)
            assert "answers 404 not as MLflow does" in (serving.state().champion.registry_error or "")
    finally:
        other.stop()


# The files


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.Store]:
    """An S3-compatible server with the bucket `models`, which client and service find in the environment."""
    store = servers.store(tmp_path / "s3")
    store.start()
    for key, value in store.client_environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", store.client_environment["AWS_ENDPOINT_URL_S3"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    store.client().create_bucket(Bucket="models")
    yield store
    store.stop()


async def test_files_come_from_s3(client: MlflowClient, name: str, start: Start, bucket: servers.Store) -> None:
    assert bucket.process
    version = publish(client, name, FIRST, "champion", artifacts=f"s3://models/{name}")
    async with start() as serving:
        await serves(serving, version)
        assert await answer(serving) == 100.0


@pytest.mark.parametrize("form", ["{path}", "file://{path}"])
async def test_files_come_from_a_folder(
    client: MlflowClient, name: str, start: Start, tmp_path: Path, form: str
) -> None:
    folder = tmp_path / "with a space"
    version = publish(client, name, FIRST, "champion", artifacts=form.format(path=folder))
    async with start() as serving:
        await serves(serving, version)


async def test_with_s3_down_the_old_version_serves_and_the_new_one_follows_when_it_is_back(
    client: MlflowClient, name: str, start: Start, bucket: servers.Store
) -> None:
    first = publish(client, name, FIRST, "champion", artifacts=f"s3://models/{name}")
    async with start(mlflow_http_request_timeout=2) as serving:
        await serves(serving, first)
        second = publish(client, name, SECOND, artifacts=f"s3://models/{name}")
        bucket.stop()
        client.set_registered_model_alias(name, "champion", second)
        assert (await refuses(serving, second)).startswith("unreachable: s3://models/")
        assert serving.state().ready
        assert await answer(serving) == 100.0
        bucket.start()
        serving.reload_now()
        await serves(serving, second)
        assert serving.state().champion.failed_version is None


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def flip(path: Path) -> None:
    path.write_bytes(flipped(path.read_bytes()))


@pytest.mark.parametrize(
    "case",
    [
        (flipped, "model.onnx is not the file that was registered"),
        (lambda content: content[:-7], "it is cut short"),
        (lambda content: content * 2, "is longer than"),
        (lambda _: None, "there is no file"),
    ],
    ids=["flipped", "truncated", "longer", "missing"],
)
async def test_an_object_that_was_changed_is_refused_and_taken_when_it_is_whole(
    client: MlflowClient,
    name: str,
    start: Start,
    bucket: servers.Store,
    case: tuple[Callable[[bytes], bytes | None], str],
) -> None:
    damage, why = case
    first = publish(client, name, FIRST, "champion", artifacts=f"s3://models/{name}")
    async with start() as serving:
        await serves(serving, first)
        s3 = bucket.client()

        def keys() -> set[str]:
            found = s3.list_objects_v2(Bucket="models", Prefix=f"{name}/")["Contents"]
            return {entry["Key"] for entry in found if entry["Key"].endswith("/model.onnx")}

        before = keys()
        second = publish(client, name, SECOND, artifacts=f"s3://models/{name}")
        [key] = keys() - before  # by name: both may be of the same second
        damaged = damage(SECOND.model)
        if damaged is None:
            s3.delete_object(Bucket="models", Key=key)
        else:
            s3.put_object(Bucket="models", Key=key, Body=damaged)
        client.set_registered_model_alias(name, "champion", second)
        message = await refuses(serving, second)
        assert message.startswith("bad_package: ")
        assert why in message
        assert await answer(serving) == 100.0
        assert not list(serving._cache._folder.glob(".incoming-*"))
        s3.put_object(Bucket="models", Key=key, Body=SECOND.model)
        serving.reload_now()
        await serves(serving, second)


async def test_an_object_that_rotted_in_the_store_is_refused(
    client: MlflowClient, name: str, start: Start, bucket: servers.Store
) -> None:
    version = publish(client, name, FIRST, artifacts=f"s3://models/{name}")
    [stored] = bucket.folder.glob("buckets/models/**/model.onnx")
    flip(stored)
    client.set_registered_model_alias(name, "champion", version)
    async with start() as serving:
        assert "its checksum differs" in await refuses(serving, version)


async def test_a_bucket_that_is_not_there_is_named(
    client: MlflowClient, name: str, start: Start, bucket: servers.Store
) -> None:
    version = publish(client, name, FIRST, "champion", artifacts=f"s3://models/{name}")
    (bucket.folder / "buckets" / "models").rename(bucket.folder / "gone")
    async with start() as serving:
        assert await refuses(serving, version) == "denied: there is no bucket models"
        assert "there is no bucket models" in (serving.state().why_not or "")


async def test_wrong_credentials_are_named(
    client: MlflowClient, name: str, start: Start, bucket: servers.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bucket.process
    version = publish(client, name, FIRST, "champion", artifacts=f"s3://models/{name}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not the one")
    async with start() as serving:
        assert "denied: s3://models answers 403" in await refuses(serving, version)


# What is in them


@pytest.mark.parametrize(
    "case",
    [
        (SECOND, {"tags": {"mlops.manifest": None}}, "bad_package: version 2"),
        (
            SECOND,
            {"before_manifest": lambda f: (f / "model.onnx").write_bytes(b"\x80\x04cos\nsystem\n")},
            "bad_package",
        ),
        (SECOND, {"before_manifest": lambda f: (f / "golden.json").unlink()}, "does not list golden.json"),
        (SECOND, {"after_manifest": lambda f: flip(f / "MLmodel")}, "MLmodel is not the file that was registered"),
        (
            SECOND,
            {"before_manifest": lambda f: (f / "model.onnx").write_bytes(crafted.external("/etc/passwd"))},
            "keeps tensors in another file",
        ),
        (replace(SECOND, golden=FIRST.golden), {}, "golden: the golden request has another answer"),
        (replace(SECOND, model=models.packed(shift=float("nan")).model), {}, "golden: "),
        (replace(SECOND, model=models.packed(width=4).model), {}, "bad_model: "),
    ],
    ids=["tag", "pickle", "no-golden", "changed", "external-data", "golden", "nan", "graph"],
)
async def test_a_version_that_may_not_serve_does_not(
    client: MlflowClient, name: str, start: Start, case: tuple[models.Version, dict[str, Any], str]
) -> None:
    version, how, why = case
    first = publish(client, name, FIRST, "champion")
    async with start() as serving:
        await serves(serving, first)
        second = publish(client, name, version, "champion", **how)
        assert why in await refuses(serving, second)
        assert serving.state().ready
        assert await answer(serving) == 100.0
        registry = serving.test_registry  # type: ignore[attr-defined]
        assert registry.get_sample_value("inference_reload_failed", {"role": "champion"}) == 1
        third = publish(client, name, SECOND, "champion")
        await serves(serving, third)
        assert registry.get_sample_value("inference_reload_failed", {"role": "champion"}) == 0


async def test_a_version_that_failed_is_not_tried_again_and_again(
    client: MlflowClient, name: str, start: Start
) -> None:
    first = publish(client, name, FIRST, "champion")
    async with start(poll_seconds=0.01, retry_max_seconds=600) as serving:
        await serves(serving, first)
        second = publish(client, name, replace(SECOND, golden=FIRST.golden), "champion")
        await refuses(serving, second)
        follower = serving._champion
        await until("it was tried a few times", lambda: follower.failure is not None and follower.failure.tries >= 4)
        waits = serving.state().champion
        assert (waits.next_try or 0) - (waits.last_poll or 0) > 0.1
        client.set_registered_model_alias(name, "champion", first)
        await until("the failure is forgotten", lambda: serving.state().champion.failed_version is None)


async def test_a_failed_version_at_a_cold_start_leaves_the_last_good_one_serving(
    client: MlflowClient, name: str, start: Start
) -> None:
    first = await warm_cache(client, name, start)
    second = publish(client, name, replace(SECOND, golden=FIRST.golden), "champion")
    async with start() as serving:
        await serves(serving, first)
        assert serving.state().champion.failed_version == second
        assert await answer(serving) == 100.0


async def test_a_model_that_fails_on_a_request_fails_that_request_only(
    client: MlflowClient, name: str, start: Start
) -> None:
    version = publish(client, name, crafted.fails_on_run(), "champion")
    async with start() as serving:
        await serves(serving, version)
        with serving.champion() as lease:
            with pytest.raises(Exception, match="failed to run"):
                await serving.predict(lease, {"index": np.array([[9]])}, 1)
            outputs = await serving.predict(lease, {"index": np.array([[1]])}, 1)
            assert outputs["value"].tolist() == [[20.0]]


# The machine


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """A full disk, as far as a process without root can make one: writing beyond `size` bytes fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk_is_named_and_the_old_version_serves(client: MlflowClient, name: str, start: Start) -> None:
    first = publish(client, name, models.heavy(width=64, layers=1), "champion")
    second = publish(client, name, models.heavy(width=64, layers=2))
    async with start() as serving:
        await serves(serving, first)
        with no_file_longer_than(6000):
            client.set_registered_model_alias(name, "champion", second)
            message = await refuses(serving, second)
            assert message.startswith("disk_full: no room to write ")
        assert serving.state().ready
        serving.reload_now()
        await serves(serving, second)


async def test_a_version_too_large_for_the_disk_is_refused_before_it_is_fetched(
    client: MlflowClient, name: str, start: Start
) -> None:
    more_than_there_is = os.statvfs("/").f_frsize * os.statvfs("/").f_blocks * 100
    lie = {"before_manifest": None, "after_manifest": lambda folder: crafted.enlarge(folder, more_than_there_is)}
    version = publish(client, name, FIRST, "champion", **lie)  # type: ignore[arg-type]
    async with start(model_max_bytes=more_than_there_is * 2) as serving:
        message = await refuses(serving, version)
        assert message.startswith("disk_full: no room in ")
        assert "bytes are needed" in message


async def test_too_little_memory_is_named_and_the_old_version_serves(
    client: MlflowClient, name: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(client, name, FIRST, "champion")
    async with start() as serving:
        await serves(serving, first)
        monkeypatch.setattr(loading, "available_memory", lambda: 1)
        second = publish(client, name, SECOND, "champion")
        assert (await refuses(serving, second)).startswith("memory: version 2 needs about ")
        assert serving.state().ready


async def test_a_corrupt_cache_heals_itself(client: MlflowClient, name: str, start: Start) -> None:
    first = await warm_cache(client, name, start)
    async with start() as serving:
        folder = serving._cache._folder
        await serves(serving, first)
    [cached] = folder.glob("1-*/model.onnx")
    flip(cached)
    async with start() as serving:
        await serves(serving, first)
        assert serving.state().champion.failed_version is None


async def test_a_corrupt_cache_without_the_registry_is_said_to_be_that(
    client: MlflowClient, name: str, start: Start
) -> None:
    first = await warm_cache(client, name, start)
    async with start() as serving:
        folder = serving._cache._folder
        await serves(serving, first)
    flip(next(iter(folder.glob("1-*/model.onnx"))))
    async with start(mlflow_tracking_uri=CLOSED) as serving:
        await until("it was tried", lambda: serving.state().champion.failed_version)
        assert not serving.state().ready


async def test_old_versions_leave_the_cache(client: MlflowClient, name: str, start: Start) -> None:
    async with start(model_cache_keep=1) as serving:
        for shift in range(4):
            version = publish(client, name, models.packed(shift=float(shift)), "champion")
            await serves(serving, version)

        def cached() -> list[str]:
            return sorted(path.name.split("-")[0] for path in serving._cache._folder.glob("[0-9]*-*"))

        await until("only the last two are left", lambda: cached() == ["3", "4"])


async def test_a_version_that_kills_the_process_is_not_loaded_at_once_by_the_next(
    client: MlflowClient, name: str, start: Start, settings: Callable[..., Settings]
) -> None:
    first = await warm_cache(client, name, start)
    second = publish(client, name, SECOND, "champion")
    wanted = settings()
    cache = ModelCache(wanted.model_cache_dir, name, wanted.model_cache_keep)
    record = VersionRecord(name, second, "run", client.get_model_version(name, second).tags)
    with cache.loading(record):
        note = (cache._folder / "loading.json").read_bytes()
    (cache._folder / "loading.json").write_bytes(note)  # as a process leaves it that is killed in the block
    async with start(poll_seconds=1) as serving:
        await serves(serving, first)
        assert serving.state().champion.failed_reason == "crashed"
        serving.reload_now()
        await serves(serving, second)


async def test_a_cache_that_cannot_be_written_ends_the_start_with_a_reason(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReloadFailed, match="cannot write"):
        await start(model_cache_dir=tmp_path / "file").__aenter__()
