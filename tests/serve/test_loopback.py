"""The server of this machine: who gets an answer, and who does not."""

import http.client
import json
import re
import socket
import threading
from urllib.parse import urlsplit

import pytest

from earmark.errors import SettingError, StorageError
from earmark.serve.loopback import Loopback, Reply, json_reply

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def let_through():
    return []


@pytest.fixture
def asked(let_through):
    """Everything that was let through to the page."""
    let_through.clear()
    return let_through


@pytest.fixture(scope="module")
def server(let_through):
    def answer(question):
        let_through.append(question)
        if question.path == "full":
            raise StorageError("cannot write d.csv: no space left on device")
        return json_reply({"path": question.path, "body": dict(question.body)})

    with Loopback(answer) as server:
        thread = threading.Thread(target=server.serve)
        thread.start()
        yield server
        server.stop()
        thread.join()


def ask(server, path="state", *, method="GET", body=None, host=None, token=None, headers=None):
    """Return status, headers and JSON of an answer; what is not said is as a browser on the right page says it."""
    parts = urlsplit(server.address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.putrequest(method, f"{parts.path if token is None else token}{path}", skip_host=True)
        if host != "":
            connection.putheader("Host", host or parts.netloc)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None and "Content-Length" not in (headers or {}):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        reply = connection.getresponse()
        return reply.status, reply.headers, json.loads(reply.read())
    finally:
        connection.close()


def test_it_listens_on_the_loopback_alone_behind_a_long_token(server):
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", server.address)
    parts = urlsplit(server.address)
    outside = socket.gethostbyname(socket.gethostname())
    if not outside.startswith("127."):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((outside, parts.port), timeout=2).close()


def test_two_servers_have_two_tokens(server):
    with Loopback(lambda _: Reply(content=b"")) as other:
        assert urlsplit(other.address).path != urlsplit(server.address).path


def test_who_has_the_address_gets_an_answer(server):
    status, _, said = ask(server, "clip/3")
    assert (status, said) == (200, {"path": "clip/3", "body": {}})


def test_a_path_comes_without_its_query_and_its_escapes(server):
    assert ask(server, "clip/a%20b?x=1")[2]["path"] == "clip/a b"


@pytest.mark.parametrize("token", ["/", "/x/", "/" + "a" * 32 + "/", "//", "/../", "/%00/", "/%fc/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_token_there_is_nothing(server, asked, token, method):
    body = b"{}" if method == "POST" else None
    status, _, said = ask(server, token=token, method=method, body=body, headers=JSON)
    assert status == 404
    assert set(said) == {"error"}
    assert not asked


def test_bytes_that_are_no_address_are_no_token(server, asked):
    parts = urlsplit(server.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(b"GET /\xfc\xff/ HTTP/1.1\r\nHost: " + parts.netloc.encode() + b"\r\n\r\n")
        assert b" 404 " in connection.recv(1024)
    assert not asked


def test_the_token_without_its_slash_is_not_the_page(server, asked):
    assert ask(server, "", token=urlsplit(server.address).path.rstrip("/"))[0] == 404
    assert not asked


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.x:{port}"]
)
def test_a_name_that_leads_here_learns_nothing(server, asked, host):
    status, _, _ = ask(server, host=host.format(port=urlsplit(server.address).port))
    assert status == 404
    assert not asked


def test_localhost_is_this_machine_too(server):
    assert ask(server, host=f"localhost:{urlsplit(server.address).port}")[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
def test_a_page_of_another_origin_decides_nothing(server, asked, origin):
    status, _, _ = ask(server, "decide", method="POST", body=b"{}", headers=JSON | {"Origin": origin})
    assert status == 404
    assert not asked


def test_the_page_itself_may_post(server, asked):
    origin = server.address.removesuffix(urlsplit(server.address).path)
    status, _, said = ask(server, "decide", method="POST", body=b'{"place": 1}', headers=JSON | {"Origin": origin})
    assert (status, said["body"]) == (200, {"place": 1})


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": "text/plain"}, b"{}"),  # what a form of any page can send without asking
        ({}, b"{}"),
        (JSON, b""),
        (JSON, b"{"),
        (JSON, b"[1]"),
        (JSON, b"\xff"),
        (JSON, b"[" * 60000),
        (JSON | {"Content-Length": "-1"}, b"{}"),
        (JSON | {"Content-Length": "70000"}, b"{}"),
        (JSON | {"Content-Length": "\xb2"}, b"{}"),
        (JSON | {"Transfer-Encoding": "chunked", "Content-Length": "x"}, b"0\r\n\r\n"),
    ],
)
def test_a_body_that_is_none_is_refused(server, asked, headers, body):
    status, _, said = ask(server, "decide", method="POST", body=body, headers=headers)
    assert status == 400
    assert said["error"]
    assert not asked


def test_what_goes_wrong_on_purpose_is_told(server):
    status, _, said = ask(server, "full")
    assert (status, said["error"]) == (422, "cannot write d.csv: no space left on device")


def test_the_page_may_load_nothing_from_elsewhere_and_is_kept_nowhere(server):
    _, headers, _ = ask(server)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"https?:|\*|unsafe", policy)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Python" not in headers["Server"]


def test_the_last_reply_ends_it_after_it_was_sent():
    with Loopback(lambda question: json_reply({}, is_last=True)) as server:
        thread = threading.Thread(target=server.serve)
        thread.start()
        assert ask(server, "finish")[0] == 200
        thread.join(10)
        assert not thread.is_alive()


def test_a_browser_that_goes_away_in_the_middle_disturbs_nobody(server, capfd):
    parts = urlsplit(server.address)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(f"POST {parts.path}decide HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Le".encode())
    assert ask(server)[0] == 200
    assert capfd.readouterr() == ("", "")


def test_the_log_does_not_hold_the_token(server, caplog):
    caplog.set_level("DEBUG", logger="earmark.serve.loopback")
    ask(server, "clip/1")
    assert any("clip/1" in message for message in caplog.messages)
    assert not any(urlsplit(server.address).path.strip("/") in message for message in caplog.messages)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_cannot_be_is_refused(port):
    with pytest.raises(SettingError, match="there is no port"):
        Loopback(lambda _: Reply(content=b""), port=port)


def test_a_port_that_is_taken_is_refused(server):
    with pytest.raises(SettingError, match="cannot be had"):
        Loopback(lambda _: Reply(content=b""), port=urlsplit(server.address).port)
