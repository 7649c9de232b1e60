"""The least that answers over HTTP in Python: no validation, no batching, no metrics. What it costs is the floor."""

from __future__ import annotations

import os

import numpy as np
import orjson
import uvicorn
from session import open_session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

session = open_session()


async def invocations(request: Request) -> Response:
    """`dataframe_split` in, `predictions` out, computed on the event loop."""
    body = orjson.loads(await request.body())
    rows = np.array(body["dataframe_split"]["data"], dtype=np.float32)
    answers = session.run(None, {"input": rows})[0]
    return Response(
        orjson.dumps({"predictions": answers.ravel()}, option=orjson.OPT_SERIALIZE_NUMPY),
        media_type="application/json",
    )


async def ping(_: Request) -> Response:
    """Answers once the session is open."""
    return Response(b"ok")


app = Starlette(routes=[Route("/invocations", invocations, methods=["POST"]), Route("/ping", ping)])

if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
