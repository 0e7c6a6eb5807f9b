"""Medians, ratios within rounds, the order of turns, the table and the page it goes into."""

from pathlib import Path

import pytest

from loadtest.bench import BenchPlan, PeerCommand, markdown, one_client_figures, read_comparison, system_figures
from loadtest.bench.comparison import ONE_CLIENT, SERVICE
from loadtest.bench.run import schedule
from loadtest.bench.table import replace_results, write_results
from loadtest.errors import LoadtestError
from loadtest.measuring.client import LoadPlan
from loadtest.peers import Peer
from tests.unit.loadtest.bench_turns import comparison, turn

OPENVINO, TESSERACT = Peer.RAPIDOCR_OPENVINO, Peer.TESSERACT


def test_ratio_is_the_median_of_the_rounds_ratios() -> None:
    # Ratios 4, 2 and 3: their median is 3. The medians' ratio would be 4 / 1 = 4.
    speeds = [(4.0, 1.0), (8.0, 4.0), (3.0, 1.0)]
    turns = []
    for number, (service, peer) in enumerate(speeds, start=1):
        turns += [turn(number, SERVICE, service), turn(number, OPENVINO, peer, cpu_s=5.0 * number)]
    service_figures, peer_figures = system_figures(turns)
    assert (service_figures.images_per_s, peer_figures.images_per_s) == (4.0, 1.0)
    assert peer_figures.speed_ratio == 3.0
    assert peer_figures.cpu_ratio == 2.0
    assert (service_figures.speed_ratio, service_figures.cpu_ratio) == (None, None)
    assert (peer_figures.rounds, peer_figures.pictures) == (3, 10)


def test_peer_of_fewer_rounds_is_compared_in_those() -> None:
    turns = [turn(1, SERVICE, 4.0), turn(1, TESSERACT, 2.0), turn(2, SERVICE, 100.0)]
    figures = system_figures(turns)[1]
    assert (figures.speed_ratio, figures.rounds) == (2.0, 1)


def test_peer_of_fewer_pictures_has_no_ratio() -> None:
    turns = [turn(1, SERVICE, 4.0), turn(1, TESSERACT, 2.0, pictures=5)]
    figures = system_figures(turns)[1]
    assert (figures.speed_ratio, figures.cpu_ratio, figures.images_per_s) == (None, None, 2.0)
    text = markdown(comparison(*turns))
    assert "| sroie | Tesseract | 5 | 1 | 2.00 | - |" in text
    assert "No ratio (-): read in fewer pictures" in text


def test_failures_of_all_rounds_are_summed() -> None:
    turns = [turn(1, SERVICE, 4.0, answered=9), turn(2, SERVICE, 4.0, answered=8)]
    assert system_figures(turns)[0].failed == 3
    assert all(each.has_failures for each in turns)


def test_one_client_is_compared_with_each_peer_and_kept_out_of_speeds() -> None:
    turns = []
    for number, (service, peer) in enumerate([(1.0, 2.0), (1.0, 4.0), (3.0, 4.0)], start=1):
        turns.append(turn(number, SERVICE, 4.0))
        turns.append(turn(number, ONE_CLIENT, 1.0, p95_s=service, clients=1))
        turns.append(turn(number, OPENVINO, 2.0, p95_s=peer))
    (figures,) = one_client_figures(turns)
    assert (figures.system, figures.p95_s, figures.peer_p95_s, figures.p95_ratio) == (OPENVINO, 1.0, 4.0, 0.5)
    assert [row.system for row in system_figures(turns)] == [SERVICE, OPENVINO]


def test_table_shows_systems_and_medians() -> None:
    text = markdown(
        comparison(
            turn(1, SERVICE, 4.0),
            turn(1, ONE_CLIENT, 1.0, p95_s=0.8, clients=1),
            turn(1, OPENVINO, 2.0, cpu_s=20.0, idle_cores=0.2),
            turn(1, OPENVINO, 5.0, cpu_s=20.0, idle_cores=0.1, dataset="funsd"),
            settings="runtime  openvino  default\n",
        )
    )
    assert text.splitlines() == [
        "2026-11-21: Test CPU, 2 cores, avx2 (AVX2 host).",
        "",
        "- rayocr: over HTTP, 8 clients.",
        "- RapidOCR + OpenVINO: rapidocr-openvino 1.0.",
        "- The idle service used 0.15 of a core while a peer ran, at most 0.20.",
        "",
        "| set | system | pictures | rounds | images/s | rayocr is faster | CPU-s/image | rayocr takes less | p50 s "
        "| p95 s | peak MB | F1 | failed |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
        "| sroie | rayocr | 10 | 1 | 4.00 |  | 0.500 |  | 1.00 | 2.00 | 900 | 0.9000 | 0 |",
        "| sroie | RapidOCR + OpenVINO | 10 | 1 | 2.00 | 2.00 x | 2.000 | 4.00 x | 1.00 | 2.00 | 900 | 0.9000 | 0 |",
        "| funsd | RapidOCR + OpenVINO | 10 | 1 | 5.00 | - | 2.000 | - | 1.00 | 2.00 | 900 | 0.9000 | 0 |",
        "",
        "No ratio (-): read in fewer pictures than rayocr, so that speeds don't compare.",
        "",
        "One client alone over HTTP, beside a peer's own latency for the same pictures:",
        "",
        "| set | pictures | peer | p50 s | peer | p95 s | peer | p95 ratio |",
        "|---|---|---|---|---|---|---|---|",
        "| sroie | 10 | RapidOCR + OpenVINO | 0.400 | 1.000 | 0.800 | 2.000 | 0.40 |",
        "",
        "<details><summary>Versions and settings in effect</summary>",
        "",
        "```text",
        "runtime  openvino  default",
        "```",
        "",
        "</details>",
    ]


