"""`mlflow-bootstrap buckets`: what Terraform does on AWS, for an S3-compatible server: buckets with versions."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError, ParamValidationError
from botocore.exceptions import ConnectionError as NoConnection

from mlflow_bootstrap import log
from mlflow_bootstrap.errors import BootstrapError, Misuse, Unreachable

_TRY_AGAIN = 500


def run(names: list[str]) -> None:
    """Creates each bucket that is missing and turns its versions on. Tries all, and reports all that fail together."""
    client = boto3.client("s3", config=Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard"}))
    faults = []
    for name in names:
        try:
            _ensure(client, name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _TRY_AGAIN:
                raise Unreachable(f"bucket {name}: {error}") from None
            faults.append(f"bucket {name}: {error}")
        except (HTTPClientError, NoConnection) as error:
            raise Unreachable(f"bucket {name}: the S3 server does not answer: {error}") from None
        except (NoCredentialsError, ParamValidationError) as error:
            raise Misuse(f"bucket {name}: {error}") from None
        except BotoCoreError as error:
            faults.append(f"bucket {name}: {error}")
    if faults:
        raise BootstrapError("; ".join(faults))


def _ensure(client: Any, name: str) -> None:
    try:
        client.create_bucket(Bucket=name)
        log.say("created the bucket", bucket=name)
    except client.exceptions.BucketAlreadyOwnedByYou:
        log.say("the bucket exists", bucket=name)
    if client.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        log.say("turned versions on", bucket=name)
