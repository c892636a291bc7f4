//! Accounts: who a learner is, and how they prove it.

pub mod answers;
mod cookie;
pub mod demo;
pub mod domain;
mod extract;
mod keys;
mod me;
mod passwords;
pub mod purge;
mod refresh_tokens;
mod sign_in;
pub mod store;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;

pub(crate) use cookie::clear as clear_cookie;
pub use domain::EmailAddress;
pub use extract::Learner;
pub use keys::{AccessKeys, KeyFileError, generate_key_file};
pub(crate) use me::prove_password;
pub use passwords::PasswordHasher;

/// Returns `/auth/...`, signing out everywhere, and the public keys.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::register))
        .routes(routes!(sign_in::login))
        .routes(routes!(sign_in::refresh))
        .routes(routes!(sign_in::logout))
        .routes(routes!(sign_in::sign_out_everywhere))
        .routes(routes!(me::show, me::change))
        .routes(routes!(me::change_password))
        .routes(routes!(keys::jwks))
}