def test_turns_alternate_and_slow_peers_stop_early() -> None:
    plan = BenchPlan(
        LoadPlan("http://127.0.0.1:8000"),
        peers=[OPENVINO, TESSERACT],
        rounds=2,
        slow_peers=frozenset([TESSERACT]),
        one_client_sets=frozenset(["a"]),
    )
    assert list(schedule(plan, ["a", "b"])) == [
        (1, 0, SERVICE),
        (1, 0, ONE_CLIENT),
        (1, 0, OPENVINO),
        (1, 0, TESSERACT),
        (1, 1, SERVICE),
        (1, 1, OPENVINO),
        (1, 1, TESSERACT),
        (2, 0, SERVICE),
        (2, 0, ONE_CLIENT),
        (2, 0, OPENVINO),
        (2, 1, SERVICE),
        (2, 1, OPENVINO),
    ]


def test_each_further_bundle_reads_all_sets_after_the_first() -> None:
    plan = BenchPlan(LoadPlan(""), peers=[OPENVINO], rounds=2, bundles=["ppocrv6-small", "nets/fast.yaml", "tiny"])
    assert plan.services == {SERVICE: "ppocrv6-small", "rayocr fast": "nets/fast.yaml", "rayocr tiny": "tiny"}
    of_round = [(0, SERVICE), (0, OPENVINO), (1, SERVICE), (1, OPENVINO)]
    of_round += [(0, "rayocr fast"), (1, "rayocr fast"), (0, "rayocr tiny"), (1, "rayocr tiny")]
    assert list(schedule(plan, ["a", "b"])) == [(number, *each) for number in (1, 2) for each in of_round]
    assert BenchPlan(LoadPlan("")).services == {SERVICE: None}


def test_bundles_stand_together_and_have_no_ratios() -> None:
    turns = [
        turn(1, SERVICE, 4.0, subject="rayocr, bundle small"),
        turn(1, OPENVINO, 2.0),
        turn(1, SERVICE, 4.0, dataset="funsd"),
        turn(1, "rayocr fast", 8.0, subject="rayocr, bundle fast"),
        turn(1, ONE_CLIENT, 1.0, clients=1),
    ]
    figures = system_figures(turns)
    assert [(row.dataset, row.system, row.speed_ratio) for row in figures] == [
        ("sroie", SERVICE, None),
        ("sroie", "rayocr fast", None),
        ("sroie", OPENVINO, 2.0),
        ("funsd", SERVICE, None),
    ]
    assert [row.system for row in one_client_figures(turns)] == [OPENVINO]
    text = markdown(comparison(*turns))
    assert "- rayocr fast: over HTTP, 8 clients, bundle fast.\n- RapidOCR + OpenVINO: " in text
    assert "| sroie | rayocr fast | 10 | 1 | 8.00 |  | 0.500 |  |" in text
    assert "No ratio" not in text


def test_peer_runs_in_its_own_environment(tmp_path: Path) -> None:
    command = PeerCommand({"": tmp_path / "others", "peers-native": tmp_path / "native"})
    with pytest.raises(LoadtestError, match=r"cannot start the peers' interpreter .*/native"):
        command.measure(Peer.RAPIDOCR5_TINY, tmp_path, None, 0)
    with pytest.raises(LoadtestError, match=r"cannot start the peers' interpreter .*/others"):
        command.measure(TESSERACT, tmp_path, None, 0)
    with pytest.raises(LoadtestError, match="tesseract needs an interpreter: --peer-python peers=PATH"):
        PeerCommand({"peers-native": tmp_path}).measure(TESSERACT, tmp_path, None, 0)


@pytest.mark.parametrize(
    ("limit", "slow_limit", "expected"), [(None, None, None), (9, None, 9), (None, 4, 4), (9, 4, 4), (3, 4, 3)]
)
def test_slow_peer_reads_the_fewer_of_both_limits(
    limit: int | None, slow_limit: int | None, expected: int | None
) -> None:
    plan = BenchPlan(LoadPlan(""), limit=limit, slow_peers=frozenset([TESSERACT]), slow_limit=slow_limit)
    assert plan.limit_of(TESSERACT) == expected
    assert plan.limit_of(OPENVINO) == limit


def test_file_holds_all_of_a_comparison(tmp_path: Path) -> None:
    written = comparison(turn(1, SERVICE, 4.0), turn(1, OPENVINO, 2.0, idle_cores=0.2), settings="all default")
    written.write(tmp_path / "bench.json")
    read = read_comparison(tmp_path / "bench.json")
    assert read == written
    assert markdown(read) == markdown(written)


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "soak"}', '{"kind": "bench"}'])
def test_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LoadtestError, match="holds no figures of python -m loadtest bench"):
        read_comparison(path)


def test_results_go_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Title\n\n<!-- results -->\nold\n<!-- end of results -->\n\nafter\n", encoding="utf-8")
    write_results(page, "| new |\n")
    text = page.read_text(encoding="utf-8")
    assert text == "# Title\n\n<!-- results -->\n\n| new |\n\n<!-- end of results -->\n\nafter\n"
    write_results(page, "| new |\n")
    assert page.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<!-- results -->",
        "<!-- end of results --><!-- results -->",
        "<!-- results -->" * 2 + "<!-- end of results -->",
    ],
)
def test_page_without_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="it needs one <!-- results -->"):
        replace_results(page, "new")


def test_page_of_the_project_has_the_markers() -> None:
    page = (Path(__file__).parents[3] / "docs/explanation/benchmarks.md").read_text(encoding="utf-8")
    assert "| new |" in replace_results(page, "| new |")
