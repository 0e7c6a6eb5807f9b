"""Trains a CRNN and a DBNet of ModelScope's for some minutes on drawn lines, so that they read, with no hub at hand.

A net of full width learns too slowly on a CPU. So one of the same class with a part of its channels is trained and
then set into the full net, whose other channels stay zero: the full net computes the very same.
"""

import random
from collections.abc import Callable

import cv2
import numpy as np
import torch
from modelscope.models.cv.ocr_detection.modules.dbnet import DBModel
from modelscope.models.cv.ocr_recognition.modules.CRNN.main_model import CRNN
from torch import nn

from tests.modelscope.drawn import ALPHABET, draw_line, draw_page, draw_text

__all__ = ["trained_crnn", "trained_dbnet"]

# The shares of channels that are trained, as divisors.
_CRNN_PART, _DBNET_PART = 8, 8
# Some layers read several maps that stand one behind the other.
_PARTS_OF_INPUT = {"decoder.binarize.0": 4, "rnn.0.embedding": 2, "rnn.1.embedding": 2}
_SHRUNK = 0.4
# Learning rate, and the shares of the steps behind which a CRNN learns from texts alone, and at full width.
_RATE, _BY_TEXT, _WIDE = 3e-3, 0.5, 0.96


def trained_crnn(steps: int, classes: dict[str, int]) -> nn.Module:
    """Train a CRNN on drawn lines.

    Args:
        steps: Number of steps, of 16 lines each.
        classes: The class of each character.
    """
    torch.manual_seed(1)
    chance = random.Random(1)
    full = CRNN()
    small = _narrowed(CRNN(), _CRNN_PART, {"cls": len(ALPHABET) + 1}).train()
    loss_of = nn.CTCLoss(zero_infinity=True)
    optimizer = torch.optim.AdamW(small.parameters(), lr=_RATE)
    mean = 0.0
    for step in range(steps):
        spent = step / steps
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1, 1.6 * (1 - spent), (step + 1) / 30)
        # At the end, also the padding of the full width.
        texts = [draw_text(chance) for _ in range(8 if spent > _WIDE else 16)]
        drawn = [draw_line(text, chance) for text in texts]
        batch = _padded([line for line, _ in drawn], 640 if spent > _WIDE else chance.randint(0, 48))
        found = small(batch)
        labels = [[ALPHABET.index(one) + 1 for one in text] for text in texts]
        # The places of the characters are known, and far quicker learned from than from the text alone.
        at_steps = torch.zeros(found.shape[:2], dtype=torch.long)
        weights = torch.full(found.shape[:2], 0.3)
        for index, ((_, middles), classes_of_line) in enumerate(zip(drawn, labels, strict=True)):
            for middle, label in zip(middles, classes_of_line, strict=True):
                at = min(int(middle / 4), found.shape[1] - 1)
                weights[index, max(0, at - 1) : at + 2] = 0
                at_steps[index, at], weights[index, at] = label, 1
            for middle in middles:
                weights[index, min(int(middle / 4), found.shape[1] - 1)] = 1
        each = nn.functional.cross_entropy(found.flatten(0, 1), at_steps.flatten(), reduction="none")
        loss = (each * weights.flatten()).sum() / weights.sum()
        if spent > _BY_TEXT:
            loss = loss_of(
                found.log_softmax(2).permute(1, 0, 2),
                torch.tensor([one for label in labels for one in label]),
                torch.full((len(texts),), found.shape[1]),
                torch.tensor([len(one) for one in labels]),
            )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(small.parameters(), 5.0)
        optimizer.step()
        mean = 0.95 * mean + 0.05 * float(loss.detach())
        if step % 100 == 0:
            print(f"crnn: step {step} of {steps}, loss {mean:.3f}", flush=True)
    _settle(small, lambda: small(_padded([draw_line(draw_text(chance), chance)[0] for _ in range(16)], 640)))
    rows = [0, *(classes[one] for one in ALPHABET)]
    return _set_in(full, small.eval(), _CRNN_PART, {"cls": torch.tensor(rows)})


