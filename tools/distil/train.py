"""Trains a line net on drawn lines.

python -m tools.distil.train OUTPUT_FOLDER [--start-from NET.onnx --seed 1] [--lines 1000000]

It goes on where an earlier run into the same folder ended, and needs the environment of `make distil-tools` and the
fonts and words of `make distil-data`.
"""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rapidfuzz.distance import Levenshtein
from torch.nn import functional

from tools.distil.batches import Batch, Drawer, batch_of, chunks, read_classes
from tools.distil.net import BODIES, LineNet

__all__ = ["main"]

_RATE = 2e-3
_WARM_UP_LINES = 8_000
_LEAST_RATE = 0.02
_LARGEST_GRADIENT = 5.0
# Blank steps are three of four, and the first that a net learns.
_BLANK_WEIGHT = 0.3
# The places of characters guide the net in the beginning; later it may choose its time steps itself.
_PLACED_LINES = 120_000
_LEAST_PLACED = 0.1
# The teacher counts half as much as the text, and not where it reads a character that the net does not have.
_TAUGHT_WEIGHT = 0.5
_LEAST_KNOWN = 0.7
_VALIDATION_LINES = 800
_VALIDATION_SEED = 1_000_003
_SAVE_EVERY_S = 120.0


@dataclass
class Progress:
    """How far a training is.

    Args:
        lines: Lines that the net has seen.
        chunk: Number of the next chunk of lines.
        losses: Lines seen, and the mean loss of the lines before.
        errors: Lines seen, and the character error rate on lines of validation.
    """

    lines: int = 0
    chunk: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    errors: list[tuple[int, float]] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train until as many lines were seen as asked for."""
    options = _options().parse_args(arguments)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    classes = read_classes(options.charset)
    device = torch.device(options.device)
    net = LineNet(len(classes) + 1, options.body).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=1e-2, fused=True)
    progress = Progress()
    options.output.mkdir(parents=True, exist_ok=True)
    saved = options.output / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, map_location=device, weights_only=True)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        progress = Progress(**state["progress"])
        print(f"goes on after {progress.lines:,} lines", flush=True)
    elif options.start_from is not None:
        from tools.distil.export import read_weights

        net.load_state_dict(read_weights(options.start_from))
    numbers = {character: number for number, character in enumerate(classes, 1)}
    drawer = Drawer(options.data, classes, _VALIDATION_SEED, for_validation=True)
    drawn = sorted(drawer.lines(0, _VALIDATION_LINES), key=lambda line: line.pixels.shape[1])
    kept = [batch_of(drawn[start : start + 25], numbers) for start in range(0, len(drawn), 25)]
    _train(net, optimizer, progress, options, device, (classes, kept))


def _train(
    net: LineNet,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    options: argparse.Namespace,
    device: torch.device,
    validation: tuple[list[str], list[Batch]],
) -> None:
    classes, kept = validation
    started = saved_s = told_s = checked_s = time.monotonic()
    first, losses = progress.lines, []
    make = partial(Drawer, options.data, classes, options.seed, options.batch_columns, options.taught)
    for batches in chunks(make, progress.chunk, options.workers):
        for batch in batches:
            for group in optimizer.param_groups:
                group["lr"] = options.rate * _share_of_rate(progress.lines, options.lines)
            placed = _LEAST_PLACED if options.start_from else max(_LEAST_PLACED, 1 - progress.lines / _PLACED_LINES)
            losses.append(_learn(net, optimizer, batch, device, placed))
            progress.lines += len(batch.targets)
        progress.chunk += 1
        now = time.monotonic()
        is_done = progress.lines >= options.lines
        if now - told_s > 30 or is_done:
            speed = (progress.lines - first) / (now - started)
            progress.losses.append((progress.lines, float(np.mean(losses))))
            print(f"{progress.lines:,} lines, {speed:.0f} a second, loss {progress.losses[-1][1]:.3f}", flush=True)
            losses, told_s = [], now
        if now - checked_s > options.validate_every_s or is_done:
            progress.errors.append((progress.lines, _error_rate(net, kept, classes, device)))
            print(f"{progress.lines:,} lines: character error rate {progress.errors[-1][1]:.4f}", flush=True)
            checked_s = time.monotonic()
        if now - saved_s > _SAVE_EVERY_S or is_done:
            _save(net, optimizer, progress, options.output)
            saved_s = time.monotonic()
        if is_done:
            return


def _learn(net: LineNet, optimizer: torch.optim.Optimizer, batch: Batch, device: torch.device, places: float) -> float:
    """One step of training, in which the places of characters have a weight. Returns the loss without them."""
    # CPUs without instructions for bf16 compute it 15 times slower.
    has_bf16 = device.type != "cpu" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    with torch.autocast(device.type, torch.bfloat16, enabled=has_bf16):
        logits = net(_inputs(batch, device))
    logits = logits.float()
    steps = torch.from_numpy(batch.steps).to(device)
    lengths = torch.tensor([len(target) for target in batch.targets])
    of_steps = torch.full((len(lengths),), logits.shape[1])
    flat = torch.tensor([number for target in batch.targets for number in target], device=device)
    by_step = logits.log_softmax(dim=2)
    ctc = functional.ctc_loss(by_step.transpose(0, 1), flat, of_steps, lengths, reduction="none", zero_infinity=True)
    loss = (ctc / lengths.to(device)).mean()
    weights = torch.ones(logits.shape[2], device=device)
    weights[0] = _BLANK_WEIGHT
    placed = functional.nll_loss(by_step.transpose(1, 2), steps, weights, ignore_index=-1)
    total = loss + places * torch.nan_to_num(placed)
    if batch.taught is not None:
        total = total + _TAUGHT_WEIGHT * _of_teacher(by_step, torch.from_numpy(batch.taught).to(device))
    optimizer.zero_grad()
    total.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), _LARGEST_GRADIENT)
    optimizer.step()
    return float(loss.detach())


def _of_teacher(by_step: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """Cross entropy to the teacher's probabilities, at the steps that it told."""
    known = taught.sum(dim=2)
    weights = torch.where(known > _LEAST_KNOWN, 1 - (1 - _BLANK_WEIGHT) * taught[:, :, 0], 0)
    return -((taught / known.clamp(min=_LEAST_KNOWN)[:, :, None] * by_step).sum(dim=2) * weights).sum() / weights.sum()


