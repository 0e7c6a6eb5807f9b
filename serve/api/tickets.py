"""Links that a browser opens without a key: it can't send one when it saves an answer as a file.

A ticket is a time, a client's name, and a signature of both by the digest of the client's key (HMAC-SHA256, RFC 2104).
Any replica checks it, and it ends with the key.
"""

import hashlib
import hmac
import re
import time
from urllib.parse import parse_qs

from starlette.types import Scope

from serve.api.keys import ApiKeys, digest_of
from serve.api.protocol import path_of

__all__ = ["client_of_ticket", "make_ticket"]

_LASTS_S = 60
#: The paths that take tickets.
_PATH = re.compile(r"/v1/jobs/[0-9a-f]{1,100}/archive")
_TICKET = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})\.(.{1,255})", re.DOTALL)


def make_ticket(key: str, client: str, path: str) -> str:
    """Make a ticket that lets whoever holds it read one path for a minute.

    Args:
        key: The client's key.
        client: The client's name.
        path: The path, without the service's prefix.
    """
    until = int(time.time()) + _LASTS_S
    return f"{until}.{_signature(digest_of(key), client, path, until)}.{client}"


async def client_of_ticket(scope: Scope, keys: ApiKeys) -> str | None:
    """Find the client whose ticket a request carries; None without a ticket that is valid.

    Args:
        scope: The scope of an HTTP request.
        keys: The clients' keys.
    """
    path = path_of(scope)
    if scope["method"] not in ("GET", "HEAD") or _PATH.fullmatch(path) is None:
        return None
    given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("ticket", [])
    ticket = _TICKET.fullmatch(given[0]) if len(given) == 1 else None
    if ticket is None or int(ticket[1]) < time.time():
        return None
    given_by = [_signature(digest, ticket[3], path, int(ticket[1])) for digest in await keys.digests_of(ticket[3])]
    return ticket[3] if any(hmac.compare_digest(ticket[2], one) for one in given_by) else None


def _signature(digest: bytes, client: str, path: str, until: int) -> str:
    return hmac.new(digest, f"{until}\n{client}\n{path}".encode(), hashlib.sha256).hexdigest()
