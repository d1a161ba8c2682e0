//! SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966).

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::grammar::{Scanner, Source, number, write_address, write_number};
use crate::header::{Param, Params, ValueError};
use crate::text::Text;

/// A URI as it stands in request lines and addresses.
///
/// Parts are kept as they came, escapes included; comparison ([`Uri::equivalent`]) and
/// [`Uri::user_unescaped`] resolve them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    /// What kind of URI it is.
    pub scheme: Scheme,
    /// The user part of a SIP URI, the number of a tel URI; of any other scheme all that follows the colon.
    pub user: Option<Text>,
    /// The password of a SIP URI. Its use is discouraged (RFC 3261 section 19.1.1).
    pub password: Option<Text>,
    /// The host of a SIP URI; [`Host::none`] for the other schemes.
    pub host: Host,
    /// The port of a SIP URI, if it has one.
    pub port: Option<u16>,
    /// Parameters of a SIP or tel URI.
    pub params: Params,
    /// Header fields that a request made from this URI shall have, names and values escaped.
    pub headers: Vec<Param>,
}

/// The scheme of a URI.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `sip`
    Sip,
    /// `sips`
    Sips,
    /// `tel`
    Tel,
    /// Any other, as it came.
    Other(Text),
}

/// A host: a name or an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A domain name, not resolved. Compared without letter case by [`Host::equivalent`].
    Name(Text),
    /// An IPv4 address, or an IPv6 address, which is written in brackets.
    Ip(IpAddr),
}

/// Why a text is not a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed URI: expected {expected}")]
pub struct UriError {
    expected: &'static str,
}

impl UriError {
    const fn new(expected: &'static str) -> Self {
        Self { expected }
    }

    /// What the grammar wants at the place that failed.
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

impl Uri {
    /// `sip:host` or `sip:user@host`; an empty user is none. What may not stand in a user part is escaped.
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Self {
        Self {
            scheme: Scheme::Sip,
            user: user.filter(|user| !user.is_empty()).map(|user| Text::from(escape_user(user))),
            password: None,
            host,
            port,
            params: Params::new(),
            headers: Vec::new(),
        }
    }

    /// `sip:user@address:port`.
    pub fn from_address(user: Option<&str>, address: SocketAddr) -> Self {
        Self::sip(user, Host::Ip(address.ip()), Some(address.port()))
    }

    /// Reads a URI; its parts share the memory of `text`.
    pub fn parse(text: &Text) -> Result<Self, UriError> {
        Self::read(text, Source::Shared(text))
    }

