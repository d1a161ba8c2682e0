//! Embeds the language resources of the speech engine, so that speech works with nothing installed.
//!
//! They come with the sources of the crate `ttspico-sys`, which does not tell where it lies; cargo knows. A packager
//! who keeps them elsewhere names the directory in `OFFHOOK_PICO_LANG`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    println!("cargo::rerun-if-changed=build.rs");
    let directory = match env::var_os(VARIABLE) {
        Some(directory) => PathBuf::from(directory),
        None => sources()?.join(RESOURCES),
    };
    let mut table = String::from("pub(crate) static RESOURCES: &[(&str, &[u8], &[u8])] = &[\n");
    for (name, analysis, signal) in VOICES {
        let analysis = resource(&directory, analysis)?;
        let signal = resource(&directory, signal)?;
        writeln!(table, "    ({name:?}, include_bytes!({analysis:?}), include_bytes!({signal:?})),")?;
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("resources.rs"), table)?;
    Ok(())
}

const VARIABLE: &str = "OFFHOOK_PICO_LANG";

/// The manifest asks for exactly this version.
const PACKAGE: &str = "ttspico-sys";
const VERSION: &str = "0.1.5";
/// Below the package's sources.
const RESOURCES: &str = "build/pico/lang";

/// Language, text analysis, signal generation.
const VOICES: [(&str, &str, &str); 6] = [
    ("en-US", "en-US_ta.bin", "en-US_lh0_sg.bin"),
    ("en-GB", "en-GB_ta.bin", "en-GB_kh0_sg.bin"),
    ("de-DE", "de-DE_ta.bin", "de-DE_gl0_sg.bin"),
    ("fr-FR", "fr-FR_ta.bin", "fr-FR_nk0_sg.bin"),
    ("es-ES", "es-ES_ta.bin", "es-ES_zl0_sg.bin"),
    ("it-IT", "it-IT_ta.bin", "it-IT_cm0_sg.bin"),
];

fn resource(directory: &Path, file: &str) -> Result<PathBuf, String> {
    let path = directory.join(file);
    if path.is_file() {
        println!("cargo::rerun-if-changed={}", path.display());
        Ok(path)
    } else {
        Err(format!("no speech resource {file} in {}; set {VARIABLE} to its directory", directory.display()))
    }
}

/// The directory of the sources of `ttspico-sys`.
fn sources() -> Result<PathBuf, Box<dyn Error>> {
    match unpacked_sources().or_else(listed_sources) {
        Some(directory) => Ok(directory),
        None => Err(format!("the sources of {PACKAGE} {VERSION} were not found; set {VARIABLE}").into()),
    }
}

/// Where cargo unpacks what it takes from a registry.
fn unpacked_sources() -> Option<PathBuf> {
    let home =
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))?;
    let registries = fs::read_dir(home.join("registry/src")).ok()?;
    registries
        .filter_map(|registry| Some(registry.ok()?.path().join(format!("{PACKAGE}-{VERSION}"))))
        .find(|directory| directory.join(RESOURCES).is_dir())
}

/// What cargo says of vendored or replaced sources. It refuses to answer unless the sources of every package of the
/// workspace are there, which is so when they are vendored; hence it is only the second one to be asked.
fn listed_sources() -> Option<PathBuf> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
    let mut command = Command::new(env::var_os("CARGO")?);
    command.args(["metadata", "--format-version", "1", "--offline", "--manifest-path"]).arg(manifest);
    let metadata: serde_json::Value = serde_json::from_slice(&command.output().ok()?.stdout).ok()?;
    let packages = metadata["packages"].as_array()?;
    let package = packages.iter().find(|entry| entry["name"] == PACKAGE && entry["version"] == VERSION)?;
    Path::new(package["manifest_path"].as_str()?).parent().map(Path::to_owned)
}
