//! One TLS library for the whole process.

/// Chooses ring for everybody who asks rustls without saying which. Safe to call again.
pub fn install() {
    // An error says that one was chosen before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
