//! What the test files share.

use std::future::Future;
use std::time::Duration;

use offhook::caller::{CallRequest, OutCall};
use offhook::sim::Sim;
use offhook::{AppError, CallChannel};
use tokio::sync::mpsc;

/// Runs one call of the simulated caller against an application, and checks both ends: what the
/// caller saw with `check`, and that the application returned without an error.
#[allow(dead_code, reason = "each test file uses its own part of this module")]
pub(crate) fn one_call<App, AppFuture, Check, CheckFuture>(request: CallRequest, app: App, check: Check)
where
    App: Fn(CallChannel) -> AppFuture + Send + Sync + 'static,
    AppFuture: Future<Output = Result<i64, AppError>> + Send,
    Check: FnOnce(Sim, OutCall) -> CheckFuture,
    CheckFuture: Future<Output = ()>,
{
    Sim::new(7).run(|sim| async move {
        let (app, mut outcome) = watched(app);
        let _server = sim.server(app).await;
        let caller = sim.caller().await;
        let call = caller.call(request).await.unwrap();
        check(sim.clone(), call).await;
        let outcome = tokio::time::timeout(Duration::from_secs(3600), outcome.recv()).await;
        outcome.expect("the application does not end").unwrap().unwrap();
    });
}

/// An application that also reports how each of its instances ended.
#[allow(dead_code, reason = "each test file uses its own part of this module")]
pub(crate) fn watched<App, AppFuture>(
    app: App,
) -> (impl offhook::Application, mpsc::UnboundedReceiver<Result<i64, AppError>>)
where
    App: Fn(CallChannel) -> AppFuture + Send + Sync + 'static,
    AppFuture: Future<Output = Result<i64, AppError>> + Send,
{
    struct Watched<App>(App, mpsc::UnboundedSender<Result<i64, AppError>>);
    impl<App, AppFuture> offhook::Application for Watched<App>
    where
        App: Fn(CallChannel) -> AppFuture + Send + Sync + 'static,
        AppFuture: Future<Output = Result<i64, AppError>> + Send,
    {
        async fn run(&self, channel: CallChannel) -> Result<i64, AppError> {
            let outcome = self.0(channel).await;
            let _ = self.1.send(outcome.clone());
            outcome
        }
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    (Watched(app, sender), receiver)
}

/// A call to the simulated server.
#[allow(dead_code, reason = "each test file uses its own part of this module")]
pub(crate) fn to_server() -> CallRequest {
    CallRequest::to_address(Sim::SERVER)
}
