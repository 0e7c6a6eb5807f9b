"""A bench against a real server and, where it is installed, a real Tesseract; and its picture."""

import json
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.integration.loadtest.commands import run_command, write_set
from tests.integration.loadtest.conftest import FakeService
from tests.unit.loadtest.bench_turns import comparison, turn
from tests.unit.loadtest.soak_records import growing

FAKE_SERVICE = Path(__file__).with_name("fake_service.py")
TEXT = "Total amount 1234"

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="no tesseract on PATH; Debian: apt-get install tesseract-ocr"
)


def draw(path: Path, text: str) -> bytes:
    image = Image.new("L", (900, 300), 255)
    ImageDraw.Draw(image).text((60, 110), text, fill=0, font=ImageFont.load_default(size=64))
    image.save(path, "PNG")
    return path.read_bytes()


def program(folder: Path, command: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@needs_tesseract
def test_tesseract_reads_and_its_processes_are_metered(tmp_path: Path) -> None:
    content = draw(tmp_path / "drawn.png", TEXT)
    write_set(tmp_path / "set", {f"{number}.png": content for number in range(6)} | {"bad.png": b"no picture"}, TEXT)
    labels = str(tmp_path / "set/labels.jsonl")
    done = run_command("peer", "--peer", "tesseract", "--labels", labels, "--threads", "2", "--json", "--allow-errors")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["answered"], figures["errors"]) == (6, {"CalledProcessError": 1})
    assert figures["accuracy"]["recall"] == 1.0
    assert figures["accuracy"]["precision"] == 1.0
    assert figures["clients"] == 2
    # Starting Tesseract and loading its net alone takes this much; the program that calls it takes a tenth.
    assert figures["cpu_s_per_image"] > 0.03
    assert figures["latency_s"]["p50"] > 0.03


@needs_tesseract
def test_bench_measures_service_and_peer_in_turns(service: FakeService, tmp_path: Path) -> None:
    content = draw(tmp_path / "drawn.png", TEXT)
    write_set(tmp_path / "data/drawn", {"a.png": content, "b.png": content, "c.png": content}, TEXT)
    figures, page = tmp_path / "bench.json", tmp_path / "page.md"
    arguments = ["--url", service.url, "--service-pid", str(service.pid), "--data", str(tmp_path / "data")]
    arguments += ["--sets", "drawn", "--one-client-sets", "drawn", "--clients", "2", "--warmup", "1", "--rounds", "2"]
    arguments += ["--peers", "tesseract", "--slow-peer-limit", "2", "--peer-python", sys.executable]
    done = run_command("bench", *arguments, "--json", str(figures))
    assert done.returncode == 0, done.stderr
    turns = json.loads(figures.read_text(encoding="utf-8"))["turns"]
    assert [(each["round"], each["system"], each["report"]["clients"]) for each in turns] == [
        (1, "rayocr", 2),
        (1, "rayocr, one client", 1),
        (1, "tesseract", len(os.sched_getaffinity(0))),
        (2, "rayocr", 2),
        (2, "rayocr, one client", 1),
    ]
    assert turns[2]["report"]["requests"] == 2
    assert turns[2]["report"]["accuracy"]["f1"] == 1.0
    assert 0 <= turns[2]["idle_cores"] < 0.5
    assert "| drawn | Tesseract |" in done.stdout

    page.write_text("# Page\n<!-- results -->\nold\n<!-- end of results -->\n", encoding="utf-8")
    assert run_command("table", str(figures), "--page", str(page), "--picture", "a.png").returncode == 0
    assert done.stdout.strip() in page.read_text(encoding="utf-8")
    assert "(a.png)\n\n![F1 over CPU seconds per image of each system, a panel for each set](a-accuracy.png)" in (
        page.read_text(encoding="utf-8")
    )


