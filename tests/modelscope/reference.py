"""Makes model folders as ModelScope's hub has them, and records what ModelScope's own pipelines make of pictures.

It runs in `.venv-import`, as a program: `python -m tests.modelscope.reference FOLDER CRNN_STEPS DBNET_STEPS`. Each
model folder gets `reference.npz`: `picture_N`, and for each of them `output_N`, and `text_N`, or `boxes_N` and
`fine_boxes_N`.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from modelscope.models.cv.ocr_detection.model import OCRDetection
from modelscope.models.cv.ocr_detection.modules.dbnet import DBModel, DBNasModel
from modelscope.models.cv.ocr_detection.utils import box_score_fast, get_mini_boxes, unclip
from modelscope.models.cv.ocr_recognition.model import OCRRecognition
from modelscope.models.cv.ocr_recognition.modules.ConvNextViT.main_model import ConvNextViT
from modelscope.models.cv.ocr_recognition.modules.CRNN.main_model import CRNN
from modelscope.models.cv.ocr_recognition.modules.LightweightEdge.main_model import LightweightEdge
from modelscope.pipelines.cv.ocr_detection_pipeline import OCRDetectionPipeline
from modelscope.pipelines.cv.ocr_recognition_pipeline import OCRRecognitionPipeline
from torch import nn

from tests.modelscope.drawn import ALPHABET, draw_line, draw_page, draw_text
from tests.modelscope.training import trained_crnn, trained_dbnet

# The hub's vocabularies have so many characters, all of its recognizers 7,644 classes.
_CHARACTERS = 7642
_PAGES, _LINES = 6, 40
# Of a pixel, in which boxes are grown without cutting them to whole pixels.
_PARTS = 64
_DETECTORS = {"resnet18": DBModel, "proxylessnas": DBNasModel}
_RECOGNIZERS = {"CRNN": (CRNN, 640), "ConvNextViT": (ConvNextViT, 804), "LightweightEdge": (LightweightEdge, 640)}


def main(folder: Path, crnn_steps: int, dbnet_steps: int) -> None:
    """Make all folders."""
    torch.set_num_threads(1)  # on a busy machine more threads wait for each other
    rest = [chr(0x4E00 + index) for index in range(_CHARACTERS - len(ALPHABET))]
    vocabulary = [*ALPHABET, *rest]
    nets: dict[str, tuple[str, nn.Module]] = {}
    for name, kind in _DETECTORS.items():
        nets[f"{name}-seeded"] = name, _seeded(kind)
    for name, (recognizer, _) in _RECOGNIZERS.items():
        nets[f"{name}-seeded"] = name, _seeded(recognizer)
    nets["resnet18-trained"] = "resnet18", trained_dbnet(dbnet_steps)
    nets["CRNN-trained"] = "CRNN", trained_crnn(crnn_steps, {one: index + 1 for index, one in enumerate(vocabulary)})
    for name, (kind_name, net) in nets.items():
        own = folder / name
        own.mkdir(parents=True)
        torch.save(net.state_dict(), own / "pytorch_model.pt")
        is_detector = kind_name in _DETECTORS
        task = "ocr-detection" if is_detector else "ocr-recognition"
        model: dict[str, Any] = {"type": "OCRDetection" if is_detector else "OCRRecognition"}
        if is_detector:
            model |= {"model_type": "DBNet", "backbone": kind_name}
            model["inference_kwargs"] = {"image_short_side": 736, "thresh": 0.2, "return_polygon": False}
        else:
            (own / "vocab.txt").write_text("".join(f"{one}\n" for one in vocabulary), encoding="utf-8")
            is_chunked, width = kind_name == "ConvNextViT", _RECOGNIZERS[kind_name][1]
            model["recognizer"] = kind_name
            model["inference_kwargs"] = {"do_chunking": is_chunked, "img_height": 32, "img_width": width}
        configuration = {"framework": "pytorch", "task": task, "model": model, "pipeline": {"type": task}}
        configuration["preprocessor"] = {"type": task}
        (own / "configuration.json").write_text(json.dumps(configuration), encoding="utf-8")
        found: dict[str, Any] = _detected(own) if is_detector else _recognized(own)
        np.savez(own / "reference.npz", **found)
        print(f"{name}: recorded", flush=True)


def _seeded(kind: type[nn.Module]) -> nn.Module:
    """A net whose weights and statistics are all random, and whose values stay in a usual range."""
    torch.manual_seed(3)
    net = kind()
    with torch.no_grad():
        for name, layer in net.named_modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.1)
                layer.running_var.uniform_(0.8, 1.2)
                layer.weight.uniform_(0.5, 1.0)
                layer.bias.normal_(0, 0.1)
            elif "gamma" in dict(layer.named_parameters(recurse=False)):
                layer.gamma.uniform_(0.2, 0.5)  # 1e-6 in ConvNeXt, which would hide its blocks
            elif name in ("cls", "head", "vitstr.head"):
                layer.weight.normal_(0, 0.1)
    return net.eval()


def _detected(folder: Path) -> dict[str, np.ndarray]:
    pipeline = OCRDetectionPipeline(model=str(folder), device="cpu")
    assert isinstance(pipeline.model, OCRDetection)
    chance = random.Random(7)
    found: dict[str, np.ndarray] = {}
    for index in range(_PAGES):
        # Sides of which the page's preprocessing makes just these, so that both sides get the same input.
        picture = draw_page(chance, 736, 736 + 32 * index * 3).pixels
        given = pipeline.preprocess(picture)
        with torch.no_grad():
            output = pipeline.model.forward(given)
        polygons = pipeline.postprocess(pipeline.model.postprocess(output))["polygons"]
        found[f"picture_{index}"] = picture
        found[f"output_{index}"] = output["results"][0].numpy()
        found[f"boxes_{index}"] = np.array(polygons).reshape(-1, 4, 2)
        found[f"fine_boxes_{index}"] = _fine_boxes(output["results"][0, 0].numpy(), pipeline.model.thresh)
    return found


def _fine_boxes(probability: np.ndarray, threshold: float) -> np.ndarray:
    """ModelScope's steps from a map to boxes, in parts of pixels. Its pipeline cuts corners to whole ones, twice."""
    mask = (probability > threshold).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for contour in contours[:1000]:
        points, side = get_mini_boxes(contour)
        corners = np.array(points)
        if side >= 3 and box_score_fast(probability, corners) >= 0.3:
            grown = unclip(corners * _PARTS, unclip_ratio=1.5).reshape(-1, 1, 2) / _PARTS
            boxes.append(np.array(get_mini_boxes(grown.astype(np.float32))[0]))
    inside: np.ndarray = np.array(boxes).reshape(-1, 4, 2)
    return inside.clip(0, probability.shape[::-1])


def _recognized(folder: Path) -> dict[str, np.ndarray]:
    pipeline = OCRRecognitionPipeline(model=str(folder), device="cpu")
    assert isinstance(pipeline.model, OCRRecognition)
    # ModelScope's table has no text for class 1 of its later nets, and fails where a net gives it.
    pipeline.model.labelMapping.setdefault(1, "")
    pipeline.model.labelMapping.setdefault(7643, "")
    chance = random.Random(8)
    found: dict[str, np.ndarray] = {}
    for index in range(_LINES):
        line, _ = draw_line(draw_text(chance), chance)
        picture = line[:, : pipeline.preprocessor.target_width]
        given = pipeline.preprocess(picture)
        with torch.no_grad():
            output = pipeline.model.forward(given["image"])
        (text,) = pipeline.postprocess(pipeline.model.postprocess(output))["text"]
        found[f"picture_{index}"] = picture
        found[f"output_{index}"] = output.numpy()[0]
        found[f"text_{index}"] = np.array(text)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