    /// Whether the scheme is `sip` or `sips`.
    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// The user part with its escapes resolved. Bytes that are not UTF-8 afterwards are replaced.
    pub fn user_unescaped(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(|user| match unescape(user) {
            Cow::Borrowed(_) => Cow::Borrowed(user),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    /// The address and port if the host is an address; port 5060, or 5061 for `sips`, if the URI has none.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        let Host::Ip(address) = self.host else {
            return None;
        };
        let default = if self.scheme == Scheme::Sips { 5061 } else { 5060 };
        Some(SocketAddr::new(address, self.port.unwrap_or(default)))
    }

    /// Whether both URIs name the same resource (RFC 3261 section 19.1.4).
    ///
    /// Not transitive: a parameter which only one of two URIs has counts only if it is `user`, `ttl`,
    /// `method`, `maddr` or `transport`.
    pub fn equivalent(&self, other: &Uri) -> bool {
        self.scheme_equivalent(other)
            && same_unescaped(self.user.as_ref(), other.user.as_ref())
            && same_unescaped(self.password.as_ref(), other.password.as_ref())
            && self.host.equivalent(&other.host)
            && self.port == other.port
            && params_compatible(&self.params, &other.params)
            && params_compatible(&other.params, &self.params)
            && headers_equivalent(&self.headers, &other.headers)
    }

    /// Appends the wire form.
    pub fn write(&self, out: &mut String) {
        out.push_str(self.scheme.as_str());
        out.push(':');
        if let Some(user) = &self.user {
            out.push_str(user);
            if let Some(password) = &self.password {
                out.push(':');
                out.push_str(password);
            }
            if self.is_sip() {
                out.push('@');
            }
        }
        self.host.write(out);
        if let Some(port) = self.port {
            out.push(':');
            write_number(out, port.into());
        }
        self.params.write(out);
        for (at, header) in self.headers.iter().enumerate() {
            out.push(if at == 0 { '?' } else { '&' });
            out.push_str(&header.name);
            out.push('=');
            out.push_str(header.value.as_deref().unwrap_or_default());
        }
    }

    /// Reads a URI whose parts come from `source`.
    pub(crate) fn read(text: &str, source: Source<'_>) -> Result<Self, UriError> {
        let signs = text.bytes().fold(0, |signs, b| signs | SIGNS[usize::from(b)]);
        if signs & BAD != 0 {
            return Err(UriError::new("no blank, quote, angle bracket or letter beyond ASCII in a URI"));
        }
        let (scheme, rest) = split(text, b':').ok_or(UriError::new("a scheme and `:`"))?;
        let is_known = ["sip", "sips", "tel"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
        if is_known && signs & PERCENT != 0 {
            check_escapes(rest)?;
        }
        if scheme.eq_ignore_ascii_case("sip") {
            return Self::read_sip(source, Scheme::Sip, rest, signs);
        }
        if scheme.eq_ignore_ascii_case("sips") {
            return Self::read_sip(source, Scheme::Sips, rest, signs);
        }
        if scheme.eq_ignore_ascii_case("tel") {
            return Self::read_tel(source, rest);
        }
        let mut letters = scheme.bytes();
        if !letters.next().is_some_and(|b| b.is_ascii_alphabetic())
            || !letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        {
            return Err(UriError::new("a scheme of letters, digits, `+`, `-` and `.`"));
        }
        Ok(Self {
            scheme: Scheme::Other(source.share(scheme)),
            user: Some(source.share(rest)),
            password: None,
            host: Host::none(),
            port: None,
            params: Params::new(),
            headers: Vec::new(),
        })
    }

    fn read_sip(source: Source<'_>, scheme: Scheme, rest: &str, signs: u8) -> Result<Self, UriError> {
        let (userinfo, rest) = match split(rest, b'@') {
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, rest),
        };
        let (user, password) = match userinfo.map(|userinfo| split(userinfo, b':').ok_or(userinfo)) {
            None => (None, None),
            Some(Ok((user, password))) => (Some(user), Some(password)),
            Some(Err(user)) => (Some(user), None),
        };
        if user == Some("") {
            return Err(UriError::new("a user before `@`"));
        }
        if (signs & BRACKET != 0 && user.is_some_and(|user| user.contains(['[', ']']))) || rest.contains('@')
        {
            return Err(UriError::new("one `@` at most, and no square bracket before it"));
        }
        let end = rest.bytes().position(|b| matches!(b, b';' | b'?')).unwrap_or(rest.len());
        let (host, port) = split_host(&rest[..end])?;
        let mut uri = Self {
            scheme,
            user: user.map(|user| source.share(user)),
            password: password.map(|password| source.share(password)),
            host: Host::read(source, host).map_err(|error| UriError::new(error.expected()))?,
            port,
            params: Params::new(),
            headers: Vec::new(),
        };
        if end == rest.len() {
            return Ok(uri);
        }
        let (params, headers) = match split(&rest[end..], b'?') {
            Some((params, headers)) => (params, Some(headers)),
            None => (&rest[end..], None),
        };
        uri.params = parse_params(source, params)?;
        for header in headers.into_iter().flat_map(|headers| headers.split('&')) {
            let (name, value) =
                header.split_once('=').ok_or(UriError::new("`=` in each header of the URI"))?;
            if name.is_empty() {
                return Err(UriError::new("a name of each header of the URI"));
            }
            uri.headers.push(Param { name: source.share(name), value: Some(source.share(value)) });
        }
        Ok(uri)
    }

    fn read_tel(source: Source<'_>, rest: &str) -> Result<Self, UriError> {
        let end = rest.find(';').unwrap_or(rest.len());
        let number = &rest[..end];
        let digits = number.strip_prefix('+').unwrap_or(number);
        let allowed = |b: u8| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#' | b'-' | b'.' | b'(' | b')');
        if digits.is_empty() || !digits.bytes().all(allowed) {
            return Err(UriError::new("a telephone number"));
        }
        Ok(Self {
            scheme: Scheme::Tel,
            user: Some(source.share(number)),
            password: None,
            host: Host::none(),
            port: None,
            params: parse_params(source, &rest[end..])?,
            headers: Vec::new(),
        })
    }

    fn scheme_equivalent(&self, other: &Uri) -> bool {
        match (&self.scheme, &other.scheme) {
            (Scheme::Other(one), Scheme::Other(two)) => one.eq_ignore_ascii_case(two),
            (one, two) => one == two,
        }
    }
}

impl Scheme {
    /// The scheme as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(scheme) => scheme,
        }
    }
}

