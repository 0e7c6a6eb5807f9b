"""What HAProxy is told, and what is refused before anything starts."""

import os
import re

import pytest
from ray.serve._private.application_state import ApplicationStateManager
from ray.serve._private.haproxy_templates import HAPROXY_CONFIG_TEMPLATE
from ray.serve._private.proxy_state import ProxyStateManager

from models.errors import ConfigurationError, RayocrError
from serve.config.settings import HttpSettings
from serve.ray_patches.flow import FLOW_ENVIRONMENT
from serve.ray_patches.haproxy import check_haproxy, haproxy_in_front, own_template, set_up_controller


def test_only_frontends_listen() -> None:
    listeners = re.findall(r"^ *bind (.*)", own_template(HAPROXY_CONFIG_TEMPLATE), re.MULTILINE)
    assert listeners == [
        "{{ config.http_options.host }}:{{ config.frontend_port }}",
        "{{ config.grpc_frontend_host }}:{{ config.grpc_frontend_port }} proto h2",
    ]


def test_requests_are_logged_nowhere() -> None:
    assert "log_target" not in own_template(HAPROXY_CONFIG_TEMPLATE)


def test_headers_have_to_come_in_time() -> None:
    assert "timeout http-request 10s" in own_template(HAPROXY_CONFIG_TEMPLATE)


@pytest.mark.parametrize(
    ("known", "other"),
    [
        ("listen stats", "listen statistics"),
        ("frontend prometheus", "frontend metrics"),
        ("backend default_backend", "frontend another\n    bind *:9999\nbackend default_backend"),
        ("errorfile 503", "errorfile 500"),
        ("bind {{ config.frontend_host }}", "bind *"),
    ],
)
def test_template_of_another_ray_is_refused(known: str, other: str) -> None:
    changed = HAPROXY_CONFIG_TEMPLATE.replace(known, other)
    assert changed != HAPROXY_CONFIG_TEMPLATE
    with pytest.raises(RayocrError, match=r"set http\.proxy to python"):
        own_template(changed)


def test_ingress_waits_for_its_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with haproxy_in_front(HttpSettings()):
        assert FLOW_ENVIRONMENT.items() <= os.environ.items()


def test_haproxy_of_this_environment_runs() -> None:
    check_haproxy()


@pytest.mark.parametrize("binary", ["/nowhere/haproxy", "/bin/false"])
def test_haproxy_that_is_not_there_or_does_not_run_is_refused(monkeypatch: pytest.MonkeyPatch, binary: str) -> None:
    monkeypatch.setenv("RAY_SERVE_HAPROXY_BINARY_PATH", binary)
    with pytest.raises(ConfigurationError, match=r"set http\.proxy to python"):
        check_haproxy()


@pytest.fixture
def serve_as_it_is(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Puts back what `set_up_controller` changes in this process."""
    for owner, name in (
        (ProxyStateManager, "_start_fallback_proxy_if_needed"),
        (ApplicationStateManager, "get_ingress_deployment_name"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    return monkeypatch


def test_ingress_keeps_its_name_while_a_new_version_is_built(serve_as_it_is: pytest.MonkeyPatch) -> None:
    names: dict[str, str | None] = {"rayocr": "Ingress", "other": None}
    serve_as_it_is.setattr(ApplicationStateManager, "get_ingress_deployment_name", lambda _, name: names[name])
    set_up_controller()
    manager = object.__new__(ApplicationStateManager)
    assert [manager.get_ingress_deployment_name(name) for name in names] == ["Ingress", None]
    names["rayocr"] = None
    assert manager.get_ingress_deployment_name("rayocr") == "Ingress"
    names["rayocr"] = "NewIngress"
    assert manager.get_ingress_deployment_name("rayocr") == "NewIngress"


@pytest.mark.parametrize("owner", [ProxyStateManager, ApplicationStateManager])
def test_controller_of_another_ray_is_refused(serve_as_it_is: pytest.MonkeyPatch, owner: type) -> None:
    name = "_start_fallback_proxy_if_needed" if owner is ProxyStateManager else "get_ingress_deployment_name"
    serve_as_it_is.delattr(owner, name)
    with pytest.raises(RayocrError, match=rf"has no .*{owner.__name__}\.{name}, .*: set http\.proxy to python"):
        set_up_controller()
