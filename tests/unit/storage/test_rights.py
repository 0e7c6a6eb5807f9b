"""Which locations a client may read."""

import pytest
from pydantic import ValidationError

from deployments.storage import StorageSettings
from deployments.storage.rights import ReadRights
from models.errors import AccessDenied, SourceNotFound

UPLOADS = ReadRights(hidden=("s3://bucket/jobs/uploads/",))
SCANS = ReadRights(allowed=("s3://bucket/scans/", "s3://other"), hidden=("s3://bucket/scans/uploads",))


@pytest.mark.parametrize(
    "location",
    [
        "s3://bucket/jobs/uploads/1a/1-a.jpg",
        "S3://bucket/jobs/uploads/1a/1-a.jpg",
        "s3://bucket/jobs/uploads",
        "s3://bucket/jobs/uploads/",
        "s3://bucket//jobs/uploads/a",
        "s3://bucket/jobs//uploads/a",
        "s3://bucket/jobs/./uploads/a",
        "s3://bucket/x/../jobs/uploads/a",
        "s3://other/../bucket/jobs/uploads/a",
        "s3://bucket/jobs/%75ploads/a",
        "s3://bucket/jobs%2Fuploads/a",
        "s3://bucket/jobs/%2575ploads/a",
        "s3://bucket/x/%2e%2e/jobs/uploads/a",
        "s3://bucket/jobs\\uploads\\a",
    ],
)
def test_uploads_do_not_exist_for_clients(location: str) -> None:
    with pytest.raises(SourceNotFound, match="does not exist"):
        UPLOADS.check(location, "ann")


@pytest.mark.parametrize(
    "location",
    [
        "s3://bucket/jobs/uploads-of-2024/a.jpg",
        "s3://bucket/jobs/a.jpg",
        "s3://bucket",
        "s3://other/jobs/uploads/a",
        "data:,s3://bucket/jobs/uploads/a",
        "https://bucket/jobs/uploads/a",
    ],
)
def test_everything_else_is_left_to_its_storage(location: str) -> None:
    UPLOADS.check(location, "ann")


@pytest.mark.parametrize(
    "location",
    ["s3://bucket/scans/a.jpg", "s3://bucket/scans", "s3://other/a%20b/50%.jpg", "s3://other", "S3://other/a"],
)
def test_what_is_listed_may_be_read(location: str) -> None:
    SCANS.check(location, "ann")
    assert SCANS.may_read(location, "ann")


@pytest.mark.parametrize(
    "location",
    [
        "s3://bucket/scans-2024/a.jpg",
        "s3://bucket/sca",
        "s3://bucket/",
        "s3://bucket//scans/a",
        "s3://otherwise/a",
        "s3://bucket/scans/../secret/a",
        "s3://bucket/scans/%2e%2e/secret/a",
        "s3://bucket/scans/%252e%252e%252fsecret/a",
        "s3://bucket/scans\\..\\secret",
        "s3://bucket/scans/x/../a.jpg",
        "s3://third/../other/a",
    ],
)
def test_nothing_else_may_be_read(location: str) -> None:
    with pytest.raises(AccessDenied, match=r"storage\.allowed"):
        SCANS.check(location, "ann")
    assert not SCANS.may_read(location, "ann")


def test_without_a_list_the_refusal_says_what_to_set() -> None:
    with pytest.raises(AccessDenied, match=r"storage\.allowed.*chart"):
        ReadRights(allowed=()).check("s3://bucket/a.jpg", "")


@pytest.mark.parametrize(
    ("client", "readable"),
    [("ann", {"s3://bucket/ann/a"}), ("bob", set()), ("cem", {"s3://bucket/scans/a"}), ("", {"s3://bucket/scans/a"})],
)
def test_list_of_a_client_holds_in_place_of_that_of_all(client: str, readable: set[str]) -> None:
    lists = {"ann": ("s3://bucket/ann/", "s3://bucket/uploads/"), "bob": ()}
    rights = ReadRights(("s3://bucket/scans/",), ("s3://bucket/uploads/",), own=lists.get)
    locations = {f"s3://bucket/{folder}/a" for folder in ("ann", "scans", "ann-2", "uploads")}
    assert {location for location in locations if rights.may_read(location, client)} == readable
    with pytest.raises(SourceNotFound):
        rights.check("s3://bucket/uploads/a", client)


def test_refusal_names_the_list_of_the_client() -> None:
    rights = ReadRights(own=lambda _client: ())
    with pytest.raises(
        AccessDenied, match=r"^s3://bucket/a .* the client ann .*\(keys\.ann\.read in http\.access_file\)$"
    ):
        rights.check("s3://bucket/a", "ann")
    rights.check("https://example.com/a", "ann")


def test_uploads_are_hidden_even_below_an_allowed_prefix() -> None:
    with pytest.raises(SourceNotFound):
        SCANS.check("s3://bucket/scans/uploads/a", "ann")


@pytest.mark.parametrize("prefix", ["bucket/scans", "s3://B/", "s3://bucket/a//b", "s3://bucket/../x", "s3:///x", "*"])
def test_prefix_that_says_nothing_clear_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError, match="s3://bucket/prefix/"):
        StorageSettings.model_validate({"allowed": [prefix]})


@pytest.mark.parametrize("prefix", ["s3://", "s3://bucket", "s3://bucket/", "s3://bucket/a/b/"])
def test_prefixes(prefix: str) -> None:
    assert StorageSettings.model_validate({"allowed": [prefix]}).allowed == (prefix,)
