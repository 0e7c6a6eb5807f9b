"""A service with quick nets, whose processes may be ended."""

from collections.abc import Iterator

import pytest

from tests.minio import MinioServer
from tests.nets import QUICK_NETS
from tests.service import RunningService, running_service

#: How long a request to `quick_service` may take, and a client may stall, unless the request names another time.
SHORT_TIMEOUT_S = 2


@pytest.fixture(scope="session")
def quick_service(minio: MinioServer) -> Iterator[RunningService]:
    """A service with quick nets, a second bundle, and a short time for requests. Tests may end its processes."""
    variables = {
        **QUICK_NETS,
        "RAYOCR_HTTP__REQUEST_TIMEOUT_S": str(SHORT_TIMEOUT_S),
        "RAYOCR_BUNDLES": '["ppocrv6-tiny"]',
    }
    with running_service({**minio.environment(), **variables}) as running:
        yield running