impl Host {
    /// No host, for the schemes that have none.
    pub const fn none() -> Self {
        Self::Name(Text::from_static(""))
    }

    /// Whether both name the same host: addresses by value, names without letter case.
    pub fn equivalent(&self, other: &Host) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(two)) => one.eq_ignore_ascii_case(two),
            (one, two) => one == two,
        }
    }

    /// Appends the wire form, IPv6 in brackets.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Name(name) => out.push_str(name),
            Self::Ip(address @ IpAddr::V4(_)) => write_address(out, *address),
            Self::Ip(address @ IpAddr::V6(_)) => {
                out.push('[');
                write_address(out, *address);
                out.push(']');
            }
        }
    }

    /// Takes a host from a header value.
    pub(crate) fn scan(scanner: &mut Scanner<'_>) -> Result<Self, ValueError> {
        let host = if scanner.peek() == Some(b'[') {
            let end = scanner.rest().find(']').ok_or(ValueError::new("`]` after an IPv6 address"))?;
            scanner.advance(end + 1)
        } else {
            scanner.take_while(is_name_byte)
        };
        Self::read(scanner.source(), host)
    }

    /// Reads a host whose name comes from `source`.
    fn read(source: Source<'_>, host: &str) -> Result<Self, ValueError> {
        if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return address
                .parse::<Ipv6Addr>()
                .map(|address| Self::Ip(IpAddr::V6(address)))
                .map_err(|_| ValueError::new("an IPv6 address in the brackets"));
        }
        if host.is_empty() || !host.bytes().all(is_name_byte) {
            return Err(ValueError::new("a host name or an address"));
        }
        if host.as_bytes()[0].is_ascii_digit() {
            if let Ok(address) = host.parse::<Ipv4Addr>() {
                return Ok(Self::Ip(IpAddr::V4(address)));
            }
            // A name that ends in digits only would be taken for an address by half of the world (RFC 1123
            // section 2.1).
            if host.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
                return Err(ValueError::new("four numbers from 0 to 255 in an IPv4 address"));
            }
        }
        Ok(Self::Name(source.share(host)))
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.pad(&text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.pad(&text)
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        Self::parse(&Text::from(text))
    }
}

/// Resolves `%` escapes; a `%` without two hexadecimal digits stands for itself.
pub fn unescape(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1).and_then(hex), bytes.get(at + 2).and_then(hex)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(high << 4 | low);
                at += 3;
            }
            _ => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(plain)
}

