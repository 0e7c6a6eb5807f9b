"""What clients may do: the settings, and the access file before them."""

from pathlib import Path

import pytest

from deployments.storage.rights import ReadRights
from models.errors import AccessDenied
from serve.config.rights import ClientRights, with_default_rights
from serve.config.settings import HttpSettings, Settings


@pytest.mark.parametrize(("on_loopback", "allowed"), [(True, ("s3://",)), (False, ())])
def test_default(on_loopback: bool, allowed: tuple[str, ...]) -> None:
    settings = with_default_rights(Settings(), on_loopback=on_loopback)
    assert ClientRights(settings).reading == ReadRights(allowed=allowed)


def test_with_an_access_file_the_other_clients_do_not_read_everything(tmp_path: Path) -> None:
    (tmp_path / "access.yaml").write_text("keys: {ann: {read: ['s3://']}}")
    http = {"api_keys_directory": str(tmp_path), "access_file": str(tmp_path / "access.yaml")}
    settings = with_default_rights(Settings.model_validate({"http": http}), on_loopback=True)
    rights = ClientRights(settings).reading
    assert rights.may_read("s3://bucket/a", "ann")
    assert not rights.may_read("s3://bucket/a", "bob")


@pytest.mark.parametrize("on_loopback", [True, False])
def test_setting_holds_everywhere(on_loopback: bool) -> None:
    tree = {"storage": {"allowed": ["s3://bucket/scans/"]}, "jobs": {"uploads": "s3://bucket/uploads"}}
    settings = with_default_rights(Settings.model_validate(tree), on_loopback=on_loopback)
    assert ClientRights(settings).reading == ReadRights(("s3://bucket/scans/",), ("s3://bucket/uploads/",))


@pytest.fixture
def rights(tmp_path: Path) -> ClientRights:
    (tmp_path / "access.yaml").write_text("keys: {ann: {webhooks: [hooks.example.com], weight: 4, max_requests: 3}}")
    http = {"api_keys_directory": str(tmp_path), "access_file": str(tmp_path / "access.yaml")}
    jobs = {"weights": {"ann": 2, "bob": 0.5}}
    return ClientRights(Settings.model_validate({"http": http, "jobs": jobs}))


def test_webhooks_go_only_to_the_hosts_of_the_client(rights: ClientRights) -> None:
    rights.check_webhook("ann", "https://hooks.example.com/rayocr")
    rights.check_webhook("bob", "https://elsewhere.example.com")
    with pytest.raises(AccessDenied, match=r"elsewhere.*\(keys\.ann\.webhooks in http\.access_file\)"):
        rights.check_webhook("ann", "https://elsewhere.example.com/https://hooks.example.com")


def test_what_the_file_leaves_out_follows_the_settings(rights: ClientRights) -> None:
    assert [rights.weight(client) for client in ("ann", "bob", "carol")] == [4, 0.5, 1]
    assert rights.max_requests("ann") == 3
    assert rights.max_requests("bob") == HttpSettings().client_share
    assert rights.max_pages("ann") == (HttpSettings().max_pages, "http.max_pages")
