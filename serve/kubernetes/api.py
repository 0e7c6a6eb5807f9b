"""Requests to the API server of Kubernetes, with the service account of this pod."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ConfigurationError, Overloaded, RayocrError

if TYPE_CHECKING:
    import httpx

__all__ = ["Object", "fetch", "patch"]

Object = Mapping[str, Any]
"""An object of Kubernetes, as its API gives it in JSON."""

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_S = 10.0


def fetch(path: str) -> Object:
    """Fetch an object.

    Args:
        path: Its path, such as `/apis/ray.io/v1/namespaces/ocr/rayservices/rayocr`.

    Raises:
        ConfigurationError: This is not a pod with a service account, or the account may not do this.
        Overloaded: Kubernetes does not answer.
        RayocrError: It answers with another error.
    """
    return _ask("GET", path)


def patch(path: str, changes: Object) -> Object:
    """Change fields of an object (JSON merge patch), and return it. Errors are those of `fetch`."""
    return _ask("PATCH", path, json=changes, headers={"Content-Type": "application/merge-patch+json"})


def _ask(method: str, path: str, **options: Any) -> Object:
    import httpx

    try:
        with _client() as client:
            answer = client.request(method, path, **options)
    except httpx.TransportError as exc:
        raise Overloaded(f"Kubernetes does not answer: {exc or type(exc).__name__}") from exc
    if answer.status_code in (401, 403):
        raise ConfigurationError(f"Kubernetes refuses this pod's service account {path} ({answer.status_code})")
    if not answer.is_success:
        raise RayocrError(f"Kubernetes answered {answer.status_code} for {path}: {answer.text[:200]}")
    content: Object = answer.json()
    return content


def _client() -> "httpx.Client":
    import ssl

    import httpx

    try:
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        # Kubernetes replaces the token before it runs out, so it is read for each request.
        headers = {"Authorization": f"Bearer {(_ACCOUNT / 'token').read_text(encoding='ascii').strip()}"}
        trusted = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
    except (KeyError, OSError) as exc:
        raise ConfigurationError(f"this is not a pod of Kubernetes with a service account: {exc!r}") from exc
    address = f"[{host}]" if ":" in host else host
    base = f"https://{address}:{port}"
    return httpx.Client(base_url=base, headers=headers, verify=trusted, timeout=_TIMEOUT_S, trust_env=False)
