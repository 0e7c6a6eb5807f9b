"""When an answer is a picture instead of JSON."""

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response

from models.page import PageWarning

__all__ = ["picture_response", "wants_picture"]


def wants_picture(request: Request, visualize: bool) -> bool:
    """Whether the client asked for a picture: `?visualize=true`, or an Accept that names PNG and not JSON."""
    accept = request.headers.get("accept", "")
    return visualize or ("image/png" in accept and "application/json" not in accept)


def picture_response(picture: bytes, warnings: Sequence[PageWarning]) -> Response:
    """A PNG file; the warnings' codes go into a header, since a picture has no place for them."""
    headers = {"X-Rayocr-Warnings": ", ".join(sorted({warning.code for warning in warnings}))} if warnings else {}
    return Response(picture, media_type="image/png", headers=headers)
