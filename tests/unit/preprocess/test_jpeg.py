import io

import pytest
from PIL.JpegImagePlugin import JpegImageFile

from deployments.preprocess.formats.jpeg import Scans, find_scans
from tests.unit.preprocess.pictures import drawing, encoded


def coded_data_offset(data: bytes) -> int:
    image = JpegImageFile(io.BytesIO(data))
    assert image.fp is not None
    return image.fp.tell()


@pytest.mark.parametrize(("is_progressive", "scans"), [(False, 1), (True, 10)], ids=["baseline", "progressive"])
def test_scans_are_counted(is_progressive: bool, scans: int) -> None:
    data = encoded(drawing(), "JPEG", progressive=is_progressive)
    assert find_scans(data, coded_data_offset(data), limit=51) == Scans(scans, is_whole=True)


def test_scans_behind_the_end_of_image_do_not_count() -> None:
    data = encoded(drawing(), "JPEG") + encoded(drawing(), "JPEG", progressive=True)
    assert find_scans(data, coded_data_offset(data), limit=51).count == 1


def test_end_of_image_inside_a_comment_hides_no_scan() -> None:
    data = encoded(drawing(), "JPEG", progressive=True)
    second_scan = data.index(b"\xff\xda", coded_data_offset(data))
    hidden = data[:second_scan] + b"\xff\xfe\x00\x04\xff\xd9" + data[second_scan:]
    assert find_scans(hidden, coded_data_offset(hidden), limit=51).count == 10


def test_counting_stops_at_the_limit() -> None:
    data = encoded(drawing(), "JPEG", progressive=True)
    assert find_scans(data, coded_data_offset(data), limit=4).count == 4


def test_marker_without_a_length_hides_no_scan() -> None:
    data = encoded(drawing(), "JPEG", progressive=True)
    second_scan = data.index(b"\xff\xda", coded_data_offset(data))
    hidden = data[:second_scan] + b"\xff\x01" + data[second_scan:]
    assert find_scans(hidden, coded_data_offset(hidden), limit=51).count == 10


@pytest.mark.parametrize(
    "damage", [b"", b"\xff\xd8\xff\xd9", b"\xff\x02\x00\x02\xff\xd9"], ids=["cut", "start", "unknown"]
)
def test_scans_that_do_not_reach_the_end_of_image_are_not_whole(damage: bytes) -> None:
    data = encoded(drawing(), "JPEG")
    assert not find_scans(data[:-20] + damage, coded_data_offset(data), limit=51).is_whole
