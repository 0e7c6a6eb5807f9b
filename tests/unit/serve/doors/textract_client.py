"""Requests of Textract, signed as botocore signs them."""

import json
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

__all__ = ["signed"]


def signed(operation: str, members: Any, key: str = "", client: str = "alice", **changes: str) -> dict[str, Any]:
    """Make the arguments of a POST.

    Args:
        operation: Name of the operation.
        members: What it gets.
        key: The secret key; '' for no signature.
        client: The access key.
        changes: `url`, `service`, and headers that are signed too, with "_" for "-".
    """
    url, service = changes.pop("url", "http://rayocr/"), changes.pop("service", "textract")
    content = members if isinstance(members, bytes) else json.dumps(members).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Textract.{operation}"}
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    if key:
        request = AWSRequest("POST", url, headers, content)
        SigV4Auth(Credentials(client, key), service, "eu-central-1").add_auth(request)
        headers = dict(request.headers)
    return {"url": url, "content": content, "headers": headers}
