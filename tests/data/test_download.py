import http.server
import io
import socket
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.data import download as download_module
from earmark.data.download import download, is_address
from earmark.errors import DataError, SettingError, StorageError

CONTENT = bytes(range(256)) * 20_000  # 5 MB
MOST = 10_000_000


class Host:
    """A host on loopback that can be told to misbehave."""

    def __init__(self, content):
        self.content = content
        self.asked = []
        self.break_after = []  # bytes after which the next connections are cut off
        self.ignores_range = False
        self.status = []
        self.says_length = True
        self.wrong_first = None

    def answer(self, handler):
        wanted = handler.headers.get("Range")
        self.asked.append(wanted)
        if self.status:
            handler.send_error(self.status.pop(0))
            return
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not self.ignores_range else 0
        if first >= len(self.content) and first:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(self.content)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        body = self.content[first:]
        handler.send_response(206 if first else 200)
        if first:
            told = first if self.wrong_first is None else self.wrong_first
            handler.send_header("Content-Range", f"bytes {told}-{len(self.content) - 1}/{len(self.content)}")
        if self.says_length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with suppress(ConnectionError):  # the test may hang up
            handler.wfile.write(body[: self.break_after.pop(0)] if self.break_after else body)


@contextmanager
def serving(content):
    host = Host(content)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            host.answer(self)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        host.address = f"http://127.0.0.1:{server.server_port}/a.zip"
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def host():
    with serving(CONTENT) as one:
        yield one


@pytest.fixture
def get(host, tmp_path):
    waits = []

    def call(**wishes):
        download(host.address, tmp_path / "part", **{"most_bytes": MOST, "wait": waits.append, **wishes})
        return (tmp_path / "part").read_bytes()

    call.waits = waits
    return call


class Told:
    def __init__(self):
        self.n_steps = self.done = 0

    def start(self, title, n_steps):
        self.n_steps = n_steps

    def advance(self, note=""):
        self.done += 1


def test_a_file_arrives_whole(get, host):
    told = Told()

    assert get(progress=told) == CONTENT
    assert host.asked == [None]
    assert (told.n_steps, told.done) == (5, 5)


def test_a_connection_that_breaks_goes_on_where_it_was(get, host):
    host.break_after = [1_000_000, 2_000_000, 10]

    assert get() == CONTENT
    assert host.asked == [None, "bytes=1000000-", "bytes=3000000-", "bytes=3000010-"]


def test_a_later_call_goes_on_where_an_earlier_one_was_stopped(get, host, tmp_path):
    (tmp_path / "part").write_bytes(CONTENT[:123_456])
    told = Told()

    assert get(progress=told) == CONTENT
    assert host.asked == ["bytes=123456-"]


def test_what_is_there_whole_is_not_fetched_again(get, host, tmp_path):
    (tmp_path / "part").write_bytes(CONTENT)

    assert get() == CONTENT
    assert host.asked == [f"bytes={len(CONTENT)}-"]


def test_a_host_that_knows_no_ranges_sends_it_all_again(get, host, tmp_path):
    (tmp_path / "part").write_bytes(b"?" * 1000)
    host.ignores_range = True

    assert get() == CONTENT


def test_what_is_longer_than_the_file_is_thrown_away(get, host, tmp_path):
    (tmp_path / "part").write_bytes(CONTENT + b"more")

    assert get() == CONTENT


def test_a_host_that_answers_with_another_part_is_refused(get, host, tmp_path):
    (tmp_path / "part").write_bytes(CONTENT[:1000])
    host.wrong_first = 900

    with pytest.raises(DataError, match="another part than was asked for"):
        get()
    assert (tmp_path / "part").read_bytes() == CONTENT[:1000]


def test_a_file_of_unknown_length_arrives(get, host):
    host.says_length = False

    assert get() == CONTENT


def test_a_host_that_is_busy_is_asked_again_with_longer_and_longer_waits(get, host):
    host.status = [503, 500, 502]

    assert get() == CONTENT
    assert get.waits == sorted(get.waits)
    assert len(set(get.waits)) == 3


def test_a_host_that_stays_busy_is_given_up_and_what_came_is_kept(get, host, tmp_path):
    host.break_after = [2_000_000]
    host.status = []
    host.answer = _busy_after_one(host)

    with pytest.raises(DataError, match=r"503 Service Unavailable; 2 MB are kept, and the same command goes on"):
        get()
    assert (tmp_path / "part").read_bytes() == CONTENT[:2_000_000]
    assert len(host.asked) == 5


def _busy_after_one(host):
    first = Host.answer.__get__(host)

    def answer(handler):
        if host.asked:
            host.status.append(503)
        first(handler)

    return answer


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_nothing_at_the_address_is_said_at_once(get, host, status):
    host.status = [status]

    with pytest.raises(DataError, match=rf"cannot be fetched: {status} "):
        get()
    assert get.waits == []


