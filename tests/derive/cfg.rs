//! Variants and fields that `cfg` removes.

use tower_status::{Documented, IntoStatus, Status};

#[derive(Debug, thiserror::Error, IntoStatus)]
enum Shop {
    #[cfg(not(feature = "derive"))]
    Never(NoSuchType),
    #[cfg(not(feature = "derive"))]
    #[status(200, nonsense)]
    NeverEither,
    #[cfg(feature = "derive")]
    #[error("sold out")]
    #[cfg_attr(feature = "derive", status(409))]
    SoldOut {
        #[cfg(not(feature = "derive"))]
        #[status(extension)]
        of: NoSuchType,
        #[status(extension)]
        item: &'static str,
    },
}

#[test]
fn removed_variants_and_fields_are_left_out() {
    let status = Status::from(Shop::SoldOut { item: "tulips" });
    assert_eq!((status.code().as_u16(), status.extensions().len()), (409, 1));
    assert_eq!(Documented::of::<Shop>().iter().count(), 1);
}
