import pytest

from serve.bulk.digests import key_digest
from serve.bulk.write.outputs.names import digest_from_name, name_from_key


@pytest.mark.parametrize(
    "key", ["a.png", "2026/01/scan 1.jpg", "漢字", "a%2Fb", ".hidden", "x/.rayocr", "a.json", "_scans/a"]
)
def test_result_is_named_after_its_key(key: str) -> None:
    assert name_from_key(key, ".json") == f"{key}.json"
    assert digest_from_name(f"{key}.json", ".json") == key_digest(key)


@pytest.mark.parametrize(
    "key",
    [
        "_summary",  # would be the run's own _summary.json
        "_state/a.png",
        "_odd/a.png",
        "/a",
        "a//b",
        "../a",
        "a/../b",
        "a/.",
        "a/..",
        "a.json/b",  # the result of "a" has its folder's name
        "a" * 251,
        "/".join(["b" * 200] * 4),
        "a\0b",
        "\ud800",
    ],
)
def test_key_that_can_be_no_path_is_named_by_its_digest(key: str) -> None:
    name = name_from_key(key, ".json")
    assert name == f"_odd/{key_digest(key).hex()}.json"
    assert digest_from_name(name, ".json") == key_digest(key)


@pytest.mark.parametrize(
    "name",
    ["_summary.json", "_errors.jsonl", "_state/status.json", "a.png", "_odd/a.json", "_odd/00.json", ".rayocr-0.tmp"],
)
def test_what_is_no_result_has_no_digest(name: str) -> None:
    assert digest_from_name(name, ".json") is None
