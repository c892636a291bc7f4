use super::*;

fn complete() -> Env {
    Env::of([
        ("DATABASE_URL", "postgres://avaaz@localhost/avaaz"),
        ("LIVEKIT_URL", "ws://localhost:7880"),
        ("LIVEKIT_API_KEY", "key"),
        ("LIVEKIT_API_SECRET", "a-secret-of-more-than-32-characters"),
        ("OPENAI_API_KEY", "sk-test"),
    ])
}

fn production() -> Env {
    let mut env = complete();
    for (name, value) in [
        ("AVAAZ_ENV", "production"),
        ("AVAAZ_PUBLIC_API_URL", "https://api.example.org"),
        ("AVAAZ_PUBLIC_WEB_URL", "https://app.example.org"),
        ("AVAAZ_JWT_KEY_FILE", "/etc/avaaz/jwt.pem"),
        ("AVAAZ_CONTENT_KEY_FILE", "/etc/avaaz/content.json"),
    ] {
        env.set(name, value);
    }
    env
}

fn refusal(env: &Env) -> String {
    Config::read(env).unwrap_err().to_string()
}

#[test]
fn a_developers_machine_needs_only_what_nobody_can_guess() {
    let config = Config::read(&complete()).unwrap();
    assert_eq!(
        config.http.public_api_url.as_str(),
        "http://localhost:8000/"
    );
    assert_eq!(config.http.web_origin(), "http://localhost:3000");
    assert!(!config.auth.secure_cookie);
    assert_eq!(config.livekit.public_url, "ws://localhost:7880");
    assert_eq!(config.realtime.providers().next().unwrap().0, "openai");
    assert!(!config.demo);
}

#[test]
fn gemini_is_a_voice_of_its_own_and_serves_whoever_has_no_wish_only_without_openai() {
    let mut env = complete();
    env.set("GEMINI_API_KEY", "AIza-hidden");
    let names = |env: &Env| -> Vec<&str> {
        let config = Config::read(env).unwrap();
        config.realtime.providers().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&env), ["openai", "gemini"]);
    env.set("OPENAI_API_KEY", "");
    assert_eq!(names(&env), ["gemini"]);
    let gemini = Config::read(&env).unwrap().realtime.gemini.unwrap();
    assert_eq!(gemini.model, "gemini-3.8-live");
    assert_eq!(gemini.base_url, "https://generativelanguage.googleapis.com");
}

#[test]
fn every_problem_is_told_at_once() {
    let told = refusal(&Env::of([
        ("AVAAZ_HTTP_ADDR", "nowhere"),
        ("AVAAZ_TRUSTED_PROXIES", "caddy"),
    ]));
    for name in [
        "DATABASE_URL",
        "LIVEKIT_URL",
        "LIVEKIT_API_KEY",
        "LIVEKIT_API_SECRET",
        "AVAAZ_HTTP_ADDR",
        "caddy",
    ] {
        assert!(told.contains(name), "{name} is not in: {told}");
    }
}

#[test]
fn production_starts_when_everything_is_given() {
    let config = Config::read(&production()).unwrap();
    assert!(config.environment.is_production() && config.auth.secure_cookie);
}

#[test]
fn production_refuses_a_demo_learner() {
    let mut env = production();
    env.set("AVAAZ_DEMO", "1");
    assert!(refusal(&env).contains("AVAAZ_DEMO"));
}

#[test]
fn production_refuses_missing_keys_and_secrets_that_everybody_knows() {
    for missing in [
        "AVAAZ_JWT_KEY_FILE",
        "AVAAZ_CONTENT_KEY_FILE",
        "AVAAZ_PUBLIC_WEB_URL",
        "OPENAI_API_KEY",
    ] {
        let mut env = production();
        env.set(missing, "");
        assert!(refusal(&env).contains(missing), "{missing}");
    }
    for (name, value) in [
        ("LIVEKIT_API_KEY", "devkey"),
        ("LIVEKIT_API_SECRET", "secret"),
        ("LIVEKIT_API_SECRET", "too-short"),
    ] {
        let mut env = production();
        env.set(name, value);
        assert!(refusal(&env).contains("LIVEKIT_API_SECRET"), "{value}");
    }
    let mut env = production();
    env.set("AVAAZ_SIMULATOR_URL", "http://localhost:1/v1");
    assert!(refusal(&env).contains("AVAAZ_SIMULATOR_URL"));
}

#[test]
fn two_servers_do_not_share_a_port() {
    let mut env = complete();
    env.set("AVAAZ_WEB_ADDR", "127.0.0.1:8000");
    assert!(refusal(&env).contains("a port each"));
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", Config::read(&complete()).unwrap());
    assert!(
        !shown.contains("a-secret-of")
            && !shown.contains("sk-test")
            && !shown.contains("postgres://")
    );
}

