"""Sends conditional requests through real proxies and caches, and with real clients, to the running examples.

    python tests/caches/conditional.py GET-URL PUT-URL FILES-URL FOLDER WORK

GET-URL is conditional_get, PUT-URL conditional_put, FILES-URL files, which serves FOLDER. Each row is a function of ROWS.
The interpreter has CacheControl and hishel.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import cachecontrol
import check
import hishel.requests
import requests
from check import Cache, configured, equal, exchange

GET, PUT, FILES, FOLDER, WORK = sys.argv[1], sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4]), pathlib.Path(sys.argv[5])
GZIP = {"accept-encoding": "gzip"}
TEXT = {"content-type": "text/plain"}


def nginx_gzip(folder, port, origin):
    return ["nginx", "-p", folder, "-e", folder / "error.log", "-c", configured(folder, "nginx-gzip.conf", port, origin)]


def apache2_deflate(folder, port, origin):
    return ["apache2", "-D", "FOREGROUND", "-f", configured(folder, "apache2-deflate.conf", port, origin)]


def varnish(folder, port, origin):
    vcl = configured(folder, "varnish.vcl", port, origin)
    return ["varnishd", "-F", "-n", folder / "work", "-a", f"127.0.0.1:{port}", "-f", vcl, "-s", "malloc,16m"]


PROXIES = {"nginx-gzip": nginx_gzip, "apache2-deflate": apache2_deflate}
check.CACHES.update(PROXIES, varnish=varnish)


def port(url):
    return int(url.rpartition(":")[2])


# --- proxies that change tags, in front of a guarded PUT ---


def through(name, url):
    """Starts a proxy or a cache, which is stopped by the caller."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
    folder.chmod(0o755)
    return Cache(name, folder, port(url))


def tag_of(proxy, path, sent):
    response, _ = proxy.get(path, accept_encoding="gzip")
    equal(response.status, 200, f"GET {path}")
    tag = response.fields["etag"]
    assert tag != sent, f"{proxy.name} does not change the tag {tag}"
    return tag


def a_put_is_guarded_behind_a_proxy_that_changes_tags():
    for name, changed in [("nginx-gzip", 'W/"v1"'), ("apache2-deflate", '"v1-gzip"')]:
        proxy = through(name, PUT)
        try:
            for path, expected in [(f"/notes/{name}", 412), (f"/proxied/notes/{name}", 204)]:
                content = "red tulips, " * 100
                created = exchange(proxy.port, "PUT", path, {"if-none-match": "*", **TEXT}, content)
                if created.status == 412:
                    # Both paths have the same notes.
                    assert path.startswith("/proxied"), created
                tag = tag_of(proxy, path, '"v1"')
                equal(tag, changed, f"{name}: the tag that the client gets")
                for method, fields, status in [
                    ("PUT", {"if-match": tag.replace("v1", "v0")}, 412),
                    ("PUT", {}, 428),
                    ("PUT", {"if-match": tag}, expected),
                ]:
                    response = exchange(proxy.port, method, path, {**fields, **TEXT}, content)
                    equal(response.status, status, f"{name}: {method} {path} {fields}")
            # The note has changed, so the same tag is a 412 now.
            response = exchange(proxy.port, "PUT", path, {"if-match": tag, **TEXT}, content)
            equal(response.status, 412, f"{name}: the same tag again")
        finally:
            proxy.stop()


def a_get_is_revalidated_behind_a_proxy_that_changes_tags():
    for name in PROXIES:
        proxy = through(name, PUT)
        try:
            path = f"/proxied/notes/get-{name}"
            exchange(proxy.port, "PUT", path, {"if-none-match": "*", **TEXT}, "white tulips, " * 100)
            tag = tag_of(proxy, path, '"v1"')
            response, origin = proxy.get(path, accept_encoding="gzip", if_none_match=tag)
            equal((response.status, origin), (304, [304]), f"{name}: {tag}")
            response, _ = proxy.get(path, accept_encoding="gzip", if_none_match='"other"')
            equal(response.status, 200, f"{name}: another tag")
        finally:
            proxy.stop()


# --- a cache and clients that revalidate ---


def change():
    equal(exchange(port(GET), "POST", "/orders/7").status, 200, "POST")


def varnish_revalidates():
    cache = through("varnish", GET)
    try:
        for path in ("/orders/7", "/catalog"):
            first, origin = cache.get(path)
            equal((first.status, origin), (200, [200]), f"{path}: first request")
            again, origin = cache.get(path)
            equal((again.body, origin), (first.body, []), f"{path}: fresh")
            time.sleep(1.2)
            stale, origin = cache.get(path)
            equal((stale.status, stale.body, origin), (200, first.body, [304]), f"{path}: revalidated")
            response, _ = cache.get(path, if_none_match=first.fields["etag"])
            equal(response.status, 304, f"{path}: a client's own condition")
        change()
        time.sleep(1.2)
        changed, origin = cache.get("/orders/7")
        equal((changed.status, origin), (200, [200]), "changed")
        assert changed.fields["etag"] != first.fields["etag"], changed.fields
    finally:
        cache.stop()


