"""The official schemas, which the package htrflow carries as data."""

from functools import cache
from importlib.metadata import distribution
from typing import Any

from lxml import etree

__all__ = ["assert_valid"]

_FOLDER = "htrflow/serialization/schemas"
# ALTO's schema imports that of XLink from the web for one group of attributes, which rayocr writes none of.
_XLINK = """
<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/1999/xlink">
  <attributeGroup name="simpleLink"/>
</schema>
"""


class _OfflineXlink(etree.Resolver):
    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]
        return self.resolve_string(_XLINK, context, base_url="") if system_url.endswith("/xlink.xsd") else None


@cache
def _schema(file: str) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_OfflineXlink())
    path = distribution("htrflow").locate_file(f"{_FOLDER}/{file}")
    return etree.XMLSchema(etree.parse(str(path), parser))


def assert_valid(document: bytes, schema: str) -> "etree._Element":
    """Check a document against `alto-4-4.xsd` or `pagecontent.xsd`, and return its root."""
    root = etree.fromstring(document)
    _schema(schema).assertValid(root)
    return root
