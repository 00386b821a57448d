"""An HTTP server for the one person at this machine: loopback only, behind a token that nobody guesses."""

import hmac
import json
import logging
import secrets
import socket
import socketserver
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from earmark.errors import EarmarkError, SettingError

_HOST = "127.0.0.1"
_LARGEST_BODY = 1 << 16
_LAST_PORT = 65535
# The page may load from here and from itself, and nothing from elsewhere; no other page may frame or read it.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; media-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a browser asks.

    Attributes:
        method: ``GET`` or ``POST``.
        path: What follows the token, such as ``clip/3``; empty for the page itself.
        body: What a POST says, as JSON; empty for a GET.
    """

    method: str
    path: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a browser gets.

    Attributes:
        content: The bytes.
        kind: Their media type.
        status: The HTTP status.
        is_last: Whether the server stops once this is sent.
    """

    content: bytes
    kind: str = "text/plain; charset=utf-8"
    status: int = HTTPStatus.OK
    is_last: bool = False


def json_reply(value: object, *, status: int = HTTPStatus.OK, is_last: bool = False) -> Reply:
    """Return a reply that holds JSON."""
    content = json.dumps(value, allow_nan=False).encode("ascii")
    return Reply(content=content, kind="application/json", status=status, is_last=is_last)


class Loopback:
    """A server on 127.0.0.1 that answers whoever has its address, which holds a random token, and nobody else.

    What names another host is refused too, so that a page of the web which had its own name lead here (DNS rebinding)
    learns nothing; so is a POST from a page of another origin. An `EarmarkError` of `answer` is told to the browser.

    Args:
        answer: Answers a question; is called from several threads.
        port: The port; 0 for any that is free.

    Raises:
        SettingError: There is no such port, or it is taken.

    >>> with Loopback(lambda question: Reply(content=b"hello")) as server:
    ...     server.address.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self, answer: Callable[[Question], Reply], *, port: int = 0) -> None:
        if not 0 <= port <= _LAST_PORT:
            raise SettingError(f"there is no port {port}: name one from 1 to {_LAST_PORT}, or 0 for any that is free")
        self._token = secrets.token_urlsafe(24)
        try:
            self._server = _Server((_HOST, port), answer, self._token)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SettingError(f"port {port} cannot be had ({reason}): name another, or 0 for any") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Threads are waited for: one that was still drawing when the interpreter went away would take it down.
        self._server.break_off()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{_HOST}:{self._server.port}/{self._token}/"

    def serve(self) -> None:
        """Answer until a reply was the last one, or `stop` is called from another thread."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Let `serve` return."""
        self._server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    """Not http.server's own, which asks the name service for the name of this machine before it starts."""

    allow_reuse_address = True
    request_queue_size = 32

    def __init__(self, place: tuple[str, int], answer: Callable[[Question], Reply], token: str) -> None:
        super().__init__(place, _Exchange)
        self.port = int(self.server_address[1])
        self.answer = answer
        self.token = token
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as in socketserver
        """Answer a connection in a thread of its own."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as above
        """Close a connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def break_off(self) -> None:
        """End all connections that a browser keeps open, so that their threads need not be waited for long."""
        for connection in tuple(self._connections):
            with suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log what went wrong with one connection: a browser that went away is no fault."""
        del request, client_address
        _log.debug("a connection was broken off", exc_info=True)


class _Exchange(BaseHTTPRequestHandler):
    """One connection."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "earmark"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        """Answer a GET."""
        path = self._path()
        if path is None:
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here: open the address that the terminal shows")
        else:
            self._answer(Question(method="GET", path=path))

    def do_POST(self) -> None:
        """Answer a POST that a page of this server sent."""
        path = self._path()
        if path is None or self.headers.get("Origin", self._origins()[0]) not in self._origins():
            self._refuse(HTTPStatus.NOT_FOUND, "there is nothing here: open the address that the terminal shows")
            return
        try:
            body = self._body()
        except ValueError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        else:
            self._answer(Question(method="POST", path=path, body=body))

    def _answer(self, question: Question) -> None:
        try:
            reply = self.server.answer(question)
        except EarmarkError as error:
            reply = json_reply({"error": str(error)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        self._send(reply)
        if reply.is_last:
            self.server.shutdown()

    def _path(self) -> str | None:
        """Return what follows the token; None where the host or the token is not ours."""
        hosts = [origin.removeprefix("http://") for origin in self._origins()]
        if self.headers.get_all("Host") not in [[host] for host in hosts]:
            return None
        token, slash, path = urlsplit(self.path).path.removeprefix("/").partition("/")
        is_ours = hmac.compare_digest(token.encode(), self.server.token.encode())
        return unquote(path) if is_ours and slash else None

    def _origins(self) -> tuple[str, str]:
        return f"http://{_HOST}:{self.server.port}", f"http://localhost:{self.server.port}"

    def _body(self) -> dict[str, Any]:
        if self.headers.get_content_type() != "application/json":
            raise ValueError("a POST holds application/json")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= _LARGEST_BODY):
            raise ValueError(f"a POST says how long it is: {_LARGEST_BODY} bytes at most")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except RecursionError as error:
            raise ValueError("a POST is nested less deeply") from error
        if not isinstance(body, dict):
            raise ValueError("a POST holds an object")  # noqa: TRY004 - as what is no JSON, which is a ValueError
        return body

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.close_connection = True  # a body may be left unread
        self._send(json_reply({"error": reason}, status=status))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
        """Log quietly, and without the token."""
        _log.debug("%s", (format % args).replace(self.server.token, "..."))
