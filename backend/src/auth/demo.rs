//! The demo learner, for `avaaz dev`.

use sqlx::PgPool;

use super::domain::{DisplayName, EmailAddress, Password};
use super::{PasswordHasher, store};
use crate::config::Config;

/// The demo learner's e-mail address.
pub const EMAIL: &str = "demo@avaaz.local";
/// The demo learner's password.
pub const PASSWORD: &str = "avaaz-demo";
const NAME: &str = "Demo";

/// Makes sure that there is a demo learner whose password is [`PASSWORD`].
///
/// # Errors
/// In production, where everybody would know the password; when the database fails.
pub async fn ensure(
    config: &Config,
    pool: &PgPool,
    passwords: &PasswordHasher,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        !config.environment.is_production(),
        "there is no demo learner in production"
    );
    let refused =
        |refused: super::domain::Refused| anyhow::anyhow!("the demo learner: {}", refused.detail);
    let email = EmailAddress::parse(EMAIL).map_err(refused)?;
    if store::find_user_by_email(pool, &email).await?.is_some() {
        return Ok(());
    }
    let name = DisplayName::parse(NAME).map_err(refused)?;
    let hash = passwords
        .hash(Password::parse(PASSWORD.to_owned().into()).map_err(refused)?)
        .await?;
    let mut connection = pool.acquire().await?;
    // Nothing comes back when another process made it first.
    store::insert_user(&mut connection, &email, &name, &hash).await?;
    Ok(())
}
