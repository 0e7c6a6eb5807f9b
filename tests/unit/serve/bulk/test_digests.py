import numpy as np

from serve.bulk.digests import RECORD, UNKNOWN_ETAG, DigestSet, etag_digest, key_digest, key_digests, pack_record


def test_records_are_24_bytes_and_come_back() -> None:
    packed = pack_record(key_digest("a"), etag_digest("1")) + pack_record(key_digest("b"), UNKNOWN_ETAG)
    records = np.frombuffer(packed, RECORD)
    assert (len(packed), len(records)) == (48, 2)
    assert (records["key"] == key_digests(["a", "b"])).all()
    assert records["etag"].tolist() == [etag_digest("1"), 0]


def test_no_etag_is_unknown() -> None:
    assert etag_digest("") == UNKNOWN_ETAG != etag_digest("1") != etag_digest("2")


def test_keys_that_are_no_unicode_have_digests() -> None:
    assert key_digest("\ud800") != key_digest("\udfff")


def test_set_tells_new_from_known() -> None:
    known = DigestSet()
    assert known.add_new(key_digests(["a", "b", "a"])).tolist() == [True, True, False]
    assert known.add_new(key_digests(["c", "b"])).tolist() == [True, False]
    assert known.add_new(key_digests([])).tolist() == []
    assert len(known) == 3


def test_set_agrees_with_pythons_over_many_blocks() -> None:
    source = np.random.default_rng(1)
    known, expected = DigestSet(), set[str]()
    for size in source.integers(1, 200, 100):
        keys = [str(number) for number in source.integers(0, 5000, size)]
        new = []
        for key in keys:
            new.append(key not in expected)
            expected.add(key)
        assert known.add_new(key_digests(keys)).tolist() == new
    assert len(known) == len(expected)


def test_digests_with_zeros_at_their_end_are_told_apart() -> None:
    digests = np.array([b"a", b"a\0b", b"\0" * 15 + b"a", b""], "S16")
    assert DigestSet().add_new(digests).all()
