"""`python -m tests.e2e.job_kill [--runs 20] [--kinds ingress reader ray store] ...`: many jobs, one line each."""

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.e2e.job_kill.kills import KINDS, JobBench
from tests.postgres import PostgresServer, postgres_programs


def main() -> int:
    """Run, and return the exit code: 1 when a page's result is missing, double or different."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.job_kill")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS, help="what is killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first run, to go on or to repeat one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rayocr-postgres-") as folder:
        postgres = PostgresServer(postgres_programs(), Path(folder))
        postgres.start()
        try:
            return _run(postgres, chosen)
        finally:
            postgres.stop()


def _run(postgres: PostgresServer, chosen: argparse.Namespace) -> int:
    bench = JobBench(postgres, chosen.pages, chosen.kinds)
    killed: Counter[str] = Counter()
    missing, double, different, failed = 0, 0, 0, 0
    try:
        bench.start()
        undisturbed = bench.undisturbed()
        reference = undisturbed.results
        assert list(reference) == list(range(1, chosen.pages + 1)), "the undisturbed run has no result for each page"
        assert undisturbed.state == "succeeded", undisturbed.state
        print(f"undisturbed: {undisturbed.duration_s} s for {chosen.pages} pages", flush=True)
        print("| run | killed, after seconds | duration | missing | double | different | failed |", flush=True)
        print("|---|---|---|---|---|---|---|", flush=True)
        for number in range(chosen.first, chosen.first + chosen.runs):
            run = bench.killed(random.Random(f"{chosen.seed}/{number}"))
            killed.update(kind for kind, _ in run.events)
            results = run.results
            lost = len(reference.keys() - results)
            codes = Counter(line["error"]["code"] for line in run.lines if line["error"])
            wrong = sum(results[page] != expected for page, expected in reference.items() if page in results)
            missing, double = missing + lost, double + run.doubles
            different, failed = different + wrong, failed + codes.total()
            events = ", ".join(f"{kind} {at:g}" for kind, at in run.events)
            named = ", ".join(f"{count} {code}" for code, count in codes.items()) or "0"
            row = f"| {number} | {events} | {run.duration_s} s | {lost} | {run.doubles} | {wrong} | {named} |"
            print(row, flush=True)
    finally:
        bench.stop()
    what = ", ".join(f"{count} {kind}" for kind, count in killed.items())
    print(
        f"{chosen.runs} runs of {chosen.pages} pages, killed: {what}; {missing} missing, {double} double, "
        f"{different} different, {failed} failed"
    )
    return 1 if missing or double or different or failed else 0


if __name__ == "__main__":
    sys.exit(main())
