//! The whole API on a port of its own, with a database of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use avaaz_backend::app::AppState;
use avaaz_backend::auth::generate_key_file;
use avaaz_backend::clock::ShiftedClock;
use avaaz_backend::config::{Config, Env};
use avaaz_backend::content::ContentKeys;
use avaaz_backend::models::Models;
use avaaz_backend::tutor_host::{LeaseTerms, PgTutorHost};
use avaaz_backend::{database, http};
use avaaz_models::fake::{FakeEmbedder, FakeTextModel};
use sqlx::PgPool;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::livekit::{KEY, SECRET, closed_port};
use super::personas::{Persona, json_client};

/// The origin of the web app in tests.
pub const WEB_ORIGIN: &str = "http://localhost:3000";

/// A running API.
pub struct TestApp {
    /// `http://127.0.0.1:port`
    pub url: String,
    /// Its database.
    pub pool: PgPool,
    /// Its clock, which a test can let run ahead.
    pub clock: Arc<ShiftedClock>,
    /// All its parts.
    pub state: AppState,
    client: reqwest::Client,
    _server: AbortOnDropHandle<()>,
    _folder: TempDir,
}

impl TestApp {
    /// Starts an API whose LiveKit is down.
    pub async fn start() -> Self {
        Self::configured(|_| {}).await
    }

    /// Starts an API with a LiveKit server of [`super::livekit`].
    pub async fn with_livekit(url: &str) -> Self {
        Self::configured(|env| env.set("LIVEKIT_URL", url)).await
    }

    /// Starts an API with something configured differently.
    pub async fn configured(change: impl FnOnce(&mut Env)) -> Self {
        let database = super::database::fresh_url().await;
        Self::on_database(&database, change).await
    }

    /// Starts an API on a database that the test has in its hands.
    pub async fn on_database(database_url: &str, change: impl FnOnce(&mut Env)) -> Self {
        let folder = tempfile::tempdir().expect("a folder for keys");
        let mut env = Env::of([
            ("DATABASE_URL", database_url),
            ("AVAAZ_DATABASE_CONNECTIONS", "8"),
            ("LIVEKIT_API_KEY", KEY),
            ("LIVEKIT_API_SECRET", SECRET),
        ]);
        env.set("AVAAZ_DATA_DIR", folder.path().to_string_lossy());
        env.set("LIVEKIT_URL", format!("ws://127.0.0.1:{}", closed_port()));
        // The running program is the test itself.
        env.set("AVAAZ_DOCUMENT_READER", env!("CARGO_BIN_EXE_avaaz"));
        change(&mut env);
        let config = Config::read(&env).expect("the configuration is whole");
        generate_key_file(&config.auth.jwt_key_file).expect("a new key");
        ContentKeys::generate_file(&config.content.key_file).expect("a new key");
        let pool = database::pool(&config.database).expect("the address can be read");
        let clock = Arc::new(ShiftedClock::default());
        let mut state =
            AppState::new(config, pool.clone(), clock.clone()).expect("the keys are there");
        state.models = Models {
            text: Arc::new(FakeTextModel::saying::<String>([])),
            embedder: Arc::new(FakeEmbedder::default()),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let service = http::service(state.clone());
        let server = async move {
            let service = service.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.expect("it serves");
        };
        Self {
            url,
            pool,
            clock,
            state,
            client: json_client(),
            _server: AbortOnDropHandle::new(tokio::spawn(server)),
            _folder: folder,
        }
    }

    /// Somebody without an account.
    pub fn anonymous(&self) -> Persona {
        Persona::anonymous(self.client.clone(), &self.url)
    }

    /// A new learner who is signed in.
    pub async fn learner(&self) -> Persona {
        Persona::register(self.client.clone(), &self.url).await
    }

    /// A host for agent runtimes on the same database.
    pub fn tutor_host(&self) -> PgTutorHost {
        let (keys, livekit) = (self.state.keys.clone(), self.state.livekit.clone());
        PgTutorHost::start(
            self.pool.clone(),
            keys,
            livekit,
            LeaseTerms::default(),
            self.state.config.spending.clone(),
        )
        .with_models(self.state.models.clone())
    }

    /// Lets time pass for the API.
    pub fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }
}