#[test]
fn openai_itself_listens_for_sense_and_a_server_of_ones_own_for_silence() {
    use avaaz_agent::realtime::openai::manners::TurnFinder;

    let finder = |pairs: &[(&str, &str)]| {
        let mut env = complete();
        for (name, value) in pairs {
            env.set(name, *value);
        }
        let config = Config::read(&env).unwrap();
        config.realtime.openai_settings.manners.turn_detection
    };
    let own = ("OPENAI_BASE_URL", "http://localhost:8080/v1");
    assert_eq!(finder(&[]), TurnFinder::Semantic);
    assert_eq!(finder(&[own]), TurnFinder::Silence);
    assert_eq!(
        finder(&[own, ("OPENAI_TURN_DETECTION", "semantic_vad")]),
        TurnFinder::Semantic
    );
    assert_eq!(
        finder(&[("OPENAI_TURN_DETECTION", "server_vad")]),
        TurnFinder::Silence
    );
}

#[test]
fn settings_of_the_voice_that_make_no_sense_are_refused_with_what_would() {
    for (name, value, told) in [
        (
            "OPENAI_REALTIME_DIALECT",
            "alpha",
            "must be one of ga, beta",
        ),
        (
            "OPENAI_TURN_DETECTION",
            "none",
            "must be one of semantic_vad, server_vad",
        ),
        (
            "OPENAI_NOISE_REDUCTION",
            "on",
            "must be one of off, near_field, far_field",
        ),
        ("OPENAI_REALTIME_DIALECT", "beta", "OPENAI_BASE_URL"),
    ] {
        let mut env = complete();
        env.set(name, value);
        let refusal = refusal(&env);
        assert!(
            refusal.contains(name) && refusal.contains(told),
            "{refusal}"
        );
    }
    let mut env = complete();
    env.set("OPENAI_BASE_URL", "http://localhost:8000/v1");
    env.set("OPENAI_REALTIME_DIALECT", "beta");
    let voice = |env: &Env| Config::read(env).unwrap().realtime.openai_settings.voice;
    assert_eq!(voice(&env), None);
    env.set("OPENAI_VOICE", "af_heart");
    assert_eq!(voice(&env).as_deref(), Some("af_heart"));
    for (name, value) in [
        ("OPENAI_TURN_DETECTION", "semantic_vad"),
        ("OPENAI_NOISE_REDUCTION", "near_field"),
    ] {
        let mut env = env.clone();
        env.set(name, value);
        assert!(refusal(&env).contains(name));
    }
}

#[test]
fn caps_are_off_unless_they_are_set_and_an_amount_is_one() {
    let config = Config::read(&complete()).unwrap();
    assert_eq!(config.spending.caps, crate::usage::caps::Caps::default());
    let mut env = complete();
    env.set("AVAAZ_MAX_COST_PER_CONVERSATION", "0.50");
    env.set("AVAAZ_MAX_COST_PER_DAY", "12");
    env.set("AVAAZ_MAX_COST_PER_LEARNER_DAY", "0");
    env.set("AVAAZ_MAX_MINUTES_PER_LEARNER_DAY", "45");
    let caps = Config::read(&env).unwrap().spending.caps;
    assert_eq!(caps.conversation.cost_micros, Some(500_000));
    assert_eq!(caps.day.cost_micros, Some(12_000_000));
    assert_eq!(caps.learner_day.cost_micros, None);
    assert_eq!(
        caps.learner_day.time,
        Some(std::time::Duration::from_secs(45 * 60))
    );
    for wrong in ["much", "-1", "1,5", ".5", "0.0000001"] {
        env.set("AVAAZ_MAX_COST_PER_DAY", wrong);
        assert!(refusal(&env).contains("AVAAZ_MAX_COST_PER_DAY"), "{wrong}");
    }
}

#[test]
fn a_table_of_prices_that_cannot_be_read_stops_the_start() {
    let mut env = complete();
    env.set("AVAAZ_PRICES_FILE", "/nowhere/prices.json");
    assert!(refusal(&env).contains("AVAAZ_PRICES_FILE"));
}

