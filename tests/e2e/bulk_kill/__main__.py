"""`python -m tests.e2e.bulk_kill [--runs 20] [--kinds driver worker minio] ...`: many runs, one line each."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from serve.bulk.write.outputs import RESULT_FORMATS
from tests.e2e.bulk_kill.kills import KINDS, KillBench
from tests.minio import MinioServer, minio_program


def main() -> int:
    """Run, and return the exit code: 1 when a result is missing, double or different."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.bulk_kill")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--documents", type=int, default=48)
    parser.add_argument("--format", default="json", choices=RESULT_FORMATS)
    parser.add_argument(
        "--kinds",
        nargs="+",
        default=["driver", "worker", "minio"],
        choices=KINDS,
        help="what is killed; with node, on a cluster of two nodes",
    )
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        minio = MinioServer(minio_program(), Path(folder))
        minio.start()
        try:
            return _run(minio, chosen)
        finally:
            minio.stop()


def _run(minio: MinioServer, chosen: argparse.Namespace) -> int:
    bench = KillBench(minio, chosen.format, chosen.documents, chosen.kinds)
    try:
        reference = bench.undisturbed()
        assert len(reference) == chosen.documents
        bad = 0
        for number in range(chosen.runs):
            output = f"run-{number:03}/"
            killed = bench.killed(output, random.Random(f"{chosen.seed}/{number}"))
            results = bench.results(output)
            is_good = results == reference
            bad += not is_good
            missing, double = len(reference.keys() - results), sum(len(rows) > 1 for rows in results.values())
            print(
                f"run {number}: {'same' if is_good else 'DIFFERENT'}, {missing} missing, {double} double, "
                f"{killed.starts} starts, {killed.duration_s} s, {killed.events}",
                flush=True,
            )
    finally:
        bench.stop()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
