"""`mlflow-bootstrap buckets` against a real S3-compatible server."""

import secrets
from typing import Any

import boto3
import pytest
from conftest import Run
from servers import ObjectStore, free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def name() -> str:
    return f"mlops-{secrets.token_hex(6)}"


def client_of(store: ObjectStore) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=store.url,
        region_name=store.region,
        aws_access_key_id=store.key,
        aws_secret_access_key=store.secret,
    )


def test_each_bucket_is_created_with_versions(object_store: ObjectStore, bootstrap: Run, name: str) -> None:
    names = [f"{name}-{number}" for number in range(3)]
    outcome = bootstrap("buckets", *names, env=object_store.environment(), secret=(object_store.secret,))
    assert outcome.code == 0, outcome.text
    client = client_of(object_store)
    for bucket in names:
        assert client.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_an_overwritten_object_can_be_had_back(object_store: ObjectStore, bootstrap: Run, name: str) -> None:
    assert bootstrap("buckets", name, env=object_store.environment()).code == 0
    client = client_of(object_store)
    first = client.put_object(Bucket=name, Key="model", Body=b"one")
    client.put_object(Bucket=name, Key="model", Body=b"two")
    old = client.get_object(Bucket=name, Key="model", VersionId=first["VersionId"])
    assert old["Body"].read() == b"one"


def test_a_second_run_changes_nothing(object_store: ObjectStore, bootstrap: Run, name: str) -> None:
    assert bootstrap("buckets", name, env=object_store.environment()).code == 0
    client = client_of(object_store)
    client.put_object(Bucket=name, Key="kept", Body=b"x")
    outcome = bootstrap("buckets", name, env=object_store.environment())
    assert outcome.code == 0
    assert outcome.messages == ["the bucket exists"]
    assert client.get_object(Bucket=name, Key="kept")["Body"].read() == b"x"


def test_versions_that_were_turned_off_come_back(object_store: ObjectStore, bootstrap: Run, name: str) -> None:
    client = client_of(object_store)
    client.create_bucket(Bucket=name)
    outcome = bootstrap("buckets", name, env=object_store.environment())
    assert outcome.messages == ["the bucket exists", "turned versions on"]
    assert client.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_all_buckets_that_fail_are_named_and_the_others_made(
    object_store: ObjectStore, bootstrap: Run, name: str
) -> None:
    outcome = bootstrap("buckets", "NO", name, "al_so", env=object_store.environment())
    assert outcome.code == 1
    assert "bucket NO:" in outcome.error
    assert "bucket al_so:" in outcome.error
    assert client_of(object_store).head_bucket(Bucket=name)


def test_wrong_credentials_end_in_1(object_store: ObjectStore, bootstrap: Run, name: str) -> None:
    env = {**object_store.environment(), "AWS_SECRET_ACCESS_KEY": "wrong-on-purpose"}
    outcome = bootstrap("buckets", name, env=env, secret=("wrong-on-purpose",))
    assert outcome.code == 1
    assert "SignatureDoesNotMatch" in outcome.error


def test_no_credentials_are_a_usage_error(object_store: ObjectStore, bootstrap: Run, name: str) -> None:
    env = {key: value for key, value in object_store.environment().items() if "KEY" not in key}
    outcome = bootstrap("buckets", name, env={**env, "AWS_EC2_METADATA_DISABLED": "true"})
    assert outcome.code == 2
    assert "credentials" in outcome.error


def test_a_server_that_does_not_answer_ends_in_75(object_store: ObjectStore, bootstrap: Run, name: str) -> None:
    env = {**object_store.environment(), "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{free_port()}"}
    outcome = bootstrap("buckets", name, env=env)
    assert outcome.code == 75
    assert "does not answer" in outcome.error