def _inputs(batch: Batch, device: torch.device) -> torch.Tensor:
    pixels = torch.from_numpy(batch.pixels)[:, None].to(device)
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def _share_of_rate(lines: int, all_lines: int) -> float:
    if lines < _WARM_UP_LINES:
        return (lines + 200) / (_WARM_UP_LINES + 200)
    done = min(1.0, (lines - _WARM_UP_LINES) / max(1, all_lines - _WARM_UP_LINES))
    return _LEAST_RATE + (1 - _LEAST_RATE) * (1 + math.cos(math.pi * done)) / 2


def _error_rate(net: LineNet, batches: Sequence[Batch], classes: Sequence[str], device: torch.device) -> float:
    """Edits for each character of the lines' texts."""
    net.eval()
    edits = characters = 0
    with torch.no_grad():
        for batch in batches:
            found = net(_inputs(batch, device)).argmax(dim=2).cpu().numpy()
            for row, target in zip(found, batch.targets, strict=True):
                kept = row[np.concatenate([[True], row[1:] != row[:-1]])]
                edits += Levenshtein.distance(kept[kept > 0].tolist(), target)
                characters += len(target)
    net.train()
    return edits / characters


def _save(net: LineNet, optimizer: torch.optim.Optimizer, progress: Progress, folder: Path) -> None:
    """Write the checkpoint, and draw the curve."""
    fresh = folder / "checkpoint.new"
    state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "progress": vars(progress)}
    torch.save(state, fresh)
    fresh.replace(folder / "checkpoint.pt")
    from matplotlib.figure import Figure

    figure = Figure((7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*progress.losses, strict=True) if progress.losses else ([], []), label="loss (CTC, a character)")
    axes.plot(*zip(*progress.errors, strict=True) if progress.errors else ([], []), "o-", label="error rate, new fonts")
    axes.set(xlabel="lines seen", yscale="log")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(folder / "curve.png", dpi=110)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.distil.train", description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder of the checkpoint and the curve")
    parser.add_argument("--data", type=Path, default=Path(".cache/distil/debian"), help="Debian's packages, unpacked")
    parser.add_argument("--charset", type=Path, default=Path("tools/distil/latin/latin.txt"))
    parser.add_argument("--start-from", type=Path, help="an ONNX file of an earlier training; give another --seed")
    parser.add_argument("--body", choices=sorted(BODIES), default="rows")
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines after which it ends")
    parser.add_argument("--rate", type=float, default=_RATE, help="highest rate of learning")
    parser.add_argument("--taught", type=float, default=0.0, help="share of the lines that the teacher reads too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch-columns", type=int, default=4_000, help="columns of a batch; more for a GPU")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw ahead")
    parser.add_argument("--validate-every-s", type=float, default=400.0)
    return parser


if __name__ == "__main__":
    main()
