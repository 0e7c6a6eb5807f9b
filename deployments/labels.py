"""Checks the labels of Ray nodes that a replica asks for, without Ray, which takes seconds to import."""

import re
from typing import Annotated

from pydantic import AfterValidator

__all__ = ["LabelSelector"]

# Ray's rule for labels, which is that of Kubernetes.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_PREFIX = r"(?=.{1,253}/)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*/"
_KEY = re.compile(rf"(?:{_PREFIX})?{_NAME}")
_VALUE = re.compile(rf"!?(?:{_NAME}|in\({_NAME}(?:, ?{_NAME})*\))")


def _checked(selector: dict[str, str]) -> dict[str, str]:
    for key, value in selector.items():
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not the name of a label, such as pool or example.com/pool")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"{key} asks for {value!r}: write a value, !value, in(a, b) or !in(a, b)")
    return selector


#: Required values by name of the label: `gpu`, `!gpu`, `in(a, b)` or `!in(a, b)`.
LabelSelector = Annotated[dict[str, str], AfterValidator(_checked)]
