"""Sends requests of grpcio, raw gRPC-Web and HTTP/1.1 to the examples `tonic` and `interop`.

    python clients.py TONIC INTEROP

The arguments are the addresses of the servers. cases.json has the expected results, from the specifications of gRPC and
gRPC-Web and the texts of the catalog.
"""

import base64
import contextlib
import http.client
import json
import pathlib
import queue
import sys
import threading
import urllib.parse

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2  # noqa: F401 (decodes the details of a status)
from grpc_status import rpc_status

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "examples"))
shop = grpc.protos("shop/v1.proto")

CASES = json.loads((HERE / "cases.json").read_text(encoding="utf-8"))
SERVERS = dict(zip(("tonic", "interop"), sys.argv[1:]))
CHANNELS = {name: grpc.insecure_channel(url.removeprefix("http://")) for name, url in SERVERS.items()}
CODES = {code.value[0]: code.name for code in grpc.StatusCode}
SECONDS = 60  # no response takes longer
ORDER, WATCH = "/shop.v1.Shop/Order", "/shop.v1.Shop/Watch"
# A gRPC response has none of these fields.
HTTP_ONLY = {"allow", "cache-control", "grpc-encoding", "retry-after", "www-authenticate", "x-content-type-options"}
EXPOSED = {"grpc-status", "grpc-message", "grpc-status-details-bin"}
failures = []


def check(what, good, got=""):
    print(("ok      " if good else "FAILED  ") + what + ("" if good else f": {got}"), flush=True)
    if not good:
        failures.append(what)


def details(status):
    """Returns the details of a google.rpc.Status as dicts."""
    found = [json_format.MessageToDict(detail) for detail in status.details]
    return [detail | {"@type": detail["@type"].rpartition("google.rpc.")[2]} for detail in found]


def reply(message):
    return {"id": message.id, "item": message.item}


# --- clients: each returns (code, message, details, reply) ---


def call(case):
    method = CHANNELS[case["server"]].unary_unary
    return method(case["path"], shop.OrderRequest.SerializeToString, shop.OrderReply.FromString)


def watch(server, id):
    method = CHANNELS[server].unary_stream
    request = shop.OrderRequest(id=id)
    return method(WATCH, shop.OrderRequest.SerializeToString, shop.OrderReply.FromString)(request, timeout=SECONDS)


def grpcio(case):
    try:
        return "OK", "", [], reply(call(case)(shop.OrderRequest(id=case["id"]), timeout=SECONDS))
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)  # fails if code or message are not those of the trailers
        return error.code().name, error.details(), details(status) if status else [], None


class Web:
    """A gRPC-Web request over HTTP/1.1, read frame by frame (grpc/grpc doc/PROTOCOL-WEB.md)."""

    def __init__(self, server, path, id, text):
        self.text, self.rest = text, b""
        self.kind = "application/grpc-web-text+proto" if text else "application/grpc-web+proto"
        message = shop.OrderRequest(id=id).SerializeToString()
        body = b"\x00" + len(message).to_bytes(4, "big") + message
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(SERVERS[server]).netloc, timeout=SECONDS)
        fields = {"content-type": self.kind, "accept": self.kind, "x-grpc-web": "1"}
        self.connection.request("POST", path, base64.b64encode(body) if text else body, fields)
        self.response = self.connection.getresponse()
        self.head = {name.lower(): value for name, value in self.response.getheaders()}

    def read(self, size):
        while len(self.rest) < size and (read := self.response.read(4 if self.text else size - len(self.rest))):
            self.rest += base64.b64decode(read, validate=True) if self.text else read
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def frame(self):
        head = self.read(5)
        return (head[0], self.read(int.from_bytes(head[1:], "big"))) if head else None


