"""Nets for tests of what happens around them: such as load quickly, and such as are loaded once for all tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from models.detection import TextDetector
from models.direction import LineDirection
from models.recognition import PageRecognizer

__all__ = ["QUICK_NETS", "loaded_nets", "shared_nets"]

#: Variables that have nets on ONNX Runtime, which loads them in a tenth of a second. What is fastest for reading takes
#: several seconds, in each replica and each actor that starts; tests of what is read keep it.
QUICK_NETS = {
    "RAYOCR_DETECTION__NET__RUNTIME": "onnxruntime",
    "RAYOCR_RECOGNITION__NET__RUNTIME": "onnxruntime",
}


@pytest.fixture(scope="session")
def loaded_nets() -> dict[tuple[object, ...], object]:
    """The nets that `shared_nets` has loaded, by what was asked for."""
    return {}


@pytest.fixture
def shared_nets(loaded_nets: dict[tuple[object, ...], object]) -> Iterator[None]:
    """Whoever loads a net in this process with settings that were there before gets the one that was loaded then."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in (LineDirection, TextDetector, PageRecognizer):
            patch.setattr(kind, "load", _remembering(kind.load, loaded_nets))
        yield


def _remembering(load: Callable[..., object], loaded: dict[tuple[object, ...], object]) -> Callable[..., object]:
    def key_of(value: Any) -> object:
        # A net that is given to another stays in `loaded`: no other object has its id.
        is_plain = value is None or isinstance(value, str | int | float)
        return value.model_dump_json() if isinstance(value, BaseModel) else value if is_plain else id(value)

    def remembered(*arguments: Any, **options: Any) -> object:
        key = (load, *map(key_of, arguments), *((name, key_of(options[name])) for name in sorted(options)))
        if key not in loaded:
            loaded[key] = load(*arguments, **options)
        return loaded[key]

    return remembered
