//! Via: the way of a request, and the way back of its responses.

use std::net::IpAddr;

use crate::grammar::{Scanner, number, write_address, write_number};
use crate::header::{HeaderName, Param, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;
use crate::uri::Host;

/// One hop (RFC 3261 section 20.42).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// Name and version of the protocol, `SIP/2.0`.
    pub protocol: Text,
    /// The transport: `UDP`, `TCP`, `TLS`, ... Compared without letter case.
    pub transport: Text,
    /// Host of the sender, as it knows itself.
    pub host: Host,
    /// Port of the sender; `None` means the transport's default.
    pub port: Option<u16>,
    /// The transaction's identifier (RFC 3261 section 8.1.1.7).
    pub branch: Option<Text>,
    /// Where the request came from, written by the receiver (RFC 3261 section 18.2.1).
    pub received: Option<IpAddr>,
    /// `Some(None)`: the sender asks for the port that its request came from; `Some(Some(port))`: the
    /// receiver's reply (RFC 3581).
    pub rport: Option<Option<u16>>,
    /// All other parameters.
    pub params: Params,
}

impl Via {
    /// A hop of this protocol version over `transport`, with a branch and a request for `rport`.
    pub fn new(transport: impl Into<Text>, host: Host, port: Option<u16>, branch: impl Into<Text>) -> Self {
        Self {
            protocol: Text::from_static("SIP/2.0"),
            transport: transport.into(),
            host,
            port,
            branch: Some(branch.into()),
            received: None,
            rport: Some(None),
            params: Params::new(),
        }
    }
}

impl TypedHeader for Via {
    const NAME: HeaderName = HeaderName::Via;
    const LIST: bool = true;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        Self::scan(Scanner::new(value))
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.protocol);
        out.push('/');
        out.push_str(&self.transport);
        out.push(' ');
        self.host.write(out);
        if let Some(port) = self.port {
            out.push(':');
            write_number(out, port.into());
        }
        if let Some(rport) = self.rport {
            out.push_str(";rport");
            if let Some(port) = rport {
                out.push('=');
                write_number(out, port.into());
            }
        }
        if let Some(received) = self.received {
            out.push_str(";received=");
            write_address(out, received);
        }
        if let Some(branch) = &self.branch {
            out.push_str(";branch=");
            out.push_str(branch);
        }
        self.params.write(out);
    }
}

impl Via {
    /// Reads the value that `scanner` stands before.
    pub(crate) fn scan(mut scanner: Scanner<'_>) -> Result<Self, ValueError> {
        let start = scanner.rest();
        let name = scanner.token().ok_or(ValueError::new("`SIP/2.0/` and a transport"))?;
        if !scanner.eat(b'/') {
            return Err(ValueError::new("`/` after the protocol's name"));
        }
        let version = scanner.token().ok_or(ValueError::new("the protocol's version"))?;
        // Blanks are allowed around the slashes; without them, the common case, the protocol is a slice.
        let protocol = match start.get(..name.len() + 1 + version.len()) {
            Some("SIP/2.0") => Text::from_static("SIP/2.0"),
            Some(joined) if joined.ends_with(version) => scanner.share(joined),
            _ => Text::from(format!("{name}/{version}")),
        };
        if !scanner.eat(b'/') {
            return Err(ValueError::new("`/` after the protocol's version"));
        }
        let transport = scanner.token().ok_or(ValueError::new("a transport"))?;
        let transport = scanner.share(transport);
        if !matches!(scanner.peek(), Some(b' ' | b'\t')) {
            return Err(ValueError::new("a blank between transport and host"));
        }
        scanner.skip_blanks();
        let host = Host::scan(&mut scanner)?;
        let port = if scanner.eat(b':') {
            let port = scanner.take_while(|b| b.is_ascii_digit());
            Some(parse_port(port).ok_or(ValueError::new("a port from 0 to 65535"))?)
        } else {
            None
        };
        let mut via = Self {
            protocol,
            transport,
            host,
            port,
            branch: None,
            received: None,
            rport: None,
            params: Params::new(),
        };
        while scanner.eat(b';') {
            let (name, value) = Param::scan_parts(&mut scanner)?;
            via.take(&scanner, name, value)?;
        }
        scanner.end("`;` before the next parameter")?;
        Ok(via)
    }

    fn take(&mut self, scanner: &Scanner<'_>, name: &str, value: Option<&str>) -> Result<(), ValueError> {
        if self.branch.is_none() && name.eq_ignore_ascii_case("branch") {
            let branch = value.ok_or(ValueError::new("a value of `branch`"))?;
            self.branch = Some(scanner.share(branch));
        } else if self.rport.is_none() && name.eq_ignore_ascii_case("rport") {
            self.rport = Some(match value {
                Some(port) => {
                    Some(parse_port(port).ok_or(ValueError::new("a port from 0 to 65535 in `rport`"))?)
                }
                None => None,
            });
        } else if self.received.is_none() && name.eq_ignore_ascii_case("received") {
            let address = value.unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
            self.received =
                Some(address.parse().map_err(|_| ValueError::new("an IP address in `received`"))?);
        } else {
            self.params.push(scanner.share(name), value.map(|value| scanner.share(value)));
        }
        Ok(())
    }
}

wire_form!(Via);

fn parse_port(text: &str) -> Option<u16> {
    number(text, u64::from(u16::MAX)).and_then(|port| u16::try_from(port).ok())
}
