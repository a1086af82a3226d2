"""Sends gRPC calls through nginx to two servers: one with the default limit, and one with a limit of 8 KiB.

    python tests/grpc_nginx/check.py http://DEFAULT http://RAISED FOLDER
"""

import os
import pathlib
import socket
import subprocess
import sys
import time

import grpc
from grpc_status import rpc_status

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "examples"))
shop = grpc.protos("shop/v1.proto")

DEFAULT, RAISED = (url.removeprefix("http://") for url in sys.argv[1:3])
FOLDER = pathlib.Path(sys.argv[3]) / "nginx"
SECONDS = 30
# The example's error of 20 KiB, its error with every detail, and its error with a delay of an hour.
LONG, DETAILED = ("/shop.v1.Shop/Order", 3), ("/shop.v1.Shop/Order", 2)
DELAYED = ("/shop.v1.Closed/Order", 7)
failures = []


def check(what, good, got=""):
    print(("ok      " if good else "FAILED  ") + what + ("" if good else f": {got}"), flush=True)
    if not good:
        failures.append(what)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_nginx():
    """Returns the process and the addresses of its three servers."""
    FOLDER.mkdir()
    ports = {name: free_port() for name in ("DEFAULT_PORT", "RAISED_PORT", "BUFFERED_PORT")}
    user = "user www-data;" if os.geteuid() == 0 else ""
    values = {"USER": user, "FOLDER": FOLDER, "DEFAULT": DEFAULT, "RAISED": RAISED, **ports}
    config = (HERE / "nginx.conf").read_text(encoding="utf-8")
    for name, value in values.items():
        config = config.replace(f"@{name}@", str(value))
    path = FOLDER / "nginx.conf"
    path.write_text(config, encoding="utf-8")
    process = subprocess.Popen(["nginx", "-c", path, "-e", FOLDER / "error.log"])
    for port in ports.values():
        wait_for(process, port)
    return process, [f"127.0.0.1:{port}" for port in ports.values()]


def wait_for(process, port):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nginx does not listen: {(FOLDER / 'error.log').read_text(encoding='utf-8')}")


def call(address, request):
    """Returns code, message, details and `grpc-retry-pushback-ms` of the error."""
    path, id = request
    # grpcio accepts 8 KiB by default, counted with the fields that nginx adds.
    with grpc.insecure_channel(address, [("grpc.max_metadata_size", 64 * 1024)]) as channel:
        method = channel.unary_unary(path, shop.OrderRequest.SerializeToString, shop.OrderReply.FromString)
        try:
            method(shop.OrderRequest(id=id), timeout=SECONDS)
        except grpc.RpcError as error:
            status = rpc_status.from_call(error)
            names = [detail.type_url.rpartition(".")[2] for detail in status.details] if status else []
            pushback = dict(error.trailing_metadata() or ()).get("grpc-retry-pushback-ms")
            return error.code().name, error.details(), names, pushback
        sys.exit(f"{path} succeeds")


def main():
    nginx, (default, raised, buffered) = start_nginx()
    try:
        rows(default, raised, buffered)
    finally:
        nginx.terminate()
        nginx.wait(SECONDS)
    sys.exit(f"{len(failures)} failed" if failures else 0)


def rows(default, raised, buffered):
    for name, request in {"20 KiB": LONG, "every detail": DETAILED, "a delay": DELAYED}.items():
        direct, proxied = call(DEFAULT, request), call(default, request)
        check(f"default limit, {name}: the same through nginx", proxied == direct, (direct, proxied))
    code, message, *_ = call(default, LONG)
    check("default limit, 20 KiB: shortened", code == "INVALID_ARGUMENT" and message.endswith("…"), (code, message))
    *_, details, pushback = call(default, DETAILED)
    expected = ["ErrorInfo", "RetryInfo", "BadRequest", "Help"]
    check("default limit, every detail: all of them", details == expected, details)
    *_, pushback = call(default, DELAYED)
    check("default limit, a delay: the pushback", pushback == "3600000", pushback)

    direct, proxied = call(RAISED, LONG), call(raised, LONG)
    is_longer = direct[0] == "INVALID_ARGUMENT" and len(direct[1]) > 2 * len(message)
    check("limit of 8 KiB: the message is longer", is_longer, direct)
    is_502 = proxied[0] == "UNAVAILABLE" and "502" in proxied[1]
    check("limit of 8 KiB, nginx's default buffer: 502", is_502, proxied)
    log = (FOLDER / "error.log").read_text(encoding="utf-8")
    check("limit of 8 KiB, nginx's default buffer: its log has the reason", "too big header" in log, log)
    proxied = call(buffered, LONG)
    check("limit of 8 KiB, grpc_buffer_size 16k: the same through nginx", proxied == direct, (direct, proxied))


main()
