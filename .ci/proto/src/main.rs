//! Writes the Rust code of a `.proto` file to a folder, as `PACKAGE.rs`, without protoc.

fn main() {
    let [proto, out] = std::env::args().skip(1).collect::<Vec<_>>().try_into().expect("usage: shop-proto PROTO FOLDER");
    let include = std::path::Path::new(&proto).parent().expect("a file is in a folder");
    let files = protox::compile([&proto], [include]).expect("a .proto file");
    tonic_prost_build::configure().out_dir(out).compile_fds(files).expect("code");
}
