//! Which application a call is for, and where its file is (RUN-1, RUN-8, RUN-10).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, anyhow};
use offhook::Service;

/// The applications of this server.
#[derive(Debug, Clone)]
pub(crate) struct Applications {
    source: Source,
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
    pub(crate) fn find(path: &Path) -> anyhow::Result<Self> {
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
            return Ok(Self { source: Source::File(path), operating_directory });
        }
        let inner = path.join("Applications");
        let folder = if inner.is_dir() { inner } else { path.clone() };
        let applications = Self {
            operating_directory: if folder.ends_with("Applications") { parent(&folder) } else { path },
            source: Source::Folder(folder.clone()),
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

    /// The application of a service.
    pub(crate) fn of_service(&self, service: &Service) -> Result<Target, NoApplication> {
        let name = service.application.clone();
        let path = self.path(&name).ok_or_else(|| NoApplication { name: name.clone() })?;
        Ok(Target { name, service: service.name.clone(), path, parameters: service.parameters.clone() })
    }

    /// The application for a call to `user` that has no service: the one of this name, or the only one that
    /// `takes_calls` (modules that applications import do not).
    pub(crate) fn called(
        &self,
        user: &str,
        takes_calls: impl Fn(&str) -> bool,
    ) -> Result<Target, NoApplication> {
        let plain =
            |name: String, path| Target { service: name.clone(), name, path, parameters: String::new() };
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

    fn any(_: &str) -> bool {
        true
    }

    /// RUN-1: the application's name is the file name without extension, and the called name selects it.
    #[test]
    fn the_called_name_selects_the_application() {
        let folder = folder(&["welcome.py", "billing.py", "notes.txt"]);
        let applications = Applications::find(folder.path()).expect("found");
        let target = applications.called("billing", any).expect("there");
        assert_eq!(
            (target.name.as_str(), target.path.ends_with("Applications/billing.py")),
            ("billing", true)
        );
        assert_eq!(applications.called("1000", any), Err(NoApplication { name: "1000".into() }));
    }

    /// RUN-10: the only application takes every call that has no other service.
    #[test]
    fn the_only_application_takes_every_call() {
        let folder = folder(&["welcome.py", "common.py"]);
        let applications = Applications::find(folder.path()).expect("found");
        let target = applications.called("1000", |name| name != "common").expect("one takes calls");
        assert_eq!(target.name, "welcome");
    }

    /// RUN-8, RUN-9: a service names its application, in either direction.
    #[test]
    fn a_service_names_its_application() {
        let folder = folder(&["welcome.py", "billing.py"]);
        let applications = Applications::find(folder.path()).expect("found");
        let mut service = Service::outbound("remind", "billing");
        service.parameters = "p".into();
        let target = applications.of_service(&service).expect("there");
        assert_eq!(
            (target.name.as_str(), target.service.as_str(), target.parameters.as_str()),
            ("billing", "remind", "p")
        );
        let missing = applications.of_service(&Service::inbound("1", "notes"));
        assert_eq!(missing, Err(NoApplication { name: "notes".into() }));
    }

    /// RUN-15: names from the network cannot lead out of the folder.
    #[test]
    fn a_called_name_cannot_name_a_path() {
        let folder = folder(&["a.py", "b.py"]);
        fs::write(folder.path().join("secret.py"), "").expect("a file");
        let applications = Applications::find(folder.path()).expect("found");
        for user in ["../secret", "..", ".", "", "a/../a", "a\0", "/etc/passwd"] {
            assert!(applications.called(user, any).is_err(), "{user:?}");
        }
    }

    #[test]
    fn one_file_takes_every_call() {
        let folder = folder(&["app.py", "other.py"]);
        let path = folder.path().join("Applications/app.py");
        let applications = Applications::find(&path).expect("found");
        assert_eq!(applications.called("anything at all", any).expect("the file").name, "app");
        assert_eq!(applications.all().len(), 1);
    }
}