def run(*command, **options):
    return subprocess.run(command, cwd=WORK, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def curl_etag_compare_gets_304():
    def curl():
        options = ["--etag-compare", "tag", "--etag-save", "tag", "-o", "body", "-w", "%{http_code}"]
        return run("curl", "-sS", *options, f"{GET}/orders/7", check=True).stdout

    equal([curl(), curl()], ["200", "304"], "unchanged")
    change()
    equal([curl(), curl()], ["200", "304"], "changed")


def a_client_cache_revalidates():
    sessions = {
        "CacheControl": cachecontrol.CacheControl(requests.Session()),
        "hishel": hishel_session(),
    }
    for name, session in sessions.items():
        recorder = check.Recorder(port(GET))
        url = f"http://127.0.0.1:{recorder.server_address[1]}/orders/7"
        # The response has no lifetime, so the cache revalidates each request.
        fields = {"cache-control": "no-cache"}
        first, again = session.get(url), session.get(url, headers=fields)
        equal((first.status_code, again.status_code, again.text), (200, 200, first.text), name)
        equal(recorder.take(), [200, 304], f"{name}: unchanged")
        change()
        changed = session.get(url, headers=fields)
        equal(recorder.take(), [200], f"{name}: changed")
        assert json.loads(changed.text)["version"] > json.loads(first.text)["version"], changed.text


def hishel_session():
    session = requests.Session()
    storage = hishel.SqliteStorage(database_path=str(WORK / "hishel.db"))
    session.mount("http://", hishel.requests.CacheAdapter(storage=storage, rfc=True))
    return session


# --- downloads of the files example ---


def write(name, content, age):
    path = FOLDER / name
    path.write_text(content, encoding="utf-8")
    changed = time.time() - age
    os.utime(path, (changed, changed))
    return f"{FILES}/files/{name}"


def status_and_size(*command):
    """Resumes a download whose first 12 bytes exist locally; returns the status and the local size."""
    output = run(*command).stdout
    codes = [line.split()[1] for line in output.splitlines() if line.strip().startswith("HTTP/")]
    return codes[-1], output


def a_download_is_resumed_only_if_the_file_is_unchanged():
    old, new = "red tulips, white tulips, and many more", "red roses!, white tulips, and many more"
    for name, resume in [
        ("curl", lambda url, tag, local: ["curl", "-sS", "-D", "-", "-C", "-", "-H", f"If-Range: {tag}", "-o", local, url]),
        ("wget", lambda url, tag, local: ["wget", "-S", "-c", f"--header=If-Range: {tag}", "-O", local, url]),
    ]:
        url = write(f"{name}.txt", old, 3600)
        tag = exchange(port(FILES), "HEAD", f"/files/{name}.txt").fields["etag"]
        local = WORK / f"{name}.part"
        local.write_text(old[:12], encoding="utf-8")
        code, output = status_and_size(*resume(url, tag, local))
        equal((code, local.read_text()), ("206", old), f"{name}: unchanged: {output}")
        write(f"{name}.txt", new, 1800)
        local.write_text(old[:12], encoding="utf-8")
        code, output = status_and_size(*resume(url, tag, local))
        equal(code, "200", f"{name}: changed: {output}")


def wget_n_gets_304():
    url = write("news.txt", "seven tulips", 3600)
    local = WORK / "news.txt"
    first = run("wget", "-S", "-N", url).stdout
    assert "200 OK" in first and local.read_text() == "seven tulips", first
    again = run("wget", "-S", "-N", url).stdout
    assert "304 Not Modified" in again, again
    write("news.txt", "eight tulips", 1800)
    changed = run("wget", "-S", "-N", url).stdout
    assert "200 OK" in changed and local.read_text() == "eight tulips", changed


ROWS = [
    a_put_is_guarded_behind_a_proxy_that_changes_tags,
    a_get_is_revalidated_behind_a_proxy_that_changes_tags,
    varnish_revalidates,
    curl_etag_compare_gets_304,
    a_client_cache_revalidates,
    a_download_is_resumed_only_if_the_file_is_unchanged,
    wget_n_gets_304,
]


def main():
    failed = 0
    for row in ROWS:
        try:
            row()
            print(f"ok      {row.__name__}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"FAILED  {row.__name__}: {error}", flush=True)
    sys.exit(f"{failed} rows failed" if failed else 0)


if __name__ == "__main__":
    main()
