use std::path::{Path, PathBuf};

use avaaz_reader::Limits;

use super::env::Reader;

const MIB: u64 = 1024 * 1024;

/// What learners may upload, and what reading it may take.
#[derive(Debug, Clone)]
pub struct DocumentsConfig {
    /// `AVAAZ_DOCUMENTS_DIR`: the folder of uploaded files. Processes on several machines must share it.
    pub folder: PathBuf,
    /// `AVAAZ_MAX_DOCUMENT_BYTES`: how large one document may be.
    pub max_bytes: u64,
    /// `AVAAZ_DOCUMENTS_PER_LEARNER`
    pub max_count: i64,
    /// `AVAAZ_DOCUMENT_BYTES_PER_LEARNER`: how large all documents of a learner may be together.
    pub max_total_bytes: u64,
    /// `AVAAZ_PASSAGES_PER_LEARNER`: how many passages all documents of a learner may have together.
    pub max_passages: i64,
    /// `AVAAZ_DOCUMENT_READER`: the program that reads documents; by default this one, started anew.
    pub reader: PathBuf,
    /// `AVAAZ_DOCUMENT_READERS`: how many documents are worked on at once, by all processes together; one process never carries out
    /// more than four jobs at once.
    pub readers: usize,
    /// `AVAAZ_DOCUMENT_READER_BYTES` and `AVAAZ_DOCUMENT_READER_SECONDS`: what reading one may take.
    pub limits: Limits,
}

impl DocumentsConfig {
    pub(super) fn read(reader: &Reader<'_>, data_dir: &Path) -> Self {
        let folder = reader.text("AVAAZ_DOCUMENTS_DIR");
        let program = reader.text("AVAAZ_DOCUMENT_READER");
        Self {
            folder: folder.map_or_else(|| data_dir.join("documents"), PathBuf::from),
            max_bytes: reader.parsed("AVAAZ_MAX_DOCUMENT_BYTES", 50 * MIB),
            max_count: reader.parsed("AVAAZ_DOCUMENTS_PER_LEARNER", 200),
            max_total_bytes: reader.parsed("AVAAZ_DOCUMENT_BYTES_PER_LEARNER", 1024 * MIB),
            max_passages: reader.parsed("AVAAZ_PASSAGES_PER_LEARNER", 50_000),
            reader: program.map_or_else(this_program, PathBuf::from),
            readers: reader.parsed("AVAAZ_DOCUMENT_READERS", 2).max(1),
            limits: Limits {
                memory_bytes: reader.parsed("AVAAZ_DOCUMENT_READER_BYTES", 512 * MIB),
                seconds: reader.parsed("AVAAZ_DOCUMENT_READER_SECONDS", 30),
            },
        }
    }
}

/// On Linux by its link, which is right also after the file was replaced by a newer release.
fn this_program() -> PathBuf {
    if cfg!(target_os = "linux") {
        return PathBuf::from("/proc/self/exe");
    }
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("avaaz"))
}
