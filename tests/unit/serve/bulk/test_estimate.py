from serve.bulk.documents import InputDocument
from serve.bulk.run.estimate import Estimate, InputCensus, Share


def test_documents_are_counted_by_their_extension() -> None:
    census = InputCensus()
    for key, size in (("a.JPG", 10), ("b.x/c.jpg", 20), ("d.x/readme", 1), (".hidden", 2), ("e.tar.gz", 4)):
        census.add(InputDocument(key, key, "", size))
    assert census.total == Share(5, 37)
    assert census.by_extension == {".jpg": Share(2, 30), "": Share(2, 3), ".gz": Share(1, 4)}


def test_sample_is_scaled_up() -> None:
    # A million documents of 0.36 CPU seconds are 100 CPU hours.
    assert Estimate.of(1_000_000, 0.36, 8, 0.04) == Estimate(cpu_s=360_000.0, duration_s=45_000.0, cost=4.0)
    assert Estimate.of(0, 0.36, 8).cost is None
