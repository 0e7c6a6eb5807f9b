"""What clients may read if nothing is set."""

from pathlib import Path

import pytest

from deployments.storage.rights import ReadRights
from serve.config.rights import read_rights, with_default_rights
from serve.config.settings import Settings


@pytest.mark.parametrize(("on_loopback", "allowed"), [(True, ("s3://",)), (False, ())])
def test_default(on_loopback: bool, allowed: tuple[str, ...]) -> None:
    settings = with_default_rights(Settings(), on_loopback=on_loopback)
    assert read_rights(settings) == ReadRights(allowed=allowed)


def test_with_an_access_file_the_other_clients_do_not_read_everything(tmp_path: Path) -> None:
    (tmp_path / "access.yaml").write_text("keys: {ann: {read: ['s3://']}}")
    http = {"api_keys_directory": str(tmp_path), "access_file": str(tmp_path / "access.yaml")}
    rights = read_rights(with_default_rights(Settings.model_validate({"http": http}), on_loopback=True))
    assert rights.may_read("s3://bucket/a", "ann")
    assert not rights.may_read("s3://bucket/a", "bob")


@pytest.mark.parametrize("on_loopback", [True, False])
def test_setting_holds_everywhere(on_loopback: bool) -> None:
    tree = {"storage": {"allowed": ["s3://bucket/scans/"]}, "jobs": {"uploads": "s3://bucket/uploads"}}
    settings = with_default_rights(Settings.model_validate(tree), on_loopback=on_loopback)
    assert read_rights(settings) == ReadRights(("s3://bucket/scans/",), ("s3://bucket/uploads/",))