def raw(text):
    def send(case):
        web = Web(case["server"], case["path"], case["id"], text)
        frames = list(iter(web.frame, None))
        web.connection.close()
        made = None
        if frames and frames[0][0] == 0:
            made = reply(shop.OrderReply.FromString(frames.pop(0)[1]))
        check("  200, its content type", (web.response.status, web.head["content-type"]) == (200, web.kind), web.head)
        trailers = web.head
        if frames:
            one = [kind for kind, _ in frames] == [0x80] and "grpc-status" not in web.head
            check("  one trailer frame, and no status in the head", one, (web.head, frames))
            trailers = dict(line.split(":", 1) for line in frames[0][1].decode().split("\r\n") if line)
        if not made and case.get("by") != "tonic":
            exposed = set(web.head.get("access-control-expose-headers", "").split(", "))
            in_place = bool(frames) if text else not frames and EXPOSED <= exposed
            check("  in a frame for text, otherwise in the head and exposed to other origins", in_place, (web.head, frames))
        of_http = HTTP_ONLY & {*web.head, *trailers}
        check("  no field of plain HTTP", not of_http, of_http)
        encoded = trailers.get("grpc-status-details-bin", "")
        status = status_pb2.Status.FromString(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
        code, message = int(trailers.get("grpc-status", "2")), urllib.parse.unquote(trailers.get("grpc-message", ""))
        same = not encoded or "=" not in encoded and (status.code, status.message) == (code, message)
        check("  the same in the details, unpadded", same, (encoded, status))
        return CODES[code], message, details(status), made

    return send


CLIENTS = {"grpcio": grpcio, "raw gRPC-Web": raw(text=False), "raw gRPC-Web-Text": raw(text=True)}


# --- the requests ---


def check_case(client, case):
    code, message, found, made = CLIENTS[client](case)
    what = f"{client}, {case['case']}"
    if "shortened" in case:
        whole, kept = case["shortened"]["repeated"] * case["shortened"]["times"], message.removesuffix("…")
        check(f"{what}: shortened", whole.startswith(kept) and kept != message and len(kept) >= case["shortened"]["least"], message)
    expected = (case["code"], case.get("message", message), case.get("details", []), case.get("reply"))
    check(what, (code, message, found, made) == expected, (code, message, found, made))


@contextlib.contextmanager
def overloaded(case):
    """Sends orders that wait, one after the other, until one is shed. They end when nobody watches."""
    watching, events, orders = watch(case["server"], 0), queue.Queue(), []

    def arrivals():
        with contextlib.suppress(grpc.RpcError):  # the cancel below
            for _ in watching:
                events.put("arrived")

    threading.Thread(target=arrivals, daemon=True).start()
    while events.get(timeout=SECONDS) == "arrived":  # the first message of the stream: no order waits yet
        orders.append(call(case).future(shop.OrderRequest(id=case["id"]), timeout=SECONDS))
        orders[-1].add_done_callback(lambda _: events.put("shed"))
    yield
    watching.cancel()
    codes = [order.code().name for order in orders[:-1]]
    check("the orders that waited have a reply", codes == ["OK"] * 4, codes)


def streaming():
    watching = watch("tonic", 7)
    first = next(watching)
    grpcio(CASES[0])
    check("grpcio, the first message of a stream arrives before the second one is sent", next(watching).asked == first.asked + 1)
    watching.cancel()
    for text in (False, True):
        web = Web("tonic", WATCH, 7, text)
        first = shop.OrderReply.FromString(web.frame()[1])
        grpcio(CASES[0])
        second = shop.OrderReply.FromString(web.frame()[1])
        check(f"{web.kind}, the first message of a stream arrives before the second one is sent", second.asked == first.asked + 1)
        web.connection.close()


def ordinary():
    """Requests without a gRPC content type, and every GET, get a plain HTTP response, whatever they accept."""
    accepts = ["*/*", "text/html", "application/grpc", "application/grpc+proto", "application/grpc-web-text, */*;q=0.1"]
    requests = [
        ("GET", "tonic", "/orders/9", {}, 410),
        ("GET", "tonic", "/orders/9", {"content-type": "application/grpc"}, 410),
        ("GET", "tonic", "/orders/5", {}, 503),
        ("GET", "tonic", "/nowhere", {"content-type": "application/grpc-web"}, 404),
        ("POST", "tonic", "/nowhere", {"content-type": "application/json"}, 404),
        ("POST", "tonic", "/nowhere", {"content-type": "application/grpcx"}, 404),
        ("POST", "tonic", "/nowhere", {}, 404),
        ("POST", "tonic", ORDER, {"content-type": "application/json"}, 400),  # tonic-web's own response over HTTP/1.1
        ("POST", "interop", "/shop.v1.Closed/Order", {"content-type": "application/json"}, 503),
        ("POST", "interop", "/shop.v1.Members/Order", {"content-type": "application/json"}, 403),
    ]
    for method, server, path, fields, code in requests:
        for accept in accepts:
            connection = http.client.HTTPConnection(urllib.parse.urlsplit(SERVERS[server]).netloc, timeout=SECONDS)
            connection.request(method, path, b"{}" if method == "POST" else None, fields | {"accept": accept})
            response = connection.getresponse()
            head = {name.lower(): value for name, value in response.getheaders()}
            kind = "text/html; charset=utf-8" if accept == "text/html" else "application/problem+json"
            plain = head.get("content-type") == kind and not any(name.startswith("grpc") for name in head)
            good = response.status == code and plain and str(code).encode() in response.read()
            check(f"ordinary {method} {server} {path} {fields} accept {accept}", good, (response.status, head))
            connection.close()


def main():
    for case in CASES:
        with overloaded(case) if case.get("overloaded") else contextlib.nullcontext():
            for client in CLIENTS:
                check_case(client, case)
    streaming()
    ordinary()
    sys.exit(f"{len(failures)} failed" if failures else 0)


main()
