"""Sends requests through real caches to a running quickstart, and checks what clients get and what reaches the origin.

    python3 tests/caches/check.py http://127.0.0.1:PORT FOLDER

Between each cache and the quickstart a recorder notes every request and its status. A cache is an entry of CACHES, a row
a function of ROWS. Every row has its own query, so a row never gets a response that another one has stored.
"""

import dataclasses
import http.client
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
# Longer than the `max-age` of /orders.
STALE = 2.1


@dataclasses.dataclass
class Response:
    status: int
    fields: dict
    body: str


def exchange(port, method, path, fields=(), body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, dict(fields))
    response = connection.getresponse()
    text = response.read().decode(errors="replace")
    connection.close()
    return Response(response.status, {name.lower(): value for name, value in response.getheaders()}, text)


class Recorder(http.server.ThreadingHTTPServer):
    """Forwards each request to the quickstart, and records its status."""

    def __init__(self, quickstart):
        super().__init__(("127.0.0.1", 0), Forward)
        self.quickstart = quickstart
        self.statuses = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self):
        """Returns the statuses since the last call."""
        taken, self.statuses = self.statuses, []
        return taken


class Forward(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hop_by_hop = {"connection", "keep-alive", "transfer-encoding"}

    def forward(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        connection = http.client.HTTPConnection("127.0.0.1", self.server.quickstart, timeout=30)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in self.hop_by_hop:
                connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        self.server.statuses.append(response.status)
        self.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in self.hop_by_hop:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = forward

    def log_message(self, *_):
        pass


# --- the caches: each one is a command that listens on a port and forwards to the recorder ---


def configured(folder, name, port, origin):
    """Writes the configuration of this name for a cache, and returns its path."""
    text = (HERE / name).read_text(encoding="utf-8")
    for mark, value in {"@FOLDER@": folder, "@PORT@": port, "@ORIGIN@": origin}.items():
        text = text.replace(mark, str(value))
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def apache2(folder, port, origin):
    return ["apache2", "-D", "FOREGROUND", "-f", configured(folder, "apache2.conf", port, origin)]


def nginx(folder, port, origin):
    return ["nginx", "-p", folder, "-e", folder / "error.log", "-c", configured(folder, "nginx.conf", port, origin)]


CACHES = {"apache2": apache2, "nginx": nginx}


class Cache:
    """A running cache in front of a recorder in front of a server."""

    def __init__(self, name, work, quickstart):
        self.name, self.quickstart, self.recorder = name, quickstart, Recorder(quickstart)
        folder = pathlib.Path(work) / name
        (folder / "cache").mkdir(parents=True)
        (folder / "cache").chmod(0o777)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = CACHES[name](folder, self.port, self.recorder.server_address[1])
        self.log = folder / "error.log"
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.stop()
        written = [path.read_text() for path in (self.log, folder / "output") if path.exists()]
        sys.exit(f"{name} does not listen:\n{''.join(written)}")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def get(self, path, **fields):
        """Returns the response through the cache, and the statuses of the requests that reached the origin."""
        self.recorder.take()
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        return exchange(self.port, "GET", path, named), self.recorder.take()

    def order(self):
        """Takes the next number at the origin, without the cache, which changes /orders."""
        number = int(exchange(self.quickstart, "GET", "/orders").fields["etag"].strip('"'))
        document = json.dumps({"id": number, "item": "tulip"})
        created = exchange(self.quickstart, "POST", "/orders", {"content-type": "application/json"}, document)
        assert created.status == 201, created


# --- the rows ---


def equal(actual, expected, what):
    assert actual == expected, f"{what}: {actual}, not {expected}"


def revalidation_gets_304_until_the_resource_changes(cache):
    path = "/orders?row=revalidation"
    first, origin = cache.get(path)
    equal((first.status, origin), (200, [200]), "first request")
    again, origin = cache.get(path)
    equal((again.status, again.body, origin), (200, first.body, []), "fresh: served from the cache")
    time.sleep(STALE)
    stale, origin = cache.get(path)
    equal((stale.status, stale.body, origin), (200, first.body, [304]), "stale: revalidated")
    cache.order()
    time.sleep(STALE)
    changed, origin = cache.get(path)
    equal((changed.status, origin), (200, [200]), "changed")
    assert changed.body != first.body, f"the old body after a change: {changed.body}"


def a_client_that_revalidates_gets_304(cache):
    path = "/orders?row=client"
    tag = cache.get(path)[0].fields["etag"]
    response, _ = cache.get(path, if_none_match=tag)
    equal((response.status, response.body), (304, ""), "the tag of the response")
    response, _ = cache.get(path, if_none_match='"other"')
    equal(response.status, 200, "another tag")


def a_failed_precondition_is_not_stored(cache):
    preconditions = [
        ("if_match", '"other"', 412),
        ("if_unmodified_since", "Sun, 06 Nov 1994 08:49:37 GMT", None),
    ]
    for name, value, status in preconditions:
        path = f"/orders?row=precondition-{name}"
        failed, _ = cache.get(path, **{name: value})
        assert status is None or failed.status == status, f"{name}: {failed.status}"
        plain, _ = cache.get(path)
        equal(plain.status, 200, f"the plain GET after {name}: {plain.fields}")
        assert plain.body.startswith("the next order"), plain.body


def no_error_is_stored(cache):
    errors = [
        ("/orders/8", 404),
        ("/orders/9", 410),
        ("/orders/tulip", 400),
        ("/nowhere", 404),
        ("/account", 401),
        ("/pay", 503),
        ("/invoice", 500),
        ("/status/403", 403),
        ("/status/405", 405),
        ("/status/414", 414),
        ("/status/429", 429),
        ("/status/501", 501),
        ("/status/550", 550),
    ]
    for path, status in errors:
        for turn in ("first", "second"):
            response, origin = cache.get(f"{path}?row=error")
            equal((response.status, origin), (status, [status]), f"{path}, {turn} request")


def a_negotiated_redirect_is_stored_per_accept(cache):
    path = "/status/301?row=accept"
    for accept, content_type in [("text/html", "text/html"), ("application/json", "application/problem+json")]:
        for turn in ("first", "second"):
            response, _ = cache.get(path, accept=accept)
            equal(response.status, 301, accept)
            assert response.fields["content-type"].startswith(content_type), f"{turn}, {accept}: {response.fields}"


ROWS = [
    revalidation_gets_304_until_the_resource_changes,
    a_client_that_revalidates_gets_304,
    a_failed_precondition_is_not_stored,
    no_error_is_stored,
    a_negotiated_redirect_is_stored_per_accept,
]


def main():
    quickstart, work = int(sys.argv[1].rpartition(":")[2]), sys.argv[2]
    failed = 0
    for name in CACHES:
        cache = Cache(name, work, quickstart)
        try:
            for row in ROWS:
                try:
                    row(cache)
                    print(f"ok      {name}: {row.__name__}", flush=True)
                except AssertionError as error:
                    failed += 1
                    print(f"FAILED  {name}: {row.__name__}: {error}", flush=True)
        finally:
            cache.stop()
    sys.exit(f"{failed} rows failed" if failed else 0)


if __name__ == "__main__":
    main()
