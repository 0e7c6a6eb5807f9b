"""Translates a result to the blocks of Textract: pages, their lines and words, and what features ask for."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import MalformedRequest
from models.page import Polygon
from models.upright import upright_size
from serve.doors.documents import Operation, stored_corners
from serve.doors.passages import first_title
from serve.doors.textract.structure import Draft, Feature, drafts
from serve.results import OcrPage, OcrResult

__all__ = ["blocks", "job_state", "read_document"]

_DIGITS = 7
_WHOLE = np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float64)
_FAILED = "page_failed"

Block = Mapping[str, Any]


def read_document(result: OcrResult, features: Sequence[Feature]) -> dict[str, Any]:
    """Translate the result of a document that was read at once.

    Args:
        result: The result.
        features: The features that an analysis asks for; none for a detection.
    """
    found, _ = blocks(result, features)
    return _document(result, features) | {"Blocks": found}


def job_state(operation: Operation, features: Sequence[Feature], begin: int, most: int) -> dict[str, Any]:
    """Translate the state of a document that was submitted, with some of its blocks.

    Args:
        operation: The document's job, with its result if there is one.
        features: The features that an analysis asks for; none for a detection.
        begin: Index of the first block.
        most: The most blocks.

    Raises:
        MalformedRequest: There is no such block.
    """
    if operation.error is not None:
        return {"JobStatus": "FAILED", "StatusMessage": f"{operation.error.code}: {operation.error.message}"}
    result = operation.result
    if result is None:
        return {"JobStatus": "IN_PROGRESS"}
    found, count = blocks(result, features, begin, begin + most)
    if begin and begin >= count:
        raise MalformedRequest(f"NextToken {begin} is not known: the document has {count} blocks")
    failed = [warning.message for warning in result.warnings if warning.code == _FAILED]
    answer = _document(result, features) | {
        "JobStatus": "PARTIAL_SUCCESS" if failed else "SUCCEEDED",
        "Blocks": found,
    }
    if failed:
        answer["StatusMessage"] = "; ".join(failed)
    if begin + most < count:
        answer["NextToken"] = str(begin + most)
    return answer


def blocks(
    result: OcrResult, features: Sequence[Feature], begin: int = 0, end: int | None = None
) -> tuple[Sequence[Block], int]:
    """Make some blocks of a result.

    Places are shares of the width and the height of the page as it is stored.

    Args:
        result: The result.
        features: The features whose blocks are asked for.
        begin: Index of the first block.
        end: Index of the block after the last; None for all.

    Returns:
        The blocks, and the count of all blocks. A block has the same id whichever part is asked for.
    """
    found: list[Block] = []
    count = 0
    title = first_title(result)
    for page in result.pages:
        drafted = drafts(page, features, title) if features else []
        own = 1 + len(page.lines) + sum(len(line.words) for line in page.lines) + len(drafted)
        if count + own > begin and (end is None or count < end):
            ids = [str(uuid.uuid5(uuid.NAMESPACE_OID, f"{result.id}/{count + index}")) for index in range(own)]
            of_page = _of_page(page, drafted, ids)
            found += of_page[max(0, begin - count) : None if end is None else end - count]
        count += own
    return found, count


def _document(result: OcrResult, features: Sequence[Feature]) -> dict[str, Any]:
    """Describe the document: its pages, the model, and the warnings, each code with its pages."""
    pages_of: dict[str, list[int]] = {}
    for warning in result.warnings:
        pages_of.setdefault(warning.code, []).extend([] if warning.page is None else [warning.page])
    failed = sum(warning.code == _FAILED for warning in result.warnings)
    answer: dict[str, Any] = {
        "DocumentMetadata": {"Pages": len(result.pages) + failed},
        "AnalyzeDocumentModelVersion" if features else "DetectDocumentTextModelVersion": result.model,
    }
    if pages_of:
        answer["Warnings"] = [
            {"ErrorCode": code, "Pages": sorted(set(pages))} for code, pages in sorted(pages_of.items())
        ]
    return answer


def _of_page(page: OcrPage, drafted: Sequence[Draft], ids: Sequence[str]) -> list[Block]:
    """Make the blocks of a page in the order of their ids: the page, its lines, their words, its structure."""
    lines = page.lines
    words = [word for line in lines for word in line.words]
    line_ids, word_ids = ids[1 : 1 + len(lines)], iter(ids[1 + len(lines) :])
    words_of_line = [[next(word_ids) for _ in line.words] for line in lines]
    own_ids = list(word_ids)
    polygons = [line.polygon for line in lines]
    polygons += [word.polygon for word in words]
    polygons += [draft.polygon for draft in drafted]
    places = _geometries(np.concatenate([_WHOLE, _shares(page, polygons)]))
    children = [*line_ids, *(one for one, draft in zip(own_ids, drafted, strict=True) if draft.is_of_page)]
    made: list[Block] = [_block("PAGE", ids[0], page, next(places), {"CHILD": children})]
    for line, one, children in zip(lines, line_ids, words_of_line, strict=True):
        made.append(_block("LINE", one, page, next(places), {"CHILD": children}, line.confidence) | {"Text": line.text})
    own_words = (one for children in words_of_line for one in children)
    for word, one in zip(words, own_words, strict=True):
        text = {"Text": word.text, "TextType": "PRINTED"}
        made.append(_block("WORD", one, page, next(places), {}, word.confidence) | text)
    for draft, one in zip(drafted, own_ids, strict=True):
        links = {kind: [ids[index] for index in of_kind] for kind, of_kind in draft.links.items()}
        made.append(_block(draft.kind, one, page, next(places), links, draft.confidence) | draft.more)
    return made


def _shares(page: OcrPage, polygons: Sequence[Polygon]) -> npt.NDArray[np.float64]:
    """Place corners on the page as it is stored, (N, 4, 2), from 0 to 1."""
    size = upright_size((page.width, page.height), page.rotation)
    shares: npt.NDArray[np.float64] = np.clip(stored_corners(page, polygons) / size, 0.0, 1.0)
    return shares


def _geometries(corners: npt.NDArray[np.float64]) -> Iterator[Block]:
    """Describe corners, (N, 4, 2)."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    boxes = np.round(np.concatenate([low, high - low], axis=1), _DIGITS).tolist()
    for (left, top, width, height), polygon in zip(boxes, np.round(corners, _DIGITS).tolist(), strict=True):
        yield {
            "BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": height},
            "Polygon": [{"X": x, "Y": y} for x, y in polygon],
        }


def _block(
    kind: str,
    block_id: str,
    page: OcrPage,
    geometry: Block,
    links: Mapping[str, Sequence[str]],
    confidence: float | None = None,
) -> dict[str, Any]:
    block: dict[str, Any] = {"BlockType": kind, "Id": block_id, "Page": page.page, "Geometry": geometry}
    if confidence is not None:
        block["Confidence"] = round(100 * confidence, 4)
    if related := [{"Type": link, "Ids": ids} for link, ids in links.items() if ids]:
        block["Relationships"] = related
    return block
