//! `/auth/...`

mod access_tokens;
mod login;
mod logout;
mod me;
mod password;
mod rate_limits;
mod refresh;
mod register;
mod sign_out_everywhere;
