//! The lines of simulated telephones: where each sits on the virtual network, and what that does to its packets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use offhook::sim::{Link, Sim};

use super::protocol::{self, Problem};

/// Where a telephone sits.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// What the telephone takes for its address.
    pub(super) own: SocketAddr,
    /// The host that others see.
    pub(super) seen: IpAddr,
    /// Where all its chance comes from.
    pub(super) seed: u64,
}

impl Line {
    /// Lays the line of telephone number `index`.
    pub(super) fn lay(sim: &Sim, index: usize, wanted: protocol::Link) -> Result<Self, Problem> {
        let link = link(wanted)?;
        let (own, seen) = match wanted.nat {
            true => (host(FIRST_BEHIND_NAT, index), host(FIRST_ROUTER, index)),
            false => (host(FIRST_TELEPHONE, index), host(FIRST_TELEPHONE, index)),
        };
        if wanted.nat {
            sim.put_behind_nat(own, seen);
        }
        sim.set_link_of(seen, link);
        if !(-MOST_DRIFT_PPM..=MOST_DRIFT_PPM).contains(&wanted.drift_ppm) {
            return Err(Problem::usage(format!(
                "drift_ppm is {}; accepted: -{MOST_DRIFT_PPM} to {MOST_DRIFT_PPM} millionths",
                wanted.drift_ppm
            )));
        }
        sim.set_drift_of(own, wanted.drift_ppm);
        let seed = sim.seed().wrapping_add(index as u64 + 1).wrapping_mul(SPREAD);
        Ok(Self { own: SocketAddr::new(own, SIP_PORT), seen, seed })
    }
}

/// The host of server number `number`: 10.0.0.1 and up.
pub(super) fn server_host(number: usize) -> IpAddr {
    host(FIRST_SERVER, number)
}

/// Which server has this host.
pub(super) fn server_at(address: IpAddr) -> Option<usize> {
    let IpAddr::V4(address) = address else { return None };
    usize::try_from(u32::from(address).checked_sub(u32::from(FIRST_SERVER))?).ok()
}

/// A time of virtual seconds.
pub(super) fn seconds(name: &str, value: f64) -> Result<Duration, Problem> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| Problem::usage(format!("{name} is {value}; accepted: 0 or more seconds")))
}

fn link(link: protocol::Link) -> Result<Link, Problem> {
    let share = |name: &str, value: f64| match value {
        0.0..=1.0 => Ok(value),
        _ => Err(Problem::usage(format!("{name} is {value}; accepted: a share from 0.0 to 1.0"))),
    };
    Ok(Link {
        delay: seconds("delay", link.delay)?,
        jitter: seconds("jitter", link.jitter)?,
        loss: share("loss", link.loss)?,
        duplicate: share("duplicate", link.duplicate)?,
        reorder: share("reorder", link.reorder)?,
    })
}

fn host(first: Ipv4Addr, index: usize) -> IpAddr {
    let number = u32::from(first).saturating_add(u32::try_from(index).unwrap_or(u32::MAX >> 1));
    IpAddr::V4(Ipv4Addr::from(number))
}

const FIRST_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const FIRST_TELEPHONE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);
const FIRST_BEHIND_NAT: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 10);
/// RFC 2544's addresses for tests.
const FIRST_ROUTER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const SIP_PORT: u16 = 5060;
/// A hundredth; clocks of telephones are good to a hundred millionths.
const MOST_DRIFT_PPM: f64 = 10_000.0;
/// An odd number without pattern: neighbouring telephones get seeds that have nothing in common.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
