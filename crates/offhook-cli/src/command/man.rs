//! `offhook man`: the manual pages, made from the same table as the help.

use std::fs;

use anyhow::Context;
use clap::CommandFactory;

use crate::cli::{Cli, Man};
use crate::command::Ending;

/// Prints `offhook(1)`, or writes all pages to a folder.
pub(super) fn run(arguments: &Man) -> anyhow::Result<Ending> {
    let command = Cli::command();
    match &arguments.out {
        Some(folder) => {
            fs::create_dir_all(folder)
                .with_context(|| format!("folder {} could not be made", folder.display()))?;
            clap_mangen::generate_to(command, folder)
                .with_context(|| format!("the pages could not be written to {}", folder.display()))?;
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).context("the page could not be made")?;
            crate::terminal::print_all(&page)?;
        }
    }
    Ok(Ending::Done)
}
