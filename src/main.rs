//! The `retainer` binary; see [`retainer::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all: a TLS client made before would find no provider. An error would mean that one
    // is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    retainer::cli::main()
}
