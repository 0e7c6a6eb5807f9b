"""A soak against a real server that keeps what it is sent, or does not."""

import json
from pathlib import Path

from tests.integration.loadtest.commands import run_command, write_set
from tests.integration.loadtest.conftest import FakeService


def soak(service: FakeService, tmp_path: Path, content: bytes, *more: str) -> tuple[int, str, str]:
    write_set(tmp_path / "data/drawn", {"a.png": content, "b.png": content}, "a")
    arguments = ["--url", service.url, "--service-pid", str(service.pid), "--data", str(tmp_path / "data")]
    arguments += ["--sets", "drawn", "--clients", "4", "--images", "120"]
    arguments += ["--settled-after", "40", "--window", "20", "--sample-every", "2"]
    done = run_command("soak", *arguments, "--json", str(tmp_path / "soak.json"), *more)
    return done.returncode, done.stdout, done.stderr


def test_server_that_keeps_nothing_passes(service: FakeService, tmp_path: Path) -> None:
    code, out, err = soak(service, tmp_path, b"a")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[1].startswith("120 images of mixed sizes, 4 clients, ")
    assert lines[4] == "| role | MB at 40 | MB at 120 | growth | processes |"
    assert lines[-1].startswith("| all | ")
    samples = json.loads((tmp_path / "soak.json").read_text(encoding="utf-8"))["samples"]
    assert [sample["images"] for sample in samples] == list(range(2, 121, 2))
    assert all(10e6 < sum(sample["bytes_by_role"].values()) < 500e6 for sample in samples)


def test_server_that_leaks_fails(service: FakeService, tmp_path: Path) -> None:
    code, out, err = soak(service, tmp_path, b"leak")
    assert code == 1
    assert "more than --max-growth 3" in err
    growth = float(out.splitlines()[-1].split("|")[4].removesuffix(" % "))
    # 70 images of 0.5 MB lie between the middles of the windows, on a server of 40 to 120 MB.
    assert 15 < growth < 120


def test_larger_growth_can_be_allowed(service: FakeService, tmp_path: Path) -> None:
    assert soak(service, tmp_path, b"leak", "--max-growth", "500")[0] == 0


def test_failures_fail_a_soak(service: FakeService, tmp_path: Path) -> None:
    code, out, _ = soak(service, tmp_path, b"unsupported")
    assert code == 1
    assert "failed: unsupported_type 120" in out


def test_time_ends_a_soak_and_too_short_a_one_tells_nothing(service: FakeService, tmp_path: Path) -> None:
    code, _, err = soak(service, tmp_path, b"a", "--seconds", "1", "--images", "100000", "--settled-after", "50000")
    assert code == 2
    assert "images tell no growth; from image 50000 on it takes 50030" in err
    assert (tmp_path / "soak.json").is_file()
