//! What is there after a loss of power: a file's bytes before its name, its name before anything that needs it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use sigpost_tests::faults::{Deed, Order};

use super::*;

/// What a loss of power would take away at a moment.
#[derive(Debug, Default)]
struct Disk {
    /// Files that were written to since they were last synced.
    bytes: BTreeSet<PathBuf>,
    /// Files that are new and empty, which nobody misses.
    empty: BTreeSet<PathBuf>,
    /// Names that their folder has had since it was last synced.
    names: BTreeSet<PathBuf>,
    /// What was renamed, or linked.
    named: Vec<PathBuf>,
}

impl Disk {
    fn after(deeds: Vec<Deed>) -> Self {
        let mut disk = Self::default();
        for deed in deeds {
            disk.does(deed);
        }
        disk
    }

    fn does(&mut self, deed: Deed) {
        match deed {
            Deed::Create(file) => drop(self.empty.insert(file)),
            Deed::Write(file) => {
                self.names.extend(self.empty.take(&file));
                self.bytes.insert(file);
            }
            Deed::Sync(path) => {
                if of_the_database(&path) {
                    let keys: Vec<_> = self.names.iter().filter(|name| !of_the_store(name)).collect();
                    assert!(keys.is_empty(), "{} needs {keys:?}", path.display());
                }
                self.bytes.remove(&path);
                self.names.retain(|name| name.parent() != Some(&path));
            }
            Deed::Rename(from, to) => {
                self.has_bytes(&from);
                self.names.remove(&from);
                self.names.insert(to.clone());
                self.named.push(to);
            }
            Deed::Link(from, to) => {
                self.has_bytes(&from);
                self.names.insert(to.clone());
                self.named.push(to);
            }
            Deed::Unlink(file) => {
                self.bytes.remove(&file);
                self.names.remove(&file);
            }
        }
    }

    fn has_bytes(&self, file: &Path) {
        assert!(!self.bytes.contains(file), "{} gets a name before it is durable", file.display());
    }

    /// Nothing would be lost, but what is made anew: the index of the log, and whose directory it is.
    fn is_durable(&self) {
        let needed = |path: &&PathBuf| !path.ends_with("sigpost.db-shm") && !path.ends_with("sigpost.lock");
        let lost: Vec<_> = self.bytes.iter().chain(&self.names).filter(needed).collect();
        assert!(lost.is_empty(), "{lost:?} would be lost");
    }
}

/// Only what goes on in the data directory depends on its keys.
fn of_the_database(path: &Path) -> bool {
    path.starts_with("data") && of_the_store(path)
}

fn of_the_store(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("sigpost."))
}

#[test]
fn whatever_gets_a_name_is_durable_before_and_its_name_is_before_anything_needs_it() {
    let place = tempfile::TempDir::new().unwrap();
    let folder = place.path();
    std::fs::write(folder.join("sigpost.toml"), config("")).unwrap();
    std::fs::create_dir(folder.join("data")).unwrap();
    let order = Order::under(folder).unwrap();

    let data = folder.join("data");
    let watched = Launch::sigpost(config("")).unwrap().data(&data);
    let watched = order
        .environment()
        .into_iter()
        .fold(watched, |launch, (name, value)| launch.environment(name, value));
    let mut server = watched.start().unwrap();
    create(&server, "http://127.0.0.1:9/");
    let begun = Disk::after(order.deeds().unwrap());
    begun.is_durable();
    assert_eq!(begun.named, [Path::new("data/master.key")]);
    assert!(publish(&server.client().with_token(SENDER), "1"));
    server.terminate(SOON).unwrap();
    let ended = order.deeds().unwrap();
    assert!(ended.contains(&Deed::Sync("data/sigpost.db".into())), "the log is copied");
    Disk::after(ended).is_durable();

    let environment = order.environment();
    let environment: Vec<(&str, OsString)> = environment.into_iter().collect();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(binary().unwrap());
        let output =
            command.args(arguments).current_dir(folder).envs(environment.iter().cloned()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let disk = Disk::after(order.deeds().unwrap());
        disk.is_durable();
        disk.named
    };
    let named = run(&["keys", "rotate", "--data", "data"]);
    let [new, old, in_use] = &named[..] else { panic!("{named:?}") };
    assert_eq!(in_use, Path::new("data/master.key"));
    assert!([new, old].iter().all(|key| key.to_string_lossy().starts_with("data/master.key.")), "{named:?}");
    assert_eq!(run(&["backup", "--data", "data", "copy.db"]), [Path::new("copy.db")]);
}
