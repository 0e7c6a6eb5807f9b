"""Sends pictures round and round until its standard input ends. Runs in a pod, with `loadtest` beside it.

python load.py URL FOLDER CLIENTS prints one JSON object for each answer: `picture`, `attempt` (1 or 2), `failure` (null
or its code), `text`. A client sends again, once, after 1 s what found no connection or met a replica that crashed,
and after the service's 5 s what was refused with 503.
"""

import asyncio
import json
import sys
import threading
import time
from itertools import cycle
from pathlib import Path

from loadtest.data.pictures import Picture, load_pictures
from loadtest.measuring.client import Answer, LoadPlan, exchange

_WAIT_S = {"connection": 1.0, "replica_crashed": 1.0}
_REFUSED_WAIT_S = 5.0


async def main(url: str, folder: Path, clients: int) -> None:
    """Send until standard input ends, and wait for all answers."""
    pictures = load_pictures(folder).pictures
    order = cycle(range(len(pictures)))
    again: list[tuple[float, int]] = []
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()

    async def take() -> tuple[int, Picture] | None:
        if again:
            due, index = again.pop(0)
            await asyncio.sleep(due - time.monotonic())
            return index + len(pictures), pictures[index]  # indices of second attempts follow those of first ones
        index = next(order)
        return None if ended.is_set() else (index, pictures[index])

    async def keep(answer: Answer) -> None:
        attempt, index = divmod(answer.picture, len(pictures))
        text = json.loads(answer.body)["text"] if answer.failure is None else None
        told = {"picture": pictures[index].name, "attempt": attempt + 1, "failure": answer.failure, "text": text}
        print(json.dumps(told), flush=True)
        wait_s = _REFUSED_WAIT_S if answer.is_refused else _WAIT_S.get(answer.failure or "")
        if wait_s is not None and attempt == 0:
            again.append((time.monotonic() + wait_s, index))

    await exchange(LoadPlan(url, clients), take, keep)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
