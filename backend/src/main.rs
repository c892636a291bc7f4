//! The binary `avaaz`.

fn main() -> std::process::ExitCode {
    avaaz_backend::commands::main()
}
