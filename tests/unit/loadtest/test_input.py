"""Labels, answers and pictures as they are read."""

import json
from pathlib import Path

import pytest

from loadtest.data.labels import LabelLine, ResultLine, lines_from_answer, read_labels
from loadtest.data.pictures import load_pictures
from loadtest.errors import LoadtestError

CORNERS = [[0, 0], [9, 0], [9, 5], [0, 5]]


def write_set(folder: Path, rows: list[dict[str, object]]) -> Path:
    labels = folder / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for row in rows:
        image = folder / str(row["image"])
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(b"bytes of " + image.name.encode())
    return labels


def test_labels_keep_flags_and_corners(tmp_path: Path) -> None:
    lines = [{"text": "###", "points": CORNERS, "ignore": True}, {"text": "a\u2028b", "points": None}]
    (row,) = read_labels(write_set(tmp_path, [{"image": "images/1.png", "lines": lines, "partial": True}]))
    assert row.image == tmp_path / "images" / "1.png"
    assert row.page.partial
    assert row.page.lines == [
        LabelLine("###", [(0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0)], ignore=True),
        LabelLine("a\u2028b", None),
    ]


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"image": "a"}', '{"image": "a", "lines": [{"text": 5}]}', '{"image": "a", "lines": 3}']
)
def test_bad_label_row_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"image": "a", "lines": []}\n' + line, encoding="utf-8")
    with pytest.raises(LoadtestError, match=r"labels\.jsonl, line 2"):
        read_labels(path)


def test_answer_gives_lines_of_all_pages() -> None:
    pages = [{"lines": [{"text": "one", "polygon": CORNERS}]}, {"lines": [{"text": "two", "polygon": CORNERS}]}]
    corners = [(0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0)]
    assert lines_from_answer({"pages": pages}) == [ResultLine("one", corners), ResultLine("two", corners)]


@pytest.mark.parametrize("answer", [None, [], {}, {"pages": [{}]}, {"pages": [{"lines": [{"text": "no polygon"}]}]}])
def test_answer_of_another_shape_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="not an answer"):
        lines_from_answer(answer)


def test_folder_without_labels_gives_its_pictures_in_order(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "sub/c.webp", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    dataset = load_pictures(tmp_path)
    assert [(picture.name, picture.content) for picture in dataset.pictures] == [
        ("a.png", b"a.png"),
        ("b.JPG", b"b.JPG"),
        ("sub/c.webp", b"sub/c.webp"),
    ]
    assert [picture.content_type for picture in dataset.pictures] == ["image/png", "image/jpeg", "image/webp"]
    assert dataset.name == tmp_path.name


def test_folder_with_labels_is_read_by_them(tmp_path: Path) -> None:
    write_set(tmp_path, [{"image": "z.png", "lines": []}, {"image": "a.pdf", "lines": []}])
    (tmp_path / "unlabelled.png").write_bytes(b"x")
    assert [picture.name for picture in load_pictures(tmp_path).pictures] == ["z.png", "a.pdf"]


def test_limit_takes_the_first(tmp_path: Path) -> None:
    labels = write_set(tmp_path, [{"image": f"{number}.png", "lines": []} for number in range(5)])
    assert [picture.name for picture in load_pictures(labels, limit=2).pictures] == ["0.png", "1.png"]


def test_pictures_over_the_limit_of_memory_are_refused(tmp_path: Path) -> None:
    labels = write_set(tmp_path, [{"image": f"{number}.png", "lines": []} for number in range(3)])
    with pytest.raises(LoadtestError, match="larger than 30 bytes together at number 3 of 3; take fewer with --limit"):
        load_pictures(labels, max_total_bytes=30)


@pytest.mark.parametrize(
    ("name", "message"), [("", "holds no pictures"), ("a.txt", "neither a folder nor"), ("no.jsonl", "cannot read")]
)
def test_source_without_pictures_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(LoadtestError, match=message):
        load_pictures(tmp_path / name)


def test_missing_picture_is_named(tmp_path: Path) -> None:
    labels = write_set(tmp_path, [{"image": "gone.png", "lines": []}])
    (tmp_path / "gone.png").unlink()
    with pytest.raises(LoadtestError, match=r"cannot read the picture .*gone\.png"):
        load_pictures(labels)
