"""Labels of nodes that replicas ask for."""

import pytest
from pydantic import TypeAdapter, ValidationError
from ray._private.label_utils import validate_label_selector

from deployments.labels import LabelSelector

SELECTOR: TypeAdapter[dict[str, str]] = TypeAdapter(LabelSelector)


@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"pool": "gpu"},
        {"example.com/pool": "a.b_c-d", "zone": "1"},
        {"ray.io/accelerator-type": "!H100"},
        {"pool": "in(a, b,c)", "zone": "!in(x)"},
        {"a" * 63: "b" * 63},
    ],
    ids=["none", "value", "two", "not", "sets", "long"],
)
def test_what_ray_takes_is_taken(selector: dict[str, str]) -> None:
    assert validate_label_selector(selector) is None
    assert SELECTOR.validate_python(selector) == selector


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ({"pool": "g p u"}, r"pool asks for 'g p u': write a value, !value, in\(a, b\) or !in\(a, b\)"),
        ({"pool": "in()"}, r"pool asks for 'in\(\)'"),
        ({"pool": "-a"}, "pool asks for '-a'"),
        ({"pool": "a" * 64}, "pool asks for"),
        ({"-pool": "a"}, "'-pool' is not the name of a label"),
        ({"a/b/c": "d"}, "'a/b/c' is not the name of a label"),
        ({"a" * 64: "b"}, "is not the name of a label"),
    ],
    ids=["words", "empty set", "dash", "long value", "dash in name", "two prefixes", "long name"],
)
def test_what_ray_refuses_is_refused_with_a_sentence(selector: dict[str, str], message: str) -> None:
    assert validate_label_selector(selector) is not None
    with pytest.raises(ValidationError, match=message):
        SELECTOR.validate_python(selector)


def test_value_that_yaml_reads_as_no_text_is_refused() -> None:
    with pytest.raises(ValidationError, match="valid string"):
        SELECTOR.validate_python({"pool": True})
