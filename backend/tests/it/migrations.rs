//! The schema as servers bring it up.

use avaaz_backend::database::{MIGRATIONS, migrate};
use futures_util::future::join_all;
use sqlx::PgPool;

use crate::support::database::Postgres;

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_together_bring_the_schema_up_once_and_none_fails() {
    let server = Postgres::start().await;
    let pool = PgPool::connect(&server.url("postgres")).await.unwrap();
    // One migrates, and the others wait in statements of their own: nothing in a migration may wait for those.
    for outcome in join_all((0..4).map(|_| migrate(&pool))).await {
        outcome.unwrap();
    }
    let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(applied >= i64::try_from(MIGRATIONS.iter().count()).unwrap());
    let broken: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(broken, 0);
}
