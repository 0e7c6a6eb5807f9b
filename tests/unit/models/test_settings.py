"""Ranges of the models' settings."""

import pytest
from pydantic import ValidationError

from models.settings import DetectionOptions, NetSettings, RecognitionOptions, SettingsSection


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:15"])
def test_device_is_accepted(device: str) -> None:
    assert NetSettings(device=device).device == device


@pytest.mark.parametrize("precision", ["auto", "f32", "bf16", "int8"])
def test_precision_is_accepted(precision: str) -> None:
    assert NetSettings.model_validate({"precision": precision}).precision == precision


def test_net_takes_the_fastest_precision_unless_told() -> None:
    assert NetSettings().precision == "auto"


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (NetSettings, {"device": "gpu"}),
        (NetSettings, {"device": "cuda:"}),
        (NetSettings, {"device": "cuda:-1"}),
        (NetSettings, {"device": "cpu\n"}),
        (NetSettings, {"device": "CPU"}),
        (NetSettings, {"runtime": "tensorrt"}),
        (NetSettings, {"precision": "f16"}),
        (NetSettings, {"precision": "INT8"}),
        (NetSettings, {"threads": 0}),
        (NetSettings, {"threads": 257}),
        (NetSettings, {"thread": 1}),
        (DetectionOptions, {"threshold": -0.1}),
        (DetectionOptions, {"threshold": 1.1}),
        (DetectionOptions, {"threshold": float("nan")}),
        (DetectionOptions, {"box_threshold": 2}),
        (DetectionOptions, {"unclip_ratio": 0}),
        (DetectionOptions, {"unclip_ratio": 10.5}),
        (DetectionOptions, {"unclip_ratio": float("inf")}),
        (RecognitionOptions, {"min_confidence": -1}),
        (RecognitionOptions, {"min_confidence": 1.01}),
    ],
)
def test_value_out_of_range_is_refused(section: type[SettingsSection], values: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        section.model_validate(values)
    assert [error["loc"] for error in caught.value.errors()] == [tuple(values)]


@pytest.mark.parametrize(
    "values",
    [{"threshold": 0, "box_threshold": 1}, {"unclip_ratio": 10}, {"threshold": None}],
)
def test_ends_of_the_ranges_are_accepted(values: dict[str, float]) -> None:
    assert DetectionOptions.model_validate(values).model_dump(exclude_unset=True) == values


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        NetSettings().threads = 2


def test_thresholds_of_the_manifest_hold_by_default() -> None:
    assert DetectionOptions().model_dump(exclude_none=True) == {}