def trained_dbnet(steps: int) -> nn.Module:
    """Train a DBNet on drawn pages."""
    torch.manual_seed(2)
    chance = random.Random(2)
    full = DBModel()
    small = _narrowed(DBModel(), _DBNET_PART, {"decoder.binarize.6": 1, "decoder.thresh.6": 1}).train()
    optimizer = torch.optim.AdamW(small.parameters(), lr=3e-3)
    mean = 0.0

    def drawn() -> tuple[torch.Tensor, torch.Tensor]:
        pages = [draw_page(chance, 320, 448, chance.randint(2, 7)) for _ in range(4)]
        pixels = np.stack([page.pixels for page in pages])[..., ::-1].astype(np.float32)
        planes = torch.from_numpy((pixels - np.array([123.68, 116.78, 103.94], np.float32)) / 255)
        return planes.permute(0, 3, 1, 2), torch.from_numpy(np.stack([_text_map(page.boxes) for page in pages]))

    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1, 3 * (1 - step / steps))
        pixels, wanted = drawn()
        found = small(pixels)["binary"][:, 0]
        weight = torch.where(wanted > 0, 3.0, 1.0)
        loss = (nn.functional.binary_cross_entropy(found, wanted, reduction="none") * weight).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        mean = 0.9 * mean + 0.1 * float(loss.detach())
        if step % 20 == 0:
            print(f"dbnet: step {step} of {steps}, loss {mean:.3f}", flush=True)
    _settle(small, lambda: small(drawn()[0]))
    return _set_in(full, small.eval(), _DBNET_PART, {})


def _padded(lines: list[np.ndarray], room: int) -> torch.Tensor:
    """Pad lines with black at the right, by at least `room` columns, or to a width of `room` that is greater."""
    width = max(line.shape[1] for line in lines)
    batch = np.zeros((len(lines), 32, max(640, width) if room == 640 else width + room, 3), np.float32)
    for one, line in zip(batch, lines, strict=True):
        one[:, : line.shape[1]] = line / 255
    return torch.from_numpy(batch).permute(0, 3, 1, 2)


def _text_map(boxes: list[tuple[int, int, int, int]]) -> np.ndarray:
    found = np.zeros((320, 448), np.float32)
    for left, top, right, bottom in boxes:
        wide, high = right - left, bottom - top
        inset = round(wide * high * (1 - _SHRUNK**2) / (2 * (wide + high)))
        cv2.rectangle(found, (left + inset, top + inset), (right - inset, bottom - inset), 1.0, cv2.FILLED)
    return found


def _settle(net: nn.Module, run: Callable[[], object]) -> None:
    """Measure the statistics of batch normalization anew, as the weights are now."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None
    with torch.no_grad():
        for _ in range(20):
            run()


def _narrowed(net: nn.Module, part: int, outputs: dict[str, int]) -> nn.Module:
    """Replace each layer by one with a part of its channels. `outputs` names layers with their number of outputs."""

    def share(count: int) -> int:
        return max(1, count // part) if count > 3 else count

    for name, layer in list(net.named_modules()):
        after = outputs.get(name)
        fresh: nn.Module
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            given = (share(layer.in_channels), after or share(layer.out_channels), layer.kernel_size)
            fresh = type(layer)(*given, layer.stride, layer.padding, bias=layer.bias is not None)
        elif isinstance(layer, nn.BatchNorm2d):
            fresh = nn.BatchNorm2d(share(layer.num_features))
        elif isinstance(layer, nn.LSTM):
            fresh = nn.LSTM(share(layer.input_size), share(layer.hidden_size), bidirectional=True)
        elif isinstance(layer, nn.Linear):
            fresh = nn.Linear(share(layer.in_features), after or share(layer.out_features), layer.bias is not None)
        else:
            continue
        owner, _, own = name.rpartition(".")
        setattr(net.get_submodule(owner), own, fresh)
    return net


def _set_in(full: nn.Module, small: nn.Module, part: int, rows: dict[str, torch.Tensor]) -> nn.Module:
    """Set the weights of a narrowed net into the full one, and all others to zero.

    Args:
        full: The full net, changed in place.
        small: The narrowed net.
        part: The divisor of its channels.
        rows: Layers whose outputs stand at other places than the first ones.
    """
    layers = dict(small.named_modules())
    with torch.no_grad():
        for name, layer in full.named_modules():
            own = layers[name]
            for key, value in layer.named_parameters(recurse=False):
                source = getattr(own, key)
                gates = 4 if isinstance(layer, nn.LSTM) else 1
                at = [_places(value.shape[0] // gates, source.shape[0] // gates)]
                if name in rows:
                    at[0] = rows[name]
                at[0] = torch.cat([gate * (value.shape[0] // gates) + at[0] for gate in range(gates)])
                if value.ndim > 1:
                    parts = _PARTS_OF_INPUT.get(name, 1)
                    at.append(_places(value.shape[1], source.shape[1], parts))
                value.zero_()
                value[torch.meshgrid(*at, indexing="ij")] = source
            for key, value in layer.named_buffers(recurse=False):
                if value.ndim:
                    value.fill_(0.0 if key == "running_mean" else 1.0)
                    value[: len(getattr(own, key))] = getattr(own, key)
    return full.eval()


def _places(full: int, small: int, parts: int = 1) -> torch.Tensor:
    """The places of a narrowed net's channels among those of the full net."""
    each = torch.arange(small // parts)
    return torch.cat([index * (full // parts) + each for index in range(parts)])
