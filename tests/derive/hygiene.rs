//! No prelude, and user types with the names that the derive uses.
#![no_implicit_prelude]
#![allow(dead_code, non_camel_case_types)]

struct Status;
struct Result;
struct Option;
struct String;
struct Vec;
struct Box;
struct Documented;
struct StatusCode;
struct Duration;
trait IntoStatus {}
trait From {}
trait Into {}
trait Error {}
trait Display {}
trait Clone {}
struct u64;
struct str;
const STATUSES: Status = Status;

#[::core::prelude::v1::derive(::core::prelude::v1::Debug, ::thiserror::Error, ::tower_status::IntoStatus)]
#[status(default = 500)]
enum Shop {
    #[error("no order")]
    #[status(404, title = "Missing", detail = "no {0:?} of {1}", instance = "/o/{1}", type = "/missing", grpc = NOT_FOUND)]
    Missing(#[status(extension = "id")] ::core::primitive::u64, ::std::string::String),
    #[error("moved")]
    #[status(303, location = "/o/{status}", header("x-y" = "z"))]
    Moved { status: ::core::primitive::u8, __status: ::core::primitive::u8, error: ::core::primitive::u8 },
    #[error("wait")]
    #[status(503, expose)]
    Wait(#[status(retry_after)] ::core::option::Option<::core::time::Duration>),
    #[error("stock")]
    #[status(transparent)]
    Stock(Stock),
    #[error("foreign")]
    #[status(from_error)]
    Foreign(#[source] ::core::option::Option<::std::boxed::Box<::core::fmt::Error>>),
    #[error("rest")]
    Rest,
}

#[::core::prelude::v1::derive(::core::prelude::v1::Debug, ::thiserror::Error, ::tower_status::IntoStatus)]
#[error("stock")]
#[status(409)]
struct Stock;

#[::core::prelude::v1::test]
fn derive_compiles_without_the_prelude() {
    let of = <::tower_status::Status as ::core::convert::From<Shop>>::from;
    ::std::assert_eq!(of(Shop::Stock(Stock)).code(), 409);
    let moved = of(Shop::Moved { status: 1, __status: 2, error: 3 });
    ::std::assert_eq!(moved.headers()["location"], "/o/1");
    ::std::assert_eq!(of(Shop::Foreign(::core::option::Option::None)).code(), 500);
}