@pytest.mark.parametrize("says_length", [True, False])
def test_a_host_that_sends_too_much_is_stopped(get, host, tmp_path, says_length):
    host.says_length = says_length

    with pytest.raises(DataError, match="sends more than 2 MB"):
        get(most_bytes=2_000_000)
    assert not (tmp_path / "part").exists() or (tmp_path / "part").stat().st_size <= 2_000_000


def test_a_host_that_is_not_there_is_given_up_in_one_line(tmp_path):
    waits = []
    with serving(b"") as gone:
        address = gone.address

    with pytest.raises(DataError, match=r"cannot be fetched: .*refused"):
        download(address, tmp_path / "part", most_bytes=MOST, wait=waits.append)
    assert len(waits) == 3


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://a.org/b", "a.zip", "", "https://", "http:///x"])
def test_what_is_no_address_of_http_is_refused(tmp_path, address):
    with pytest.raises(SettingError, match="is no address"):
        download(address, tmp_path / "part", most_bytes=MOST)
    assert not is_address(address) or address.endswith(("//", "/x"))


def test_a_redirection_to_a_file_is_not_followed(host, tmp_path):
    def answer(handler):
        handler.send_response(302)
        handler.send_header("Location", "file:///etc/hostname")
        handler.end_headers()

    host.answer = answer
    with pytest.raises(DataError, match="cannot be fetched: 302"):
        download(host.address, tmp_path / "part", most_bytes=MOST, wait=lambda _: None)


def test_a_place_that_cannot_be_written_is_said(host, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="cannot write"):
        download(host.address, tmp_path / "file" / "part", most_bytes=MOST)


# ---------------------------------------------------------------- where a host sends on to


def sends_on(to):
    def answer(handler):
        if handler.path == "/other.zip":
            handler.send_response(200)
            handler.send_header("Content-Length", "5")
            handler.end_headers()
            handler.wfile.write(b"there")
            return
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def test_a_redirection_to_http_is_followed(host, tmp_path):
    host.answer = sends_on("/other.zip")
    download(host.address, tmp_path / "part", most_bytes=MOST)

    assert (tmp_path / "part").read_bytes() == b"there"


def test_a_redirection_to_ftp_is_refused_before_anything_is_asked_there(host, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.05)
        host.answer = sends_on(f"ftp://127.0.0.1:{other.getsockname()[1]}/x")
        with pytest.raises(DataError, match=r"302 it sends on to ftp://.*only https:// or http:// is followed"):
            download(host.address, tmp_path / "part", most_bytes=MOST, wait=lambda _: None)
        with pytest.raises(TimeoutError):
            other.accept()


@pytest.mark.parametrize(("to", "is_followed"), [("https://b.org/y", True), ("http://b.org/y", False)])
def test_what_was_asked_for_safely_is_not_fetched_unsafely(to, is_followed):
    asked = urllib.request.Request("https://a.org/x")
    follow = download_module._SentOn().redirect_request

    if is_followed:
        assert follow(asked, io.BytesIO(), 302, "Found", Message(), to).full_url == to
    else:
        with pytest.raises(urllib.error.HTTPError, match="only https:// is followed"):
            follow(asked, io.BytesIO(), 302, "Found", Message(), to)


@pytest.mark.parametrize("to", ["http://[::1/x", "http://127.0.0.1:port/x", f"http://{'a' * 70}.org/x"])
def test_a_redirection_to_what_is_no_address_is_a_line(host, tmp_path, to):
    host.answer = sends_on(to)
    with pytest.raises(DataError, match="cannot be fetched"):
        download(host.address, tmp_path / "part", most_bytes=MOST, wait=lambda _: None)


# ---------------------------------------------------------------- odd addresses


@pytest.mark.parametrize(
    "address",
    ["http://[::1/x", "http://a.org:port/x", "http://a.org:99999/x", f"http://{'a' * 70}.org/x", "http://a..org/x"],
)
def test_a_misspelt_address_is_refused(tmp_path, address):
    with pytest.raises(SettingError, match="is no address"):
        download(address, tmp_path / "part", most_bytes=MOST)


@pytest.mark.slow
@given(rest=st.text(max_size=20))
def test_whatever_follows_the_host_is_spelt_in_ascii_or_refused(rest):
    with suppress(SettingError):
        spelt = download_module._spelt(f"http://a.org/{rest}")
        assert spelt.isascii()
        assert not set(spelt) & set(" \t\r\n")
        assert download_module._spelt(spelt) == spelt


def test_an_address_with_letters_beyond_ascii_and_spaces_is_asked_for_as_http_writes_it(host, tmp_path):
    paths = []

    def answer(handler):
        paths.append(handler.path)
        Host.answer(host, handler)

    host.answer = answer
    download(host.address.replace("a.zip", "ä b%20c.zip?q=ö#here"), tmp_path / "part", most_bytes=MOST)

    assert paths == ["/%C3%A4%20b%20c.zip?q=%C3%B6"]