def test_each_bundle_has_a_service_that_is_stopped(tmp_path: Path) -> None:
    content = draw(tmp_path / "drawn.png", TEXT)
    write_set(tmp_path / "data/drawn", {"a.png": content, "b.png": content}, f"{len(content)} bytes of")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, figures = f"http://127.0.0.1:{port}", tmp_path / "bench.json"
    arguments = ["--url", url, "--serve", program(tmp_path, f'exec {sys.executable} {FAKE_SERVICE} "$@"')]
    arguments += ["--data", str(tmp_path / "data"), "--sets", "drawn", "--rounds", "2", "--json", str(figures)]
    done = run_command("bench", *arguments, "--one-client-sets", "", "--bundles", "seeing,blind")
    assert done.returncode == 0, done.stderr
    turns = json.loads(figures.read_text(encoding="utf-8"))["turns"]
    assert [(each["round"], each["system"], each["report"]["subject"]) for each in turns] == [
        (1, "rayocr", "rayocr, bundle seeing"),
        (1, "rayocr blind", "rayocr, bundle blind"),
        (2, "rayocr", "rayocr, bundle seeing"),
        (2, "rayocr blind", "rayocr, bundle blind"),
    ]
    assert [each["report"]["accuracy"]["recall"] for each in turns] == [1.0, 0.0, 1.0, 0.0]
    assert all(each["report"]["processes"] for each in turns)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


def test_service_that_does_not_start_ends_a_bench(tmp_path: Path) -> None:
    write_set(tmp_path / "data/drawn", {"a.png": draw(tmp_path / "drawn.png", TEXT)}, TEXT)
    arguments = ["--url", "http://127.0.0.1:9", "--data", str(tmp_path / "data"), "--sets", "drawn"]
    done = run_command("bench", *arguments, "--serve", program(tmp_path, "exit 3"))
    assert done.returncode == 2
    assert "loadtest: the service ended before it was ready; see .cache/bench-service.log" in done.stderr


def test_bundles_need_a_program_to_start(service: FakeService, tmp_path: Path) -> None:
    done = run_command("bench", "--url", service.url, "--data", str(tmp_path), "--bundles", "one,two")
    assert (done.returncode, done.stderr) == (2, "loadtest: --bundles needs --serve: a service is started with each\n")


def test_peer_that_cannot_run_ends_a_bench_at_its_start(service: FakeService, tmp_path: Path) -> None:
    write_set(tmp_path / "data/drawn", {"a.png": draw(tmp_path / "drawn.png", TEXT)}, TEXT)
    arguments = ["--url", service.url, "--service-pid", str(service.pid), "--data", str(tmp_path / "data")]
    arguments += ["--sets", "drawn", "--peers", "tesseract", "--peer-python", sys.executable]
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = run_command("bench", *arguments, environment=environment)
    assert done.returncode == 2
    assert done.stderr == (
        "trying tesseract\nloadtest: tesseract ended with exit code 2: there is no tesseract on PATH; Debian has it: "
        "apt-get install tesseract-ocr\n"
    )


def test_unknown_peer_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    done = run_command("bench", "--data", str(tmp_path), "--peers", "nobody", "--peer-python", sys.executable)
    assert done.returncode == 2
    assert "'nobody' is not a valid Peer; the peers are rapidocr-openvino, " in done.stderr


def test_bench_and_soak_are_drawn(tmp_path: Path) -> None:
    profile = {"rows": [{"group": "work", "name": "decode", "cpu_ms": 20.0}]}
    turns = [turn(1, "rayocr", 4.0, profile=profile), turn(1, "rapidocr-openvino", 1.5)]
    turns.append(turn(1, "rayocr", 2.0, dataset="funsd"))
    comparison(*turns).write(tmp_path / "bench.json")
    growing().write(tmp_path / "soak.json")
    for kind in ("bench", "soak"):
        done = run_command("plot", str(tmp_path / f"{kind}.json"), "--output", str(tmp_path / f"{kind}.png"))
        assert done.returncode == 0, done.stderr
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert pictures == ["bench-accuracy.png", "bench-steps.png", "bench.png", "soak.png"]
    for name in pictures:
        with Image.open(tmp_path / name) as image:
            assert image.width > 1000
            # White ground, text and lines: more than one color, and colors beside grays.
            saturated = image.convert("HSV").getchannel("S").histogram()
            assert sum(saturated[100:]) > 1000


def test_file_of_no_known_kind_is_not_drawn(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"kind": "other"}', encoding="utf-8")
    done = run_command("plot", str(tmp_path / "other.json"), "--output", str(tmp_path / "a.png"))
    assert done.returncode == 2
    assert "can't be drawn" in done.stderr
