"""Which runtime, device and precision a net gets, and what is said where they are not there."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigurationError
from models.manifests.manifest import Int8Recipe, ModelFile, NetInput, NetManifest
from models.runtime import check_net, resolve_device
from models.runtime.base import normalized
from models.runtime.device import Device, cpu_flags, has_bf16, has_vnni, is_x86
from models.settings import NetSettings

CPU_INFO = "processor\t: 0\nvendor_id\t: X\n{key}\t\t: fpu {flags}\nbugs\t\t: none\n\nprocessor\t: 1\n"

FLOAT_NET = NetManifest(
    file=ModelFile(source="file:net.onnx", sha256="0" * 64),
    input=NetInput(channels="rgb", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
)
INT8_NET = FLOAT_NET.model_copy(update={"int8": Int8Recipe(sha256="0" * 64, activations={"Conv.1": (0.0, 1.0)})})
NETS = {"recipe": INT8_NET, "no recipe": FLOAT_NET}


@pytest.fixture
def cpu_info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file in the place of /proc/cpuinfo."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr("models.runtime.device._CPU_INFO", path)
    cpu_flags.cache_clear()
    yield path
    cpu_flags.cache_clear()


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.runtime.registry._cuda_device_count", lambda: 0)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.runtime.registry._cuda_device_count", lambda: 2)


def without_package(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))


@pytest.mark.parametrize(
    ("text", "device", "shown"),
    [
        ("auto", Device("auto"), "auto"),
        ("cpu", Device("cpu"), "cpu"),
        ("cuda", Device("cuda", 0), "cuda:0"),
        ("cuda:0", Device("cuda", 0), "cuda:0"),
        ("cuda:12", Device("cuda", 12), "cuda:12"),
    ],
)
def test_device_is_parsed_and_shown(text: str, device: Device, shown: str) -> None:
    assert Device.parse(text) == device
    assert str(device) == shown


@pytest.mark.parametrize(
    "text", ["", "gpu", "CUDA", "cuda:", "cuda:x", "cuda:-1", "cuda:0:0", "cpu:0", "auto:1", "cpu "]
)
def test_unknown_device_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"unknown device '{text}': use auto, cpu, cuda or cuda:N"):
        Device.parse(text)


@pytest.mark.parametrize(
    ("key", "flags", "has"),
    [
        ("flags", "avx2 avx512f avx512_vnni", False),
        ("flags", "avx2 avx512_bf16", True),
        ("flags", "amx_tile amx_bf16", True),
        ("Features", "asimd bf16 i8mm", True),
        ("Features", "asimd svebf16", False),  # not the flag itself: no match within a word
    ],
)
def test_bf16_is_read_from_the_flags(cpu_info: Path, key: str, flags: str, has: bool) -> None:
    cpu_info.write_text(CPU_INFO.format(key=key, flags=flags))
    assert has_bf16() is has
    assert cpu_flags() == {"fpu", *flags.split()}


@pytest.mark.parametrize("content", [None, "", "processor: 0\n"])
def test_unknown_processor_has_no_flags(cpu_info: Path, content: str | None) -> None:
    if content is not None:
        cpu_info.write_text(content)
    assert cpu_flags() == frozenset()
    assert not has_bf16()


@pytest.mark.parametrize(
    ("flags", "has"),
    [
        ("avx2", False),
        ("avx2 avx512f avx512_bf16", False),
        ("avx2 avx512_vnni", True),
        ("avx2 avx_vnni", True),
        ("avx2 amx_int8", True),
        ("avx2 avx512_vnni_x", False),  # not the flag itself
    ],
)
def test_vnni_is_read_from_the_flags(cpu_info: Path, flags: str, has: bool) -> None:
    cpu_info.write_text(CPU_INFO.format(key="flags", flags=flags))
    assert has_vnni() is has


@pytest.mark.parametrize(
    ("key", "flags", "is_fast"),
    [
        ("flags", "sse4_1 avx avx2", True),
        ("flags", "sse4_1 avx", False),  # before 2013: no 8-bit convolution worth having
        ("Features", "asimd bf16 i8mm", False),
    ],
)
def test_x86_is_one_with_avx2(cpu_info: Path, key: str, flags: str, is_fast: bool) -> None:
    cpu_info.write_text(CPU_INFO.format(key=key, flags=flags))
    assert is_x86() is is_fast


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("flags", "net", "runtime", "precision"),
    [
        ("avx2", "recipe", "openvino", "int8"),
        ("avx2 avx512_bf16", "recipe", "openvino", "int8"),
        ("avx2", "no recipe", "onnxruntime", "f32"),
        ("avx2 avx512_bf16", "no recipe", "openvino", "bf16"),
        ("avx", "recipe", "onnxruntime", "f32"),
        ("asimd bf16", "recipe", "openvino", "bf16"),
        ("asimd", "recipe", "onnxruntime", "f32"),
    ],
)
def test_auto_takes_the_fastest_that_processor_and_net_allow(
    cpu_info: Path, flags: str, net: str, runtime: str, precision: str
) -> None:
    cpu_info.write_text(CPU_INFO.format(key="flags", flags=flags))
    assert check_net(NetSettings(), NETS[net]) == (runtime, Device("cpu"), precision)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("settings", "net", "expected"),
    [
        (NetSettings(runtime="onnxruntime"), INT8_NET, ("onnxruntime", Device("cpu"), "f32")),
        (NetSettings(precision="f32"), INT8_NET, ("onnxruntime", Device("cpu"), "f32")),
        (NetSettings(runtime="openvino", precision="f32"), INT8_NET, ("openvino", Device("cpu"), "f32")),
        (NetSettings(runtime="openvino", device="cpu"), FLOAT_NET, ("openvino", Device("cpu"), "f32")),
        (NetSettings(runtime="openvino"), INT8_NET, ("openvino", Device("cpu"), "int8")),
        (NetSettings(precision="int8"), INT8_NET, ("openvino", Device("cpu"), "int8")),
    ],
)
def test_what_is_named_holds_and_the_rest_is_chosen_around_it(
    cpu_info: Path, settings: NetSettings, net: NetManifest, expected: tuple[str, Device, str]
) -> None:
    cpu_info.write_text(CPU_INFO.format(key="flags", flags="avx2"))
    assert check_net(settings, net) == expected


@pytest.mark.usefixtures("no_gpu")
def test_int8_asked_for_by_name_runs_on_any_processor(cpu_info: Path) -> None:
    cpu_info.write_text(CPU_INFO.format(key="Features", flags="asimd"))
    assert check_net(NetSettings(precision="int8"), INT8_NET) == ("openvino", Device("cpu"), "int8")


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (NetSettings(), ("onnxruntime", Device("cuda", 0), "f32")),
        (NetSettings(device="cuda:1"), ("onnxruntime", Device("cuda", 1), "f32")),
        (NetSettings(device="cpu"), ("openvino", Device("cpu"), "int8")),
        (NetSettings(device="cpu", precision="f32"), ("onnxruntime", Device("cpu"), "f32")),
        (NetSettings(runtime="openvino"), ("openvino", Device("cpu"), "int8")),
    ],
)
def test_choice_with_two_gpus(cpu_info: Path, settings: NetSettings, expected: tuple[str, Device, str]) -> None:
    cpu_info.write_text(CPU_INFO.format(key="flags", flags="avx2"))
    assert check_net(settings, INT8_NET) == expected


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("settings", "net"),
    [
        (NetSettings(precision="int8"), FLOAT_NET),
        (NetSettings(runtime="openvino", precision="int8"), FLOAT_NET),
        (NetSettings(runtime="onnxruntime", precision="int8"), INT8_NET),
    ],
    ids=["no recipe", "openvino without recipe", "onnxruntime"],
)
def test_int8_without_recipe_or_openvino_is_refused(settings: NetSettings, net: NetManifest) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_net(settings, net)
    assert caught.value.message == (
        "precision int8 needs runtime openvino, and a recipe in the manifest of file:net.onnx: set precision to auto"
    )


@pytest.mark.usefixtures("two_gpus")
def test_int8_on_a_gpu_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="precision int8 needs runtime openvino"):
        check_net(NetSettings(device="cuda", precision="int8"), INT8_NET)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_runtime_asked_for_but_not_installed_is_refused(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_package(monkeypatch, runtime)
    with pytest.raises(ConfigurationError, match=f"the package {runtime} is not installed"):
        check_net(NetSettings.model_validate({"runtime": runtime, "device": "cpu"}), INT8_NET)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_missing_gpu_is_refused_and_never_replaced(device: str) -> None:
    with pytest.raises(ConfigurationError, match=r"device cuda:\d was asked for, but 0 CUDA devices are usable here"):
        check_net(NetSettings(device=device), INT8_NET)


@pytest.mark.usefixtures("two_gpus")
def test_gpu_beyond_the_last_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="device cuda:2 was asked for, but 2 CUDA devices"):
        resolve_device("cuda:2")


def test_gpu_counts_as_missing_without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    without_package(monkeypatch, "onnxruntime")
    assert resolve_device("auto") == Device("cpu")
    with pytest.raises(ConfigurationError, match="0 CUDA devices"):
        resolve_device("cuda")


@pytest.mark.usefixtures("two_gpus")
def test_openvino_on_a_gpu_is_refused_before_anything_is_loaded() -> None:
    with pytest.raises(ConfigurationError, match="OpenVINO runs on CPUs"):
        check_net(NetSettings(runtime="openvino", device="cuda"), INT8_NET)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("flags", "runtime", "accepted"),
    [
        ("avx512_bf16", "auto", True),
        ("avx512_bf16", "openvino", True),
        ("avx512_bf16", "onnxruntime", False),
        ("avx2", "auto", False),
        ("avx2", "openvino", False),
    ],
)
def test_bf16_needs_openvino_and_the_processor(cpu_info: Path, flags: str, runtime: str, accepted: bool) -> None:
    cpu_info.write_text(CPU_INFO.format(key="flags", flags=flags))
    settings = NetSettings.model_validate({"runtime": runtime, "precision": "bf16"})
    if accepted:
        assert check_net(settings, INT8_NET) == ("openvino", Device("cpu"), "bf16")
    else:
        with pytest.raises(ConfigurationError, match="precision bf16 needs runtime openvino and a CPU with"):
            check_net(settings, INT8_NET)


@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_pixels_are_normalized_channel_by_channel(channels: str) -> None:
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    net_input = NetInput.model_validate({"channels": channels, "mean": mean, "std": std})
    batch = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), dtype=np.uint8)
    found = normalized(batch, net_input)
    assert found.shape == (2, 3, 4, 5)
    assert found.dtype == np.float32
    assert found.flags["C_CONTIGUOUS"]
    for index, channel in enumerate((0, 1, 2) if channels == "rgb" else (2, 1, 0)):
        expected = (batch[..., channel] / 255 - mean[index]) / std[index]
        np.testing.assert_allclose(found[:, index], expected, atol=1e-6)