#[test]
fn text_is_written_by_the_first_voice_unless_it_has_a_server_of_its_own() {
    let asked = |pairs: &[(&str, &str)]| {
        let mut env = complete();
        for (name, value) in pairs {
            env.set(name, *value);
        }
        let text_model = Config::read(&env).unwrap().text_model;
        text_model.map(|config| (config.base_url.to_string(), config.model))
    };
    let pair = |url: &str, model: &str| Some((url.to_owned(), model.to_owned()));
    assert_eq!(asked(&[("OPENAI_API_KEY", "")]), None);
    let simulator = ("AVAAZ_SIMULATOR_URL", "http://localhost:8090/v1");
    assert_eq!(
        asked(&[("OPENAI_API_KEY", ""), simulator]),
        pair("http://localhost:8090/v1", "simulator")
    );
    let gemini = ("GEMINI_API_KEY", "key");
    assert_eq!(
        asked(&[("OPENAI_API_KEY", ""), gemini, ("CHAT_MODEL", "gemini-9")]),
        pair(
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "gemini-9"
        )
    );
    assert_eq!(
        asked(&[gemini, ("OPENAI_BASE_URL", "ws://localhost:8080/v1")]),
        pair("http://localhost:8080/v1", "gpt-5.4-mini")
    );
    let ollama = ("CHAT_BASE_URL", "http://localhost:11434/v1/");
    assert_eq!(
        asked(&[ollama, ("CHAT_MODEL", "qwen3")]),
        pair("http://localhost:11434/v1", "qwen3")
    );
}

#[test]
fn vectors_are_made_here_unless_a_server_is_named_with_its_model() {
    let read = |env: &Env| Config::read(env).unwrap().embedding;
    let mut env = complete();
    env.set("AVAAZ_DATA_DIR", "/data");
    let own = read(&env);
    assert!(
        matches!(&own, EmbeddingConfig::BuiltIn { folder } if folder.ends_with("data/embedding")),
        "{own:?}"
    );
    env.set("EMBEDDING_BASE_URL", "http://localhost:11434/v1");
    env.set("EMBEDDING_MODEL", "bge-m3");
    let server = read(&env);
    assert!(
        matches!(&server, EmbeddingConfig::Server { model, .. } if model == "bge-m3"),
        "{server:?}"
    );
}

#[test]
fn half_a_server_for_text_or_vectors_is_refused() {
    for (name, value, told) in [
        ("CHAT_BASE_URL", "http://localhost:11434/v1", "CHAT_MODEL"),
        ("CHAT_API_KEY", "key", "CHAT_BASE_URL"),
        (
            "EMBEDDING_BASE_URL",
            "http://localhost:11434/v1",
            "EMBEDDING_MODEL",
        ),
        ("EMBEDDING_MODEL", "bge-m3", "EMBEDDING_BASE_URL"),
        ("EMBEDDING_API_KEY", "key", "EMBEDDING_BASE_URL"),
        (
            "EMBEDDING_BASE_URL",
            "localhost:11434",
            "http://localhost:11434/v1",
        ),
        ("CHAT_BASE_URL", "here", "http://localhost:11434/v1"),
    ] {
        let mut env = complete();
        env.set(name, value);
        let refusal = refusal(&env);
        assert!(refusal.contains(told), "{refusal}");
    }
}

#[test]
fn things_are_kept_until_they_are_erased_unless_a_number_of_days_says_otherwise() {
    let kept = |days: &str| {
        let mut env = complete();
        env.set("AVAAZ_RETENTION_CONVERSATIONS_DAYS", days);
        Config::read(&env).map(|config| config.retention.conversations)
    };
    assert_eq!(Config::read(&complete()).unwrap().retention.usage, None);
    let by_default = Config::read(&complete()).unwrap().retention;
    assert_eq!(by_default.retired_memories, Some(30));
    assert_eq!(kept("0").unwrap(), None);
    assert_eq!(kept("2").unwrap(), Some(2));
    assert_eq!(kept("36500").unwrap(), Some(36_500));
    for days in ["1", "36501", "-3", "a month"] {
        let told = kept(days).unwrap_err().to_string();
        assert!(
            told.contains("AVAAZ_RETENTION_CONVERSATIONS_DAYS"),
            "{days}: {told}"
        );
    }
}

#[test]
fn an_access_token_lives_as_long_as_is_said_within_reason() {
    let mut env = complete();
    let ttl = |env: &Env| Config::read(env).unwrap().auth.access_ttl.as_secs();
    assert_eq!(ttl(&env), 900);
    env.set("AVAAZ_ACCESS_TOKEN_S", "5");
    assert_eq!(ttl(&env), 5);
    for unreasonable in ["0", "4", "3601", "-1", "soon"] {
        env.set("AVAAZ_ACCESS_TOKEN_S", unreasonable);
        assert!(
            refusal(&env).contains("AVAAZ_ACCESS_TOKEN_S"),
            "{unreasonable}"
        );
    }
}
