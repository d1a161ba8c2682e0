//! The application: what runs for each call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::answer::AnswerError;
use crate::channel::CallChannel;
use crate::details::Details;
use crate::dial::{DialError, WaitForAnswerError};
use crate::error::OperationError;
use crate::hold::HoldError;
use crate::player::PlayError;
use crate::reject::RejectError;
use crate::ring::RingError;

/// What runs for each incoming call.
///
/// One instance is one call of [`run`](Self::run). When it ends, the server closes the call if it is
/// still up (RUN-18); a panic counts as an exception and hurts no other call. Every
/// `Fn(CallChannel) -> impl Future` is an application too.
///
/// ```
/// use offhook::{Answer, AppError, CallChannel, Ring};
///
/// async fn greet(channel: CallChannel) -> Result<i64, AppError> {
///     channel.ring(Ring::new().seconds(1.0)).await?;
///     channel.answer(Answer::new()).await?;
///     channel.file_player().say("Hello.").await?;
///     Ok(0)
/// }
/// # fn is_application(_: impl offhook::Application) {}
/// # is_application(greet);
/// ```
pub trait Application: Send + Sync + 'static {
    /// Runs one instance. The number is its return code: 0 and above mean success, -1 to -99 are
    /// reserved (RUN-14).
    fn run(&self, channel: CallChannel) -> impl Future<Output = Result<i64, AppError>> + Send;

    /// Asked before an instance is started: whether this call can be served. It is called on the
    /// signalling path and must not block.
    ///
    /// # Errors
    ///
    /// The refusal decides the code that the caller gets (RUN-15, RUN-25); no instance is started.
    fn admit(&self, details: &Details) -> Result<(), Refusal> {
        let _ = details;
        Ok(())
    }
}

impl<F, Running> Application for F
where
    F: Fn(CallChannel) -> Running + Send + Sync + 'static,
    Running: Future<Output = Result<i64, AppError>> + Send,
{
    fn run(&self, channel: CallChannel) -> impl Future<Output = Result<i64, AppError>> + Send {
        self(channel)
    }
}

/// Why a call is refused before an instance runs, and the code the caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// No application of that name, no service for the address: 404 (return code -3).
    NotFound,
    /// The application is not valid or the server failed to start it: 500 (return codes -4, -6, -9).
    Invalid,
    /// As many instances run as are allowed: 503 with `Retry-After` (RUN-25, RUN-26).
    Busy,
}

/// What ends an instance other than a return code.
///
/// Every error of a channel operation turns into one, so that `?` works in an application.
#[derive(Clone, Debug)]
pub struct AppError {
    pub(crate) kind: AppErrorKind,
    message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppErrorKind {
    /// An uncaught `Hangup` (RUN-17).
    Hangup,
    /// An uncaught exception: an unanswered call gets 500 with cause ERROR, an answered one is hung up (RUN-18).
    Exception,
    /// What ran the instance is gone: every call is cleared with cause ERROR (RUN-32).
    Lost,
    /// The instance could not be started (RUN-15).
    Refused(Refusal),
}

impl AppError {
    /// An uncaught exception: an unanswered call gets 500 with cause `ERROR`, an answered one is
    /// hung up (RUN-18).
    pub fn exception(message: impl Into<String>) -> Self {
        Self { kind: AppErrorKind::Exception, message: message.into() }
    }

    /// What ran the instance has died: an unanswered call gets 500, another is hung up, both with
    /// cause `ERROR` (RUN-32).
    pub fn lost(message: impl Into<String>) -> Self {
        Self { kind: AppErrorKind::Lost, message: message.into() }
    }

    /// The instance could not be started: an unanswered call gets the refusal's code (RUN-15).
    pub fn refused(refusal: Refusal, message: impl Into<String>) -> Self {
        Self { kind: AppErrorKind::Refused(refusal), message: message.into() }
    }

    /// An uncaught `Hangup`, which is no failure of the application (RUN-17).
    pub fn hangup(message: impl Into<String>) -> Self {
        Self { kind: AppErrorKind::Hangup, message: message.into() }
    }

    /// Whether an uncaught `Hangup` ended the instance.
    pub fn is_hangup(&self) -> bool {
        self.kind == AppErrorKind::Hangup
    }

    fn of_operation(error: &impl OperationError) -> Self {
        if error.is_hangup() { Self::hangup(error.to_string()) } else { Self::exception(error.to_string()) }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AppError {}

macro_rules! from_operation {
    ($($error:ty),+) => {
        $(impl From<$error> for AppError {
            fn from(error: $error) -> Self {
                Self::of_operation(&error)
            }
        })+
    };
}

from_operation!(RingError, AnswerError, RejectError, PlayError, DialError, WaitForAnswerError, HoldError);

/// The object-safe twin of [`Application`] that the server stores.
pub(crate) trait AnyApplication: Send + Sync + 'static {
    fn run_boxed(
        &self,
        channel: CallChannel,
    ) -> Pin<Box<dyn Future<Output = Result<i64, AppError>> + Send + '_>>;
    fn admit(&self, details: &Details) -> Result<(), Refusal>;
}

impl<A: Application> AnyApplication for A {
    fn run_boxed(
        &self,
        channel: CallChannel,
    ) -> Pin<Box<dyn Future<Output = Result<i64, AppError>> + Send + '_>> {
        Box::pin(self.run(channel))
    }

    fn admit(&self, details: &Details) -> Result<(), Refusal> {
        Application::admit(self, details)
    }
}
