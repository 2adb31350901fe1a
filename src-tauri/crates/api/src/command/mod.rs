//! The commands, a function each: `name(&Firn, Request) -> Result<Response, ErrorView>`.

use crate::Firn;
use crate::wire::*;

macro_rules! bodies {
    ($($access:ident $name:ident($request:ident) -> $response:ident;)*) => {
        $(
            /// A command of the list.
            ///
            /// # Errors
            /// While the drivers are not linked in: always.
            #[expect(clippy::unused_async, reason = "the signature that shells are written against")]
            pub async fn $name(_firn: &Firn, _request: $request) -> Result<$response, ErrorView> {
                Err(ErrorView::other(concat!("`", stringify!($name), "` needs a driver that is not part of this build")))
            }
        )*
    };
}

crate::with_commands!(bodies);
