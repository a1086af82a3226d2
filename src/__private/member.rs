//! The schema of an extension member's type, without a bound on users' types.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    marker::PhantomData,
    net, num, path,
};

use crate::MemberSchema;

/// `Member::<T>::SCHEMA` is the schema of `T`. The constant of this type comes first; for a type that does not implement
/// [`KnownMember`], the compiler takes that of [`AnyMember`].
#[derive(Debug)]
pub struct Member<T: ?Sized>(PhantomData<T>);

impl<T: KnownMember + ?Sized> Member<T> {
    /// The schema of a known type.
    pub const SCHEMA: MemberSchema = T::SCHEMA;
}

/// The schema of any other type.
pub trait AnyMember {
    /// Any JSON value.
    const SCHEMA: MemberSchema = MemberSchema::Any;
}

impl<T: ?Sized> AnyMember for Member<T> {}

/// The types whose `Serialize` is known.
pub trait KnownMember {
    /// The JSON type.
    const SCHEMA: MemberSchema;
}

macro_rules! known {
    ($($schema:ident: $($ty:ty)+;)*) => {$($(
        impl KnownMember for $ty {
            const SCHEMA: MemberSchema = MemberSchema::$schema;
        }
    )+)*};
}

known! {
    Boolean: bool;
    Integer: u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize;
    Integer: num::NonZeroU8 num::NonZeroU16 num::NonZeroU32 num::NonZeroU64 num::NonZeroU128 num::NonZeroUsize;
    Integer: num::NonZeroI8 num::NonZeroI16 num::NonZeroI32 num::NonZeroI64 num::NonZeroI128 num::NonZeroIsize;
    Number: f32 f64 serde_json::Number;
    String: str String char path::Path path::PathBuf;
    String: net::IpAddr net::Ipv4Addr net::Ipv6Addr net::SocketAddr net::SocketAddrV4 net::SocketAddrV6;
}

macro_rules! same {
    ($($ty:ty)*) => {$(
        impl<T: KnownMember + ?Sized> KnownMember for $ty {
            const SCHEMA: MemberSchema = T::SCHEMA;
        }
    )*};
}

same! { &T Box<T> std::sync::Arc<T> }

impl<T: KnownMember + ToOwned + ?Sized> KnownMember for Cow<'_, T> {
    const SCHEMA: MemberSchema = T::SCHEMA;
}

impl<T: KnownMember> KnownMember for Option<T> {
    const SCHEMA: MemberSchema = MemberSchema::Nullable(&T::SCHEMA);
}

macro_rules! arrays {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<T: KnownMember, $($generics)*> KnownMember for $ty {
            const SCHEMA: MemberSchema = MemberSchema::Array(&T::SCHEMA);
        }
    )*};
}

arrays! { [] Vec<T>; [] VecDeque<T>; [] [T]; [const N: usize] [T; N]; [] BTreeSet<T>; [S] HashSet<T, S>; }

macro_rules! objects {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<$($generics)*> KnownMember for $ty {
            const SCHEMA: MemberSchema = MemberSchema::Object(&[]);
        }
    )*};
}

objects! { [K, V] BTreeMap<K, V>; [K, V, S] HashMap<K, V, S>; [] serde_json::Map<String, serde_json::Value>; }
