//! Which application a call is for, and where its file is (RUN-1, RUN-8, RUN-10).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, anyhow};

use crate::config::ServiceEntry;

/// The applications of this server.
#[derive(Debug, Clone)]
pub(crate) struct Applications {
    source: Source,
    services: Vec<ServiceEntry>,
    operating_directory: PathBuf,
}

#[derive(Debug, Clone)]
enum Source {
    /// One file for every call.
    File(PathBuf),
    /// The folder `Applications`.
    Folder(PathBuf),
}

/// The application of one call and what its service says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// Name of the service; that of the application if there is none.
    pub(crate) service: String,
    pub(crate) path: PathBuf,
    pub(crate) parameters: String,
    pub(crate) auto_ring: bool,
}

/// No application answers to the called name (return code -3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoApplication {
    pub(crate) name: String,
}

/// Tells one version of a file from the next (RUN-33).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Stamp {
    /// `None` if the file is not there.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { modified: metadata.modified().ok(), bytes: metadata.len() })
    }
}

impl Applications {
    /// `path` is a Python file, or the operating directory, or the folder `Applications` itself.
    pub(crate) fn find(path: &Path, services: Vec<ServiceEntry>) -> anyhow::Result<Self> {
        let path = path.canonicalize().with_context(|| {
            format!(
                "there is no {}; name a Python file or the folder that holds Applications",
                path.display()
            )
        })?;
        let parent = |path: &Path| path.parent().unwrap_or(path).to_owned();
        if path.is_file() {
            if path.extension().is_none_or(|extension| extension != "py") {
                return Err(anyhow!(
                    "{} is not an application; an application is one .py file",
                    path.display()
                ));
            }
            let operating_directory = parent(&path);
            return Ok(Self { source: Source::File(path), services, operating_directory });
        }
        let inner = path.join("Applications");
        let folder = if inner.is_dir() { inner } else { path.clone() };
        let applications = Self {
            operating_directory: if folder.ends_with("Applications") { parent(&folder) } else { path },
            source: Source::Folder(folder.clone()),
            services,
        };
        if applications.all().is_empty() {
            return Err(anyhow!("there is no .py file in {}", folder.display()));
        }
        Ok(applications)
    }

    /// Name and file of every application, in the order of their names.
    pub(crate) fn all(&self) -> Vec<(String, PathBuf)> {
        match &self.source {
            Source::File(path) => vec![(stem(path), path.clone())],
            Source::Folder(folder) => {
                let mut all: Vec<_> = fs::read_dir(folder)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|entry| entry.path())
                    .filter(|path| path.extension().is_some_and(|e| e == "py") && path.is_file())
                    .map(|path| (stem(&path), path))
                    .filter(|(name, _)| is_name(name) && !name.starts_with("__"))
                    .collect();
                all.sort();
                all
            }
        }
    }

    /// Where applications run and where sound files lie unless a setting says otherwise.
    pub(crate) fn operating_directory(&self) -> &Path {
        &self.operating_directory
    }

    /// The application for a call to `user`: that of its service, the one of this name, or the only one that
    /// `takes_calls` (modules that applications import do not).
    pub(crate) fn target(
        &self,
        user: &str,
        takes_calls: impl Fn(&str) -> bool,
    ) -> Result<Target, NoApplication> {
        let service = self.services.iter().find(|service| service.number == user);
        let fits = |service: &&ServiceEntry| matches(&service.number, user);
        let service = service.or_else(|| self.services.iter().find(fits));
        if let Some(service) = service {
            let path = self.path(&service.application);
            let path = path.ok_or_else(|| NoApplication { name: service.application.clone() })?;
            return Ok(Target {
                name: service.application.clone(),
                service: service.name().to_owned(),
                path,
                parameters: service.parameters.clone(),
                auto_ring: service.auto_ring,
            });
        }
        let plain = |name: String, path| Target {
            service: name.clone(),
            name,
            path,
            parameters: String::new(),
            auto_ring: false,
        };
        if let Source::File(path) = &self.source {
            return Ok(plain(stem(path), path.clone()));
        }
        if let Some(path) = self.path(user) {
            return Ok(plain(user.to_owned(), path));
        }
        let mut taking = self.all().into_iter().filter(|(name, _)| takes_calls(name));
        match (taking.next(), taking.next()) {
            (Some((name, path)), None) => Ok(plain(name, path)),
            _ => Err(NoApplication { name: user.to_owned() }),
        }
    }

    /// The file of the application of this name. The name may come from the network: only plain file names are looked
    /// up.
    fn path(&self, name: &str) -> Option<PathBuf> {
        match &self.source {
            Source::File(path) => (stem(path) == name).then(|| path.clone()),
            Source::Folder(folder) => {
                let path = folder.join(format!("{name}.py"));
                (is_name(name) && path.is_file()).then_some(path)
            }
        }
    }
}

