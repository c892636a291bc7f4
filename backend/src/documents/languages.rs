//! Which of Postgres' dictionaries finds the stems of a language.

/// Returns the text search configuration for a language (ISO 639-3); of others, words are taken as they are. Of a text that is too
/// short to tell, they are taken for English: its rules leave other languages' words mostly alone.
pub(super) fn configuration(language: Option<&str>) -> &'static str {
    match language {
        None | Some("eng") => "english",
        Some("ara") => "arabic",
        Some("cat") => "catalan",
        Some("dan") => "danish",
        Some("deu") => "german",
        Some("ell") => "greek",
        Some("est") => "estonian",
        Some("fin") => "finnish",
        Some("fra") => "french",
        Some("hin") => "hindi",
        Some("hun") => "hungarian",
        Some("hye") => "armenian",
        Some("ind") => "indonesian",
        Some("ita") => "italian",
        Some("lit") => "lithuanian",
        Some("nep") => "nepali",
        Some("nld") => "dutch",
        Some("nob") => "norwegian",
        Some("pol") => "polish",
        Some("por") => "portuguese",
        Some("ron") => "romanian",
        Some("rus") => "russian",
        Some("spa") => "spanish",
        Some("srp") => "serbian",
        Some("swe") => "swedish",
        Some("tam") => "tamil",
        Some("tur") => "turkish",
        Some("yid") => "yiddish",
        _ => "simple",
    }
}
