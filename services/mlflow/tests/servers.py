"""Real servers for the tests: PostgreSQL with TLS, an S3-compatible store, the Kubernetes API, MLflow. All on loopback.

PostgreSQL refuses to run as root, so under root it and its files belong to `nobody`.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg2

REPOSITORY = Path(__file__).resolve().parents[3]
BUILT = REPOSITORY / ".tools" / "bin"


def built(name: str, remedy: str) -> str:
    """The path of a program that the test set-up builds; says how where it is missing."""
    path = BUILT / name
    assert path.is_file(), f"{path} is missing: {remedy}"
    return str(path)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(
    what: str,
    condition: Callable[[], object],
    seconds: float = 120,
    needs: "subprocess.Popen[bytes] | None" = None,
) -> None:
    """Polls until the condition holds; an exception counts as not yet. Gives up when the process it needs has ended."""
    deadline, last = time.monotonic() + seconds, "false"
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except Exception as error:  # noqa: BLE001 - whatever it is, it may pass
            last = repr(error)
        if needs is not None and needs.poll() is not None:
            raise AssertionError(f"{what}: the process ended with {needs.returncode}")
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what} ({last})")


def answers(url: str) -> Callable[[], bool]:
    """A condition: a GET of this URL is answered with 200."""

    def condition() -> bool:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - loopback
            return bool(response.status == 200)

    return condition


@contextlib.contextmanager
def process(
    command: list[str],
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a server in a process group of its own, and ends the whole group."""
    environment = dict(os.environ if env is None else env)
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, stdout=out, stderr=out, env=environment, user=user, cwd=cwd, start_new_session=True
        )
        try:
            yield server
        finally:
            for signal in (15, 9):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(server.pid, signal)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(20)
                    break


@contextlib.contextmanager
def folder(owner: str | None = None) -> Iterator[Path]:
    """A temporary folder that its owner can reach; pytest's own is closed to others."""
    path = Path(tempfile.mkdtemp(prefix="mlflow-bootstrap-"))
    try:
        if owner:
            shutil.chown(path, owner)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def certificate(place: Path, subject: str) -> tuple[Path, Path, Path]:
    """A throw-away authority, and a key with a certificate for DNS:NAME or IP:ADDRESS, by openssl."""
    ca, key, cert = place / "ca.pem", place / "server.key", place / "server.pem"
    extensions = place / "extensions"
    extensions.write_text(f"subjectAltName={subject}\nbasicConstraints=CA:FALSE\n")
    for command in (
        f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests -keyout {place}/ca.key -out {ca}",
        f"req -newkey rsa:2048 -nodes -subj /CN=server -keyout {key} -out {place}/server.csr",
        f"x509 -req -in {place}/server.csr -CA {ca} -CAkey {place}/ca.key -days 2 -extfile {extensions} -out {cert}",
    ):
        subprocess.run(["openssl", *command.split()], check=True, capture_output=True)
    return ca, key, cert


class Postgres:
    """A PostgreSQL server: TLS only, passwords only (SCRAM), host name `localhost`."""

    superuser, password = "postgres", "s3cret of the 'master'"

    def __init__(self, place: Path, port: int, ca: Path) -> None:
        self.place, self.port, self.ca = place, port, ca

    def environment(self, database: str) -> dict[str, str]:
        """What the ConfigMap mlflow-database says on AWS."""
        return {
            "PGHOST": "localhost",
            "PGPORT": str(self.port),
            "PGDATABASE": database,
            "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": str(self.ca),
        }

    def uri(self, database: str, user: str, password: str) -> str:
        """The URI of the server's Secret, as components/aws/externalsecret.yaml makes it."""
        options = f"sslmode=verify-full&sslrootcert={self.ca}"
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql+psycopg2://{who}@localhost:{self.port}/{database}?{options}"

    def execute(self, statement: str, *values: object, database: str = "postgres") -> list[tuple[object, ...]]:
        """One statement as the superuser, in autocommit mode."""
        connection = psycopg2.connect(
            host="localhost", port=self.port, user=self.superuser, password=self.password, dbname=database
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def _postgres_program(name: str) -> str:
    found = shutil.which(name) or next(iter(sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))), None)
    assert found, f"{name} is missing: apt-get install postgresql"
    return found


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Runs PostgreSQL until the end of the block."""
    user = "nobody" if os.geteuid() == 0 else None
    with folder(user) as place:
        ca, key, cert = certificate(place, "DNS:localhost")
        secret = place / "password"
        secret.write_text(Postgres.password)
        for file in (key, secret, cert, ca):
            if user:
                shutil.chown(file, user)
            file.chmod(0o600 if file in (key, secret) else 0o644)
        place.chmod(0o755)
        data = place / "data"
        initdb = [_postgres_program("initdb"), "-D", str(data), "-U", Postgres.superuser, "--auth=scram-sha-256"]
        initdb += [f"--pwfile={secret}", "--no-sync", "--locale=C", "--encoding=UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=place)
        (data / "pg_hba.conf").write_text(
            "hostssl all all 127.0.0.1/32 scram-sha-256\nhostssl all all ::1/128 scram-sha-256\n"
        )
        port = free_port()
        settings = {
            "port": port, "listen_addresses": "localhost", "unix_socket_directories": "", "fsync": "off",
            "ssl": "on", "ssl_cert_file": cert, "ssl_key_file": key,
            # The worst case for a password: every statement goes to the log.
            "log_statement": "all",
        }  # fmt: skip
        command = [_postgres_program("postgres"), "-D", str(data)]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = Postgres(place, port, ca)
        with process(command, place / "log", user=user, cwd=place):
            eventually("PostgreSQL answers", lambda: server.execute("SELECT 1"))
            yield server


class ObjectStore:
    """An S3-compatible server (versitygw) on a folder, with one account."""

    key, secret, region = "testtesttesttesttest", "secret/+of=the store, 40 characters long.", "us-east-1"

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def environment(self) -> dict[str, str]:
        """What the Secret s3-credentials and components/local say."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL_S3": self.url,
        }


@contextlib.contextmanager
def object_store() -> Iterator[ObjectStore]:
    """Runs versitygw with the arguments of apps/mlflow/components/local/statefulset-s3.yaml."""
    program = built("versitygw", "hack/services.sh test mlflow builds it")
    with folder() as place:
        store = ObjectStore(port := free_port())
        for name in ("buckets", "versions"):
            (place / name).mkdir()
        command = [program, f"--port=127.0.0.1:{port}", f"--region={store.region}", "--health=/health", "--quiet"]
        command += ["posix", f"--versioning-dir={place / 'versions'}", str(place / "buckets")]
        env = {"ROOT_ACCESS_KEY_ID": store.key, "ROOT_SECRET_ACCESS_KEY": store.secret, "PATH": os.environ["PATH"]}
        with process(command, place / "log", env):
            eventually("the S3 server answers", answers(f"{store.url}/health"))
            yield store
