"""The command `inference-api`: the service on uvloop and httptools, in one process. `--help` lists its settings.

One process per pod: a second would be a second copy of the model.
Exit codes: 0 after a drain; 64 wrong settings; 1 a bug.
"""

from __future__ import annotations

import math
import sys

import uvicorn
from pydantic import ValidationError

from app import logs
from app.auth import KeysFileInvalid
from app.drain import DrainingServer
from app.http_settings import HttpSettings
from app.main import create_app
from app.service import Service

EXIT_USAGE = 64


def settings_text() -> str:
    """Return one line per setting: its name, default and meaning."""
    lines = ["usage: inference-api, with settings from the environment:"]
    for name, field in HttpSettings.model_fields.items():
        default = "" if field.default in (None, ()) else f" [{field.default}]"
        lines.append(f"  {name.upper():32}{field.description or ''}{default}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run until a signal. Returns the exit code."""
    if sys.argv[1:]:
        sys.stdout.write(settings_text())
        return 0 if sys.argv[1:] in (["--help"], ["-h"]) else EXIT_USAGE
    try:
        settings = HttpSettings()
        logs.configure(settings.log_level)
        service = Service(settings)
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            name = "_".join(map(str, one["loc"])).upper() or "settings"
            sys.stderr.write(f"inference-api: {name}: {one['msg']}\n")
        return EXIT_USAGE
    except KeysFileInvalid as error:
        sys.stderr.write(f"inference-api: API_KEYS_FILE: {error}\n")
        return EXIT_USAGE
    config = uvicorn.Config(
        create_app(settings, service),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=math.ceil(settings.request_timeout_seconds) + 1,
    )
    DrainingServer(config, service).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
