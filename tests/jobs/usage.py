import threading
import time

import pytest

from serve.jobs.store import JobStore
from serve.jobs.store.usage import PAGES


class TestUsage:
    def test_amounts_add_up_by_month_and_client(self, store: JobStore) -> None:
        store.usage.add({"ann": {PAGES: 2, "detection_s": 0.5}, "bob": {PAGES: 1}}, {})
        standings = store.usage.add({"ann": {PAGES: 3, "recognition_s": 1.25}}, {})
        assert standings["ann"].pages == 5
        assert standings["ann"].tokens is None
        [ann] = store.usage.months("ann")
        assert ann.amounts == {PAGES: 5, "detection_s": 0.5, "recognition_s": 1.25}
        assert ann.month == standings["ann"].month
        assert [month.client for month in store.usage.months()] == ["ann", "bob"]
        assert store.usage.months("carol") == []
        assert store.usage.standing("carol", None).pages == 0

    def test_bucket_begins_full_goes_below_zero_and_fills(
        self, store: JobStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1_000_000.0]
        monkeypatch.setattr(store._database, "now", lambda _connection: now[0])
        assert store.usage.standing("ann", 60.0).tokens == 60
        assert store.usage.add({}, {"ann": (60.0, 70.0)})["ann"].tokens == -10
        now[0] += 15
        assert store.usage.standing("ann", 60.0).tokens == 5
        assert store.usage.add({}, {"ann": (60.0, 1.0)})["ann"].tokens == 4
        now[0] += 1000
        assert store.usage.standing("ann", 60.0).tokens == 60
        assert store.usage.standing("ann", 20.0).tokens == 20  # the limit was lowered

    def test_replicas_lose_no_page_of_each_other(self, store: JobStore) -> None:
        def use() -> None:
            for _ in range(20):
                store.usage.add({"ann": {PAGES: 1}, "bob": {PAGES: 2}}, {"ann": (100.0, 1.0)})

        started = time.monotonic()
        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [month.amounts for month in store.usage.months()] == [{PAGES: 80}, {PAGES: 160}]
        tokens = store.usage.standing("ann", 100.0).tokens
        assert tokens is not None
        assert 20 <= tokens <= 20 + (time.monotonic() - started) * 100 / 60 + 1
