//! The telephones that applications call.

use std::net::{IpAddr, SocketAddr};

use offhook::caller::{Callee, Reception};
use offhook::sim::{Exchange, Sim};

use super::lines::{Line, seconds};
use super::people;
use super::protocol::{self, Problem};

/// A telephone that can be called.
pub(super) struct Telephone {
    pub(super) callee: Callee,
    /// The calls that came, by their numbers in the hall.
    pub(super) calls: Vec<usize>,
}

/// Puts up telephone number `index`.
pub(super) async fn start(
    sim: &Sim,
    exchange: &Exchange,
    index: usize,
    wanted: &protocol::Callee,
) -> Result<Telephone, Problem> {
    let Address { user, host } = Address::parse(&wanted.address)?;
    let reception = reception(wanted)?;
    let line = Line::lay(sim, index, wanted.link)?;
    let contact = user.clone();
    let callee = sim.callee_with(
        |config| {
            config.bind = line.own;
            config.user = contact;
            config.seed = Some(line.seed);
        },
        reception,
    );
    let callee = callee.await;
    match host {
        None => exchange.connect(&user, callee.address()),
        Some(host) => {
            exchange.connect(&format!("{user}@{host}"), callee.address());
            match host.parse::<IpAddr>() {
                Ok(host) => exchange.serve(host),
                Err(_) => sim.name(&host, exchange.address().ip()),
            }
        }
    }
    Ok(Telephone { callee, calls: Vec::new() })
}

/// What is done with each call.
fn reception(wanted: &protocol::Callee) -> Result<Reception, Problem> {
    let mut reception = Reception::new().person(people::person(&wanted.person)?);
    if let Some(codecs) = &wanted.codecs {
        codecs.parse::<offhook::media::CodecList>().map_err(|error| Problem::usage(error.to_string()))?;
        reception = reception.codecs(codecs);
    }
    if wanted.mute {
        reception = reception.silent();
    }
    if let Some(status) = wanted.refuses {
        return Ok(reception.refuse(refusal(status)?));
    }
    reception = if wanted.early_media { reception.early_media() } else { reception.ring() };
    if let Some(after) = wanted.answers_after {
        reception = reception.wait(seconds("answers_after", after)?).answer();
    }
    match (wanted.hangs_up_after, wanted.answers_after) {
        (None, _) => Ok(reception),
        (Some(after), Some(_)) => Ok(reception.wait(seconds("hangs_up_after", after)?).hang_up()),
        (Some(after), None) => Err(Problem::usage(format!(
            "hangs_up_after is {after} without answers_after; accepted: both, or hang_up() after answer()"
        ))),
    }
}

/// A status that refuses a call.
pub(super) fn refusal(status: i64) -> Result<u16, Problem> {
    let accepted = u16::try_from(status).ok().filter(|status| (300..700).contains(status));
    accepted.ok_or_else(|| Problem::usage(format!("the status is {status}; accepted: 300 to 699")))
}

/// Where a telephone is called.
#[derive(Debug, PartialEq)]
struct Address {
    /// The number or name.
    user: String,
    /// `None` for a number, which is called through the exchange.
    host: Option<String>,
}

impl Address {
    fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = || {
            Problem::usage(format!(
                "the callee is {text:?}; accepted: a number such as \"+441632960000\", or \"sip:anna@example.com\""
            ))
        };
        let digits = text.strip_prefix('+').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self { user: text.to_owned(), host: None });
        }
        let name = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._+".contains(&byte))
        };
        match text.strip_prefix("sip:").and_then(|address| address.split_once('@')) {
            Some((user, host)) if name(user) && name(host) => {
                Ok(Self { user: user.to_owned(), host: Some(host.to_ascii_lowercase()) })
            }
            _ => Err(wrong()),
        }
    }
}

/// Where the exchange of all servers is.
pub(super) const EXCHANGE: SocketAddr = Sim::EXCHANGE;
/// The name of the trunk to it.
pub(super) const TRUNK: &str = "exchange";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callees_have_numbers_or_addresses() {
        let parse = |text| Address::parse(text).ok();
        let address = |user: &str, host: Option<&str>| {
            Some(Address { user: user.to_owned(), host: host.map(str::to_owned) })
        };
        assert_eq!(parse("300"), address("300", None));
        assert_eq!(parse("+44163"), address("+44163", None));
        assert_eq!(parse("sip:anna@Example.com"), address("anna", Some("example.com")));
        for wrong in ["", "+", "anna", "sip:anna", "sip:@b", "sip:a@", "sip:a@b:5061", "tel:+44", "a@b"] {
            assert!(parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
