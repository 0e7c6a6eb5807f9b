"""Who was in work when a worker ended, and who runs alone from then on."""

from serve.bulk.stages.attempts import Attempts


def test_finished_pages_are_never_suspects() -> None:
    attempts = Attempts()
    assert attempts.begin(["a", "b"]) == [0, 0]
    attempts.end(["a", "b"])
    assert attempts.begin(["a", "b"]) == [0, 0]
    assert attempts.crashes == 0


def test_page_begun_again_without_an_end_was_in_work_at_a_crash() -> None:
    attempts = Attempts()
    attempts.begin(["a", "b"])
    attempts.end(["a"])
    assert attempts.begin(["a", "b"]) == [0, 1]
    assert attempts.crashes == 1


def test_suspect_counts_as_begun_only_when_it_is_alone() -> None:
    attempts = Attempts()
    attempts.begin(["a", "b"])
    assert attempts.begin(["a", "b"]) == [1, 1]
    attempts.begin(["a"], alone=True)  # and here the worker ends once more, with a in work and b waiting
    assert attempts.begin(["a", "b"]) == [2, 1]


def test_innocent_page_keeps_its_count_when_it_was_finished_alone() -> None:
    attempts = Attempts()
    attempts.begin(["a"])
    attempts.begin(["a"])
    attempts.begin(["a"], alone=True)
    attempts.end(["a"])
    assert attempts.begin(["a"]) == [1]
