//! Puts the Python package into the program: every file of `python/offhook` as a table of names and contents, and a
//! key made of all of them, so that each version has a folder of its own when it is written out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    // Both variables are set by cargo for every build script.
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../python");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("package.rs");
    println!("cargo::rerun-if-changed={}", root.join("offhook").display());

    let mut files = Vec::new();
    collect(&root.join("offhook"), &mut files)?;
    files.sort();

    let (mut table, mut key) = (String::new(), FNV_OFFSET);
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let contents = fs::read(file)?;
        for byte in name.bytes().chain([0]).chain(contents.iter().copied()).chain([0]) {
            key = (key ^ u128::from(byte)).wrapping_mul(FNV_PRIME);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(table, "    ({name:?}, include_bytes!({:?})),", file.canonicalize()?);
    }
    fs::write(
        out,
        format!(
            "/// Every file of the package: its path below the folder, and its contents.\n\
             const FILES: &[(&str, &[u8])] = &[\n{table}];\n\
             /// Differs whenever a file differs.\n\
             const KEY: &str = \"{key:032x}\";\n"
        ),
    )
}

/// The files of a folder and of the folders in it that belong to the package.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            if !path.ends_with("__pycache__") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|e| e == "py" || e == "pyi") || path.ends_with("py.typed") {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}

/// FNV-1a, 128 bits: stable over compilers, which the hash of the standard library is not.
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
