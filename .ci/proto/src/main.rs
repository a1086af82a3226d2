//! Writes the Rust code of a `.proto` file to a folder, as `PACKAGE.rs`, without protoc.
//!
//!     shop-proto tonic|connect PROTO FOLDER

use std::{env, fs, path::Path};

use prost::Message;

fn main() {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let [kind, proto, out] = arguments.try_into().expect("usage: shop-proto tonic|connect PROTO FOLDER");
    let proto = Path::new(&proto);
    let include = proto.parent().expect("a file is in a folder");
    let mut compiler = protox::Compiler::new([include]).expect("a folder");
    compiler.include_imports(true).include_source_info(true).open_file(proto).expect("a .proto file");
    if kind == "tonic" {
        let files = compiler.file_descriptor_set();
        tonic_prost_build::configure().out_dir(out).compile_fds(files).expect("code");
        return;
    }
    let set = Path::new(&out).join("set");
    fs::write(&set, compiler.file_descriptor_set().encode_to_vec()).expect("a file");
    let name = proto.file_name().expect("a file has a name");
    let config = connectrpc_build::Config::new().descriptor_set(set).files(&[name]).out_dir(out);
    config.emit_rerun_directives(false).file_per_package(true).compile().expect("code");
}
