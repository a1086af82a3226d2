//! Writes the Rust code of a `.proto` file into a folder, as `PACKAGE.rs`. No protoc is needed.

fn main() {
    let [proto, out] = std::env::args().skip(1).collect::<Vec<_>>().try_into().expect("usage: shop-proto PROTO FOLDER");
    let include = std::path::Path::new(&proto).parent().expect("a file is in a folder");
    let files = protox::compile([&proto], [include]).expect("a .proto file");
    tonic_prost_build::configure().out_dir(out).compile_fds(files).expect("code");
}
