"""The nets: a recognizer whose layers after the first see one row, and one of two dimensions to compare it with."""

import torch
from torch import nn
from torch.nn import functional

from tools.distil.batches import STRIDE_PX
from tools.distil.lines import HEIGHT_PX

__all__ = ["BODIES", "LineNet"]

_WIDTH = 176
_BLOCKS = 8
_REACH = 9


class LineNet(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """Reads lines: (N, 1, 32, columns) float32 to (N, columns / 4, classes) logits.

    Args:
        classes: Number of classes, with the blank, which is 0.
        body: Name of its convolutions.
    """

    def __init__(self, classes: int, body: str) -> None:
        super().__init__()
        self.body = BODIES[body]()
        self.classify = nn.Linear(_WIDTH, classes)

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        """The logits of each time step."""
        return self.classify(self.body(lines)[:, :, 0].transpose(1, 2))


class _Block(nn.Module):  # type: ignore[misc]
    """A step sees its neighbors in each channel, then the channels see each other."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(_WIDTH, _WIDTH, (1, reach), padding=(0, reach // 2), groups=_WIDTH, bias=False),
            nn.BatchNorm2d(_WIDTH),
            nn.Conv2d(_WIDTH, 2 * _WIDTH, 1, bias=False),
            nn.BatchNorm2d(2 * _WIDTH),
            nn.ReLU(),
            nn.Conv2d(2 * _WIDTH, _WIDTH, 1, bias=False),
            nn.BatchNorm2d(_WIDTH),
        )

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        return functional.relu(steps + self.layers(steps))


def one_dimensional() -> nn.Sequential:
    """A convolution of the full height, four columns apart, and blocks of one row."""
    first = nn.Conv2d(1, _WIDTH, (HEIGHT_PX, 3 * STRIDE_PX), stride=STRIDE_PX, padding=(0, STRIDE_PX), bias=False)
    second = nn.Conv2d(_WIDTH, _WIDTH, (1, 3), padding=(0, 1), bias=False)
    activated = (nn.BatchNorm2d(_WIDTH), nn.ReLU(), second, nn.BatchNorm2d(_WIDTH), nn.ReLU())
    return nn.Sequential(first, *activated, *(_Block(_REACH) for _ in range(_BLOCKS)))


class _Inverted(nn.Module):  # type: ignore[misc]
    """MobileNetV3's block without its squeeze."""

    def __init__(self, before: int, inner: int, after: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.is_residual = before == after and stride == (1, 1)
        self.layers = nn.Sequential(
            *_activated(nn.Conv2d(before, inner, 1, bias=False)),
            *_activated(nn.Conv2d(inner, inner, 3, stride=stride, padding=1, groups=inner, bias=False)),
            nn.Conv2d(inner, after, 1, bias=False),
            nn.BatchNorm2d(after),
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        found = self.layers(rows)
        return rows + found if self.is_residual else found


def _activated(convolution: nn.Conv2d) -> list[nn.Module]:
    return [convolution, nn.BatchNorm2d(convolution.out_channels), nn.Hardswish()]


def two_dimensional() -> nn.Sequential:
    """Inverted residuals that halve the height five times and the width twice."""
    return nn.Sequential(
        *_activated(nn.Conv2d(1, 16, 3, stride=2, padding=1, bias=False)),
        _Inverted(16, 48, 24, (2, 2)),
        _Inverted(24, 72, 24, (1, 1)),
        _Inverted(24, 96, 48, (2, 1)),
        _Inverted(48, 144, 48, (1, 1)),
        _Inverted(48, 192, 80, (2, 1)),
        _Inverted(80, 240, 80, (1, 1)),
        *_activated(nn.Conv2d(80, _WIDTH, (2, 1), bias=False)),
        *(_Block(_REACH) for _ in range(3)),
    )


#: Names of the nets.
BODIES = {"rows": one_dimensional, "planes": two_dimensional}
