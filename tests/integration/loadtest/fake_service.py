"""A stand-in for the network peer: answers in the service's documented shape, or fails as the picture's content says.

Run as a program; it prints its port and serves until it is ended. Started as `serve --host HOST --port PORT` it takes
that port. With the bundle `blind` it sees no text.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys

import uvicorn
from fastapi import FastAPI, UploadFile
from fastapi.responses import JSONResponse, Response

_PORT_PREFIX = "port "
_BURN = "import time\nwhile time.process_time() < 0.8: pass"

app = FastAPI()
under_way = 0
most_under_way = 0
refusals = 0
kept: list[bytearray] = []


@app.get("/seen")
async def seen() -> dict[str, int]:
    """Most requests that were under way at once, and refusals."""
    return {"most_under_way": most_under_way, "refusals": refusals}


@app.get("/readyz")
async def readyz() -> Response:
    """Answer that the service is ready."""
    return Response()


@app.post("/v1/ocr")
async def ocr(file: UploadFile) -> Response:
    """Answer with the content as one line of text, unless the content is one of the words below."""
    global under_way, most_under_way, refusals
    under_way += 1
    most_under_way = max(most_under_way, under_way)
    try:
        content = await file.read()
        match content:
            case b"unsupported":
                return _problem(415, "unsupported_type")
            case b"plain error":
                return Response("oops", status_code=500)
            case b"not an answer":
                return JSONResponse({"pages": [{}]})
            case b"redirect":
                return Response(status_code=307, headers={"Location": "http://192.0.2.1/v1/ocr"})
            case b"slow":
                await asyncio.sleep(30)
            case b"burn":
                await asyncio.to_thread(subprocess.run, [sys.executable, "-c", _BURN], check=True)
            case b"leak":
                kept.append(bytearray(os.urandom(1 << 19)))
            case b"full twice" if refusals < 2:
                refusals += 1
                return _problem(503, "overloaded", {"Retry-After": "0.05"})
            case b"full":
                return _problem(503, "overloaded", {"Retry-After": "1"})
            case _:
                await asyncio.sleep(0.02)
        return JSONResponse(_answer(content, file.filename or "", file.content_type or ""))
    finally:
        under_way -= 1


def _answer(content: bytes, filename: str, content_type: str) -> dict[str, object]:
    text = content.decode() if len(content) < 1000 else f"{len(content)} bytes of {filename} {content_type}"
    line = {"text": text, "confidence": 0.9, "polygon": [[0, 0], [9, 0], [9, 5], [0, 5]], "words": []}
    lines = [] if os.environ.get("RAYOCR_BUNDLE") == "blind" else [line]
    page = {"page": 1, "width": 9, "height": 5, "rotation": 0, "lines": lines, "text": text}
    return {"id": "1", "model": "none", "pages": [page], "text": text, "warnings": [], "timings_ms": {}}


def _problem(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps({"title": code, "status": status, "code": code})
    return Response(body, status_code=status, headers=headers, media_type="application/problem+json")


def _serve() -> None:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[-1]) if len(sys.argv) > 1 else 0))
    sys.stdout.write(f"{_PORT_PREFIX}{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    _serve()
