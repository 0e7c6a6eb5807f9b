"""Errors by the names that Textract's clients know."""

from models.errors import MalformedRequest, RayocrError

__all__ = ["Refusal", "name_of"]

# By code. All that is not here is the service's own fault.
_NAMES = {
    "malformed": "InvalidParameterException",
    "unauthorized": "UnrecognizedClientException",
    "access_denied": "AccessDeniedException",
    "source_not_found": "InvalidS3ObjectException",
    "conflict": "InvalidParameterException",
    "too_large": "DocumentTooLargeException",
    "unsupported_type": "UnsupportedDocumentException",
    "undecodable": "BadDocumentException",
    "quota": "ProvisionedThroughputExceededException",
    "overloaded": "ThrottlingException",
}


class Refusal(MalformedRequest):
    """A request that is refused by a name that only Textract has.

    Args:
        name: Name of the error.
        message: One sentence for a person.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.args = (name, message)
        self.name = name


def name_of(error: RayocrError) -> str:
    """The name of an error."""
    return error.name if isinstance(error, Refusal) else _NAMES.get(error.code, "InternalServerError")
