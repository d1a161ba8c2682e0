//! `offhook demo`: server, application and caller on this machine, and what the caller saw and heard.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use offhook::caller::{CallRequest, Caller, CallerConfig};
use offhook::media::wav;
use offhook::{Config, Server, SystemNetwork};
use tokio::time::timeout;

use super::call::{in_short, tell, write};
use super::check::interpreter;
use crate::cli::Demo;
use crate::command::Ending;
use crate::logs::Level;
use crate::story::{Story, Words};
use crate::terminal::{Colour, Progress, line, paint, print_ladder};
use crate::worker::{Applications, Gateway, Pool, WorkerSetup};

/// Runs the demonstration.
pub(super) async fn run(arguments: Demo) -> anyhow::Result<Ending> {
    let folder = &arguments.out;
    std::fs::create_dir_all(folder).with_context(|| {
        format!("folder {} could not be made; choose another with --out", folder.display())
    })?;
    let path = folder.join("app.py");
    write(&path, APPLICATION.as_bytes())?;
    line(&format!("The application, {}:\n", path.display()));
    for text in APPLICATION.lines() {
        line(&paint(Colour::Grey, &format!("    {text}")));
    }

    let story = play(&arguments, &path).await?;
    print_ladder(&story, "caller", "offhook");
    tell(&story);

    let (heard, picture) = (folder.join("heard.wav"), folder.join("call.svg"));
    write(&heard, &wav::write(&story.sound))?;
    let words = Words {
        before: "CALL_INCOMING",
        ringing: "RING_INCOMING",
        answered: "ANSWERED",
        tone: "UK ringback tone, ",
        spoken: &SPOKEN,
    };
    let title = "One call, as the caller saw and heard it";
    write(&picture, story.picture(title, &in_short(&story), &words).to_svg().as_bytes())?;
    line(&format!("\nheard:   {}", paint(Colour::Bold, &heard.display().to_string())));
    line(&format!("picture: {}", paint(Colour::Bold, &picture.display().to_string())));
    line(&format!("next:    offhook serve {}", path.display()));

    if story.early_media_at().is_none() || story.answered_at().is_none() {
        line(&format!("{} the call had no early media or was not answered", paint(Colour::Red, "✗")));
        return Ok(Ending::NotAsAsked);
    }
    Ok(Ending::Done)
}

/// Starts the server, calls it, and ends it again.
async fn play(arguments: &Demo, path: &Path) -> anyhow::Result<Story> {
    let applications = Applications::find(path)?;
    let directory = applications.operating_directory().to_owned();
    let setup = WorkerSetup {
        interpreter: interpreter(&arguments.python)?,
        media_root: directory.clone(),
        operating_directory: directory.clone(),
        log_level: Level::Warning,
        first: 0,
        capacity: 4,
        memory_bytes: None,
        lockstep: None,
    };
    let progress = Progress::start("starting Python");
    let pool = Arc::new(Pool::start(setup, 1).await?);
    let mut config = Config::default();
    config.sip = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    config.media_root = directory;
    let gateway = Gateway::new(Arc::clone(&pool), applications, HashSet::new(), None);
    let mut server =
        Server::builder(config).start(gateway).await.context("the server could not be started")?;

    let mut config = CallerConfig::default();
    config.bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let caller = Caller::new(Arc::new(SystemNetwork::new()), config).await.context("no port to call from")?;
    let request = CallRequest::to(&format!("sip:demo@{}", server.sip_address()))?;
    drop(progress);
    let progress = Progress::start("the call is under way: ringback tone, announcement, answer, greeting");
    let call = caller.call(request).await?;
    if timeout(LONGEST_CALL, call.cleared()).await.is_err() {
        bail!("the call did not end within {} seconds", LONGEST_CALL.as_secs());
    }
    let story = Story::of(&call).await;
    drop(progress);
    server.shut_down().await;
    pool.end().await;
    Ok(story)
}

const APPLICATION: &str = include_str!("../../demo/app.py");
/// What the application says, for the picture.
const SPOKEN: [&str; 2] =
    ["Thank you for calling. One moment, please.", "Good morning. Welcome to off hook."];
const LONGEST_CALL: Duration = Duration::from_secs(60);
