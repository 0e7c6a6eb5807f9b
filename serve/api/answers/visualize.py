"""Answers with a picture of a page, and puts warnings into a header if an answer has no place for them."""

from collections.abc import Iterable, Sequence

from fastapi.responses import Response

from models.page import PageWarning
from serve.api.answers.negotiation import preferred_type
from serve.results import WarningResult

__all__ = ["WARNINGS_HEADER", "picture_response", "wants_picture", "warning_codes"]

WARNINGS_HEADER = "X-Rayocr-Warnings"


def picture_response(picture: bytes, warnings: Sequence[PageWarning]) -> Response:
    """Answer with a PNG file. The codes of warnings go into a header, since a picture has no place for them."""
    headers = {WARNINGS_HEADER: warning_codes(warnings)} if warnings else {}
    return Response(picture, media_type="image/png", headers=headers)


def warning_codes(warnings: Iterable[PageWarning | WarningResult]) -> str:
    """Write the codes of warnings, each once, as the value of that header."""
    return ", ".join(sorted({warning.code for warning in warnings}))


def wants_picture(accept: str) -> bool:
    """Whether a client prefers a picture to JSON."""
    return preferred_type(accept, ["application/json", "image/png"]) == "image/png"