/// Whether a pattern stands for a name: `?` for one character, `*` for any number of them.
fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.as_bytes(), name.as_bytes());
    // Where to go on when the last `*` has to stand for one character more.
    let mut longer: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), name.split_first()) {
            (Some((b'*', rest)), _) => {
                longer = Some((rest, name));
                pattern = rest;
            }
            (Some((wanted, pattern_rest)), Some((found, name_rest)))
                if *wanted == b'?' || wanted == found =>
            {
                (pattern, name) = (pattern_rest, name_rest);
            }
            (None, None) => return true,
            _ => match longer {
                Some((rest, [_, further @ ..])) => {
                    longer = Some((rest, further));
                    (pattern, name) = (rest, further);
                }
                _ => return false,
            },
        }
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with(['.', '-'])
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("Applications")).expect("a folder in it");
        for name in names {
            fs::write(folder.path().join("Applications").join(name), "").expect("a file");
        }
        folder
    }

    fn service(number: &str, application: &str) -> ServiceEntry {
        ServiceEntry {
            number: number.into(),
            application: application.into(),
            parameters: "p".into(),
            auto_ring: true,
            ..ServiceEntry::default()
        }
    }

    fn any(_: &str) -> bool {
        true
    }

    /// RUN-1: the application's name is the file name without extension, and the called name selects it.
    #[test]
    fn the_called_name_selects_the_application() {
        let folder = folder(&["welcome.py", "billing.py", "notes.txt"]);
        let applications = Applications::find(folder.path(), Vec::new()).expect("found");
        let target = applications.target("billing", any).expect("there");
        assert_eq!(
            (target.name.as_str(), target.path.ends_with("Applications/billing.py")),
            ("billing", true)
        );
        assert_eq!(applications.target("1000", any), Err(NoApplication { name: "1000".into() }));
    }

    /// RUN-10: the only application takes every call that has no other service.
    #[test]
    fn the_only_application_takes_every_call() {
        let folder = folder(&["welcome.py", "common.py"]);
        let applications = Applications::find(folder.path(), Vec::new()).expect("found");
        let target = applications.target("1000", |name| name != "common").expect("one takes calls");
        assert_eq!(target.name, "welcome");
    }

    /// RUN-8: a service links a number to an application.
    #[test]
    fn a_service_wins_over_the_name() {
        let folder = folder(&["welcome.py", "billing.py"]);
        let services = vec![service("welcome", "billing"), service("*", "welcome")];
        let applications = Applications::find(folder.path(), services).expect("found");
        let target = applications.target("welcome", any).expect("service");
        assert_eq!(
            (target.name.as_str(), target.parameters.as_str(), target.auto_ring),
            ("billing", "p", true)
        );
        assert_eq!(applications.target("4711", any).expect("star").name, "welcome");
    }

    /// RUN-8: an exact number wins over a pattern, the first pattern over later ones.
    #[test]
    fn a_number_may_be_a_pattern() {
        let folder = folder(&["a.py", "b.py", "c.py", "d.py"]);
        let services =
            vec![service("44*", "a"), service("4?00", "b"), service("4400", "c"), service("*", "d")];
        let applications = Applications::find(folder.path(), services).expect("found");
        for (user, name) in
            [("4412", "a"), ("44", "a"), ("4400", "c"), ("4300", "b"), ("430", "d"), ("", "d")]
        {
            assert_eq!(applications.target(user, any).expect("a service").name, name, "{user}");
        }
    }

    #[test]
    fn a_pattern_stands_for_the_whole_name() {
        for (pattern, name, fits) in [
            ("*", "", true),
            ("?", "", false),
            ("1*0", "100", true),
            ("1*0", "1010", true),
            ("1*0", "101", false),
            ("*1?*", "001", false),
            ("*1?*", "0010", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    /// RUN-15: names from the network cannot lead out of the folder.
    #[test]
    fn a_called_name_cannot_name_a_path() {
        let folder = folder(&["a.py", "b.py"]);
        fs::write(folder.path().join("secret.py"), "").expect("a file");
        let applications = Applications::find(folder.path(), Vec::new()).expect("found");
        for user in ["../secret", "..", ".", "", "a/../a", "a\0", "/etc/passwd"] {
            assert!(applications.target(user, any).is_err(), "{user:?}");
        }
    }

    #[test]
    fn one_file_takes_every_call() {
        let folder = folder(&["app.py", "other.py"]);
        let path = folder.path().join("Applications/app.py");
        let applications = Applications::find(&path, Vec::new()).expect("found");
        assert_eq!(applications.target("anything at all", any).expect("the file").name, "app");
        assert_eq!(applications.all().len(), 1);
    }
}