/// Escapes what may not stand in the user part of a SIP URI (RFC 3261 section 25.1).
fn escape_user(user: &str) -> String {
    let mut escaped = String::with_capacity(user.len());
    for &byte in user.as_bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte);
        if plain {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for digit in [byte >> 4, byte & 15] {
                escaped.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    escaped
}

fn hex(byte: &u8) -> Option<u8> {
    char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// `split_once` for short texts: a wide search would take longer to begin than to end.
fn split(text: &str, at: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|b| b == at)?;
    Some((&text[..at], &text[at + 1..]))
}

fn check_escapes(part: &str) -> Result<(), UriError> {
    let mut pieces = part.split('%');
    pieces.next();
    for piece in pieces {
        if !matches!(piece.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
        {
            return Err(UriError::new("two hexadecimal digits after `%`"));
        }
    }
    Ok(())
}

fn is_name_byte(byte: u8) -> bool {
    // The underscore is not allowed in host names and yet used in private networks.
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

fn split_host(hostport: &str) -> Result<(&str, Option<u16>), UriError> {
    // The colons within brackets are those of an IPv6 address.
    let bracket = if hostport.starts_with('[') { hostport.find(']').unwrap_or(0) } else { 0 };
    let colon = hostport.bytes().skip(bracket).position(|b| b == b':').map(|at| bracket + at);
    let Some(colon) = colon else {
        return Ok((hostport, None));
    };
    let port = number(&hostport[colon + 1..], u64::from(u16::MAX))
        .and_then(|port| u16::try_from(port).ok())
        .ok_or(UriError::new("a port from 0 to 65535 after `:`"))?;
    Ok((&hostport[..colon], Some(port)))
}

fn parse_params(source: Source<'_>, params: &str) -> Result<Params, UriError> {
    let mut parsed = Params::new();
    if params.is_empty() {
        return Ok(parsed);
    }
    let mut pieces = params.split(';');
    // Before the first semicolon there is nothing.
    pieces.next();
    for piece in pieces {
        let (name, value) = match split(piece, b'=') {
            Some((name, value)) => (name, Some(value)),
            None => (piece, None),
        };
        if name.is_empty() || value == Some("") {
            return Err(UriError::new("`name` or `name=value` after `;`"));
        }
        parsed.push(source.share(name), value.map(|value| source.share(value)));
    }
    Ok(parsed)
}

fn same_unescaped(one: Option<&Text>, two: Option<&Text>) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => unescape(one) == unescape(two),
        (None, None) => true,
        _ => false,
    }
}

fn same_unescaped_ignoring_case(one: &str, two: &str) -> bool {
    unescape(one).eq_ignore_ascii_case(&unescape(two))
}

/// Whether every parameter of `one` agrees with `two`: same value if both have it, and none of the five that
/// always count missing.
fn params_compatible(one: &Params, two: &Params) -> bool {
    const ALWAYS: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    one.iter().all(|param| {
        let other = two.iter().find(|other| same_unescaped_ignoring_case(&other.name, &param.name));
        match other {
            Some(other) => match (&param.value, &other.value) {
                (Some(one), Some(two)) => same_unescaped_ignoring_case(one, two),
                (one, two) => one.is_none() && two.is_none(),
            },
            None => !ALWAYS.iter().any(|name| name.eq_ignore_ascii_case(&param.name)),
        }
    })
}

fn headers_equivalent(one: &[Param], two: &[Param]) -> bool {
    one.len() == two.len()
        && one.iter().all(|header| {
            two.iter().any(|other| {
                same_unescaped_ignoring_case(&header.name, &other.name)
                    && same_unescaped(header.value.as_ref(), other.value.as_ref())
            })
        })
}

/// Signs that decide what has to be looked at more closely.
const PERCENT: u8 = 1;
const BRACKET: u8 = 2;
/// What may not stand in a URI.
const BAD: u8 = 4;

/// What each byte of a URI is, so that one look at them tells what they hold.
const SIGNS: [u8; 256] = {
    let mut signs = [BAD; 256];
    let mut byte = 0;
    while byte < 128 {
        signs[byte] = match byte as u8 {
            b'%' => PERCENT,
            b'[' | b']' => BRACKET,
            b'<' | b'>' | b'"' => BAD,
            b if b.is_ascii_graphic() => 0,
            _ => BAD,
        };
        byte += 1;
    }
    signs
};
