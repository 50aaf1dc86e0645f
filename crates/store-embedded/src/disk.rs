//! The few things that the store does with a disk, so that tests can put a failing one under it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

pub(crate) trait Disk: Send + Sync {
    /// Names of the files in the folder, in no order.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// A new file, empty; an older one of the name is gone.
    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>>;
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Cuts the file off at `length` and makes that durable.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
    /// Makes names that came, went or changed in the folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Told before each change of files that others make for the store: Parquet files, runs, the
    /// manifest. An error stands for the failure of that change.
    fn before(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Told when such a change is durable. An error stands for a death just then: who gets one
    /// can't say what the next start will find.
    fn after(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// Removes a folder that nothing refers to. What can't be removed now is removed at the next
/// start.
pub(crate) fn remove_folder(disk: &dyn Disk, folder: &Path) {
    warn_unless_gone(folder, disk.remove_folder(folder));
}

/// Removes a file that nothing refers to, as `remove_folder` does.
pub(crate) fn remove_file(disk: &dyn Disk, file: &Path) {
    warn_unless_gone(file, disk.remove(file));
}

fn warn_unless_gone(path: &Path, removed: io::Result<()>) {
    if let Err(error) = removed
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "could not remove");
    }
}

pub(crate) trait AppendFile: Send {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns when everything appended is durable.
    fn sync(&mut self) -> io::Result<()>;
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// The file system.
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn AppendFile>> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

struct RealFile(File);

impl AppendFile for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}
