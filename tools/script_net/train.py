"""Trains the script net on drawn lines, and writes it as ONNX.

python -m tools.script_net.train LINES.npz OUTPUT.onnx

It runs in the environment of `make import-tools`, which has PyTorch.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

_BATCH = 128
_EPOCHS = 14
_WIDTHS = (16, 32, 48, 64, 96)


class ScriptNet(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """Convolutions over a line of 32 rows, whose columns are pooled.

    Takes (N, 32, columns) uint8, the ink of lines. Gives (N, scripts + 1) float32: the probabilities of the scripts,
    and that of a line which is upside down.
    """

    def __init__(self, scripts: int) -> None:
        super().__init__()
        one, two, three, four, five = _WIDTHS
        self.layers = nn.Sequential(
            *_block(1, one, 5, (2, 2)),
            *_block(one, two, 3, (2, 2)),
            *_block(two, three, 3, (2, 1)),
            *_block(three, four, 3, (2, 1)),
            nn.Conv2d(four, five, (2, 3), padding=(0, 1), bias=False),
            nn.BatchNorm2d(five),
            nn.ReLU(),
        )
        self.classify = nn.Linear(2 * five, scripts + 1)

    def logits(self, lines: torch.Tensor) -> torch.Tensor:
        """The log odds of the scripts, and of a line that is upside down."""
        columns = self.layers(lines[:, None].float() / 255)[:, :, 0]
        return self.classify(torch.cat([columns.mean(dim=2), columns.amax(dim=2)], dim=1))

    def forward(self, lines: torch.Tensor) -> torch.Tensor:
        """The probabilities, of (N, 32, columns) uint8."""
        found = self.logits(lines)
        return torch.cat([found[:, :-1].softmax(dim=1), found[:, -1:].sigmoid()], dim=1)


def _block(before: int, after: int, size: int, stride: tuple[int, int]) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, size, stride=stride, padding=size // 2, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]


def main(drawn: Path, output: Path) -> None:
    """Train, tell how many lines kept aside are told right, and write the net."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    data = np.load(drawn)
    lines, classes = torch.from_numpy(data["lines"]), torch.from_numpy(data["classes"])
    scripts = int(classes.max()) + 1
    order = torch.randperm(len(lines))
    kept, used = order[:3000], order[3000:]
    net = ScriptNet(scripts)
    steps = _EPOCHS * (len(used) // _BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for epoch in range(_EPOCHS):
        started, total = time.monotonic(), 0.0
        shuffled = used[torch.randperm(len(used))]
        for start in range(0, len(shuffled) - _BATCH + 1, _BATCH):
            chosen = shuffled[start : start + _BATCH]
            loss = _loss(net, _varied(lines[chosen]), classes[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(
            f"epoch {epoch}: loss {total * _BATCH / len(used):.3f}, {_right(net, lines[kept], classes[kept])}, "
            f"{time.monotonic() - started:.0f} s",
            flush=True,
        )
    net.eval()
    names = {"input_names": ["lines"], "output_names": ["probabilities"]}
    torch.onnx.export(net, (lines[:2],), str(output), dynamo=False, dynamic_axes={"lines": {0: "lines"}}, **names)


def _varied(lines: torch.Tensor) -> torch.Tensor:
    """The lines with other widths, other contrast, and a part of them blank."""
    size = (lines.shape[1], lines.shape[2])
    wide = int(size[1] * float(torch.empty(1).uniform_(0.75, 1.3)))
    changed = functional.interpolate(lines[:, None].float(), (size[0], wide), mode="bilinear", align_corners=False)
    changed = functional.pad(changed, (0, max(0, size[1] - wide)))[..., : size[1]]
    shift = int(torch.randint(-2, 3, (1,)))
    changed = torch.roll(changed, shift, dims=2)
    contrast = torch.empty(len(lines), 1, 1, 1).uniform_(0.7, 1.4)
    changed = changed * contrast + torch.randn_like(changed) * torch.empty(len(lines), 1, 1, 1).uniform_(0, 14)
    return changed[:, 0].clamp(0, 255)


def _loss(net: ScriptNet, lines: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    is_turned = torch.rand(len(lines)) < 0.4
    lines = torch.where(is_turned[:, None, None], lines.flip(1, 2), lines)
    found = net.logits(lines)
    turned = functional.binary_cross_entropy_with_logits(found[:, -1], is_turned.float())
    return functional.cross_entropy(found[:, :-1], classes, label_smoothing=0.03) + 0.4 * turned


def _right(net: ScriptNet, lines: torch.Tensor, classes: torch.Tensor) -> str:
    net.eval()
    with torch.no_grad():
        found, turned = net(lines), net(lines.flip(1, 2))
    net.train()
    script = (found[:, :-1].argmax(dim=1) == classes).float().mean()
    way = ((found[:, -1] < 0.5).float().mean() + (turned[:, -1] >= 0.5).float().mean()) / 2
    return f"script right {script:.3f}, way up right {way:.3f}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
