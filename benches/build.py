"""Builds an application with and without the crate."""

import os
import re
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import measure

MAIN = """
use axum::{Router, routing::get};
#[tokio::main]
async fn main() {
    let app: Router = Router::new().route("/", get(async || "seven tulips"))LAYERS;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
"""
MANIFEST = """
[package]
name = "application"
version = "0.0.0"
edition = "2024"

[profile.release]
strip = true

[dependencies]
axum = "0.8"
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
DEPENDENCY

[workspace]
"""
APPLICATIONS = {
    "axum alone": ("", ""),
    "tower-status, feature `axum`": (
        f'tower-status = {{ path = "{measure.ROOT}", features = ["axum"] }}',
        ".layer(tower_status::StatusMapLayer::new())",
    ),
    "three layers of tower-http": (
        'tower-http = { version = "0.7", features = ["catch-panic", "compression-full", "trace"] }',
        ".layer(tower_http::catch_panic::CatchPanicLayer::new()).layer(tower_http::trace::TraceLayer::new_for_http())"
        ".layer(tower_http::compression::CompressionLayer::new())",
    ),
}


def build(folder, dependency, layers):
    """Returns the seconds and the bytes of one application."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.rs").write_text(MAIN.replace("LAYERS", layers))
    (folder / "Cargo.toml").write_text(MANIFEST.replace("DEPENDENCY", dependency))
    shutil.copy(measure.ROOT / "Cargo.lock", folder)
    environment = {**os.environ, "CARGO_TARGET_DIR": str(folder / "target"), "CARGO_INCREMENTAL": "0"}
    subprocess.run(["cargo", "fetch", "--quiet"], cwd=folder, check=True, env=environment)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=folder, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, (folder / "target" / "release" / "application").stat().st_size


def section():
    lines = [
        "`cargo build --release` of an axum application from nothing: the processor time of all processes, and the size of the",
        "stripped program. The three layers are `CatchPanicLayer`, `TraceLayer` and `CompressionLayer`.",
        "",
        "| application | processor time (ratio) | program (KiB) | more (KiB) |",
        "|---|--:|--:|--:|",
    ]
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for name, (dependency, layers) in APPLICATIONS.items():
            seconds, size = build(Path(folder) / re.sub(r"\W+", "-", name), dependency, layers)
            first = first or (seconds, size)
            lines.append(f"| {name} | {seconds / first[0]:.1f} | {size / 1024:,.0f} | {(size - first[1]) / 1024:,.0f} |")
    return lines
