"""Draws pictures of known words, to find out whether a service can read."""

import cv2
import numpy as np

__all__ = ["word_picture"]

_MARGIN_PX = 32
_SCALE = 2.0
_STROKE_PX = 4


def word_picture(text: str) -> bytes:
    """Draw one line of text, black on white.

    Args:
        text: The line in ASCII.

    Returns:
        A PNG file.
    """
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, _SCALE, _STROKE_PX)
    canvas = np.full((height + below + 2 * _MARGIN_PX, width + 2 * _MARGIN_PX, 3), 255, dtype=np.uint8)
    start = (_MARGIN_PX, _MARGIN_PX + height)
    cv2.putText(canvas, text, start, cv2.FONT_HERSHEY_SIMPLEX, _SCALE, (0, 0, 0), _STROKE_PX, cv2.LINE_AA)
    _, encoded = cv2.imencode(".png", canvas)
    return encoded.tobytes()
