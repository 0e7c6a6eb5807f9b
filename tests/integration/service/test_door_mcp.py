"""The Model Context Protocol with the SDK's own client: over HTTP, and `rayocr mcp` over stdin and stdout."""

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import CallToolResult

from tests.minio import MinioServer
from tests.nets import QUICK_NETS
from tests.pictures import drawn_page, encoded
from tests.ray_node import environment_of_users
from tests.service import RunningService

_PNG = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_TEXT = "INVOICE 2041\nTOTAL 13.50\n"


def _texts(result: CallToolResult) -> list[str]:
    return [block.text for block in result.content if block.type == "text"]


async def _finished(client: Client, job_id: str) -> CallToolResult:
    while (result := await client.call_tool("job_result", {"job_id": job_id})).structured_content is not None:
        assert result.structured_content["state"] in {"queued", "running"}, result
        await asyncio.sleep(0.1)
    return result


async def _tried(client: Client, document: dict[str, Any]) -> None:
    """Call each tool with one document."""
    assert _texts(await client.call_tool("read_document", document)) == [_TEXT]
    found = await client.call_tool("detect_text", document)  # the client checks it against the schema
    assert len(found.structured_content["pages"][0]["lines"]) == 2
    begun = await client.call_tool("start_job", document)
    assert _texts(await _finished(client, begun.structured_content["job_id"])) == [_TEXT]
    assert "PDF" in json.loads((await client.read_resource("rayocr://formats")).contents[0].text)["documents"]  # type: ignore[union-attr]


async def test_each_tool_over_http(service: RunningService, minio: MinioServer) -> None:
    bucket = minio.bucket()
    minio.client.put_object(Bucket=bucket, Key="a.png", Body=_PNG)
    async with Client(f"{service.url}/mcp") as client:
        await _tried(client, {"content": base64.b64encode(_PNG).decode(), "name": "a.png"})
        assert _texts(await client.call_tool("read_document", {"source": f"s3://{bucket}/a.png"})) == [_TEXT]
        for of_the_service in ("file:///etc/passwd", "/etc/passwd"):
            refused = await client.call_tool("read_document", {"source": of_the_service})
            assert refused.is_error
            assert refused.structured_content["code"] in {"access_denied", "malformed"}, refused


async def test_each_tool_over_stdin_and_stdout(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_PNG)
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "serve.cli", "mcp"],
        env={**environment_of_users(), **QUICK_NETS},
        cwd=Path(__file__).parents[3],
    )
    async with Client(command) as client:
        await _tried(client, {"path": str(tmp_path / "a.png")})
        missing = await client.call_tool("read_document", {"path": str(tmp_path / "b.png")})
        assert (missing.is_error, missing.structured_content["code"]) == (True, "source_not_found")
