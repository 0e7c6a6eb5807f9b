"""`python -m tests.e2e.bulk_kill [--runs 20] [--format json] [--documents 48] [--seed 1]`: many runs, one line each."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.e2e.bulk_kill.kills import fill_bucket, killed_run, read_results, undisturbed_run
from tests.minio import MinioServer, minio_program


def main() -> int:
    """Run, and return the exit code: 1 when a result is missing, double or different."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--documents", type=int, default=48)
    parser.add_argument("--format", default="json", choices=("json", "jsonl", "parquet"))
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        minio = MinioServer(minio_program(), Path(folder))
        minio.start()
        try:
            bucket = fill_bucket(minio, chosen.documents)
            reference = undisturbed_run(minio, bucket, chosen.format)
            assert len(reference) == chosen.documents
            bad = 0
            for number in range(chosen.runs):
                output = f"run-{number:03}/"
                killed = killed_run(minio, bucket, output, chosen.format, random.Random(f"{chosen.seed}/{number}"))
                results = read_results(minio, bucket, output, chosen.format)
                is_good = results == reference
                bad += not is_good
                missing, double = len(reference.keys() - results), sum(len(rows) > 1 for rows in results.values())
                print(
                    f"run {number}: {'same' if is_good else 'DIFFERENT'}, {missing} missing, {double} double, "
                    f"{killed.starts} starts, {killed.duration_s} s, {killed.events}",
                    flush=True,
                )
        finally:
            minio.stop()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
