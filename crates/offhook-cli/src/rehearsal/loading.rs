//! Applications are loaded before anybody calls them.

use super::protocol::Problem;
use crate::worker::{Applications, CallError, Form, Pool};

/// Loads the applications now, so that a mistake in one is told at once.
pub(super) async fn load(pool: &Pool, applications: &Applications) -> Result<(), Problem> {
    let link = pool.any().ok_or_else(|| Problem::application("the worker ended at once"))?;
    for (name, path) in applications.all() {
        match link.ensure_loaded(&name, &path).await {
            Ok(loaded) if loaded.form == Form::Common => {
                let problem = format!("{} is a module for applications, not an application", path.display());
                return Err(Problem::application(problem));
            }
            Ok(_) => {}
            Err(CallError::Refused(error)) => return Err(Problem::application(error.message)),
            Err(error) => return Err(Problem::application(error.to_string())),
        }
    }
    Ok(())
}
