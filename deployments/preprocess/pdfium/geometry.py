"""Maps between the planes of a PDF page: user space, the page as a person sees it, and its pixels."""

import ctypes
from typing import Any, NamedTuple

from deployments.preprocess.pdfium.library import pdfium

__all__ = ["Matrix", "Spread", "matrix_of", "page_matrix"]

_UNIT = 10_000

Spread = tuple[float, float, float, float]
"""A box as (x of the middle, y of the middle, half the width, half the height)."""


class Matrix(NamedTuple):
    """An affine map as PDF writes it: x' = a x + c y + e, y' = b x + d y + f (ISO 32000-1, 8.3.3)."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def after(self, first: "Matrix") -> "Matrix":
        """Chain two maps: the result does `first` and then this one."""
        return Matrix(
            self.a * first.a + self.c * first.b,
            self.b * first.a + self.d * first.b,
            self.a * first.c + self.c * first.d,
            self.b * first.c + self.d * first.d,
            self.a * first.e + self.c * first.f + self.e,
            self.b * first.e + self.d * first.f + self.f,
        )

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Map a point."""
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def spread(self, left: float, bottom: float, right: float, top: float) -> Spread:
        """Map a box, and give the smallest upright box around the result."""
        x, y, across, along = (left + right) / 2, (bottom + top) / 2, (right - left) / 2, (top - bottom) / 2
        return (
            self.a * x + self.c * y + self.e,
            self.b * x + self.d * y + self.f,
            abs(self.a * across) + abs(self.c * along),
            abs(self.b * across) + abs(self.d * along),
        )


def matrix_of(page_object: Any) -> Matrix:
    """Find the map from an object's own space to that of the page or form that holds it."""
    raw = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(page_object, raw):
        return Matrix(1, 0, 0, 1, 0, 0)
    return Matrix(raw.a, raw.b, raw.c, raw.d, raw.e, raw.f)


def page_matrix(page: Any) -> Matrix:
    """Find the map from user space to the page as a person sees it, with CropBox and Rotate applied.

    On that page, x and y run from 0 to 1, y downwards.
    """
    origin, right, down = (_to_page(page, x, y) for x, y in ((0, 0), (_UNIT, 0), (0, _UNIT)))
    # This is the map back, from the unit square to user space.
    a, b = right[0] - origin[0], right[1] - origin[1]
    c, d = down[0] - origin[0], down[1] - origin[1]
    determinant = a * d - b * c
    if determinant == 0:
        return Matrix(1, 0, 0, 1, 0, 0)
    inverse = Matrix(d / determinant, -b / determinant, -c / determinant, a / determinant, 0, 0)
    e, f = inverse.point(*origin)
    return inverse._replace(e=-e, f=-f)


def _to_page(page: Any, x: int, y: int) -> tuple[float, float]:
    page_x, page_y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDF_DeviceToPage(page, 0, 0, _UNIT, _UNIT, 0, x, y, page_x, page_y)
    return page_x.value, page_y.value
