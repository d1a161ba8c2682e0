//! Key presses in INFO requests.

/// The digit of an INFO request whose body is `application/dtmf-relay` or `application/dtmf` (DTMF-11); `None` if it is
/// anything else. Letters come out large.
pub fn digit_of_info(content_type: &str, body: &[u8]) -> Option<char> {
    let kind = content_type.split(';').next()?.trim();
    let text = std::str::from_utf8(body).ok()?;
    let value = if kind.eq_ignore_ascii_case("application/dtmf-relay") {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("signal").then(|| value.trim())
        })?
    } else if kind.eq_ignore_ascii_case("application/dtmf") {
        text.trim()
    } else {
        return None;
    };
    let mut characters = value.chars();
    let digit = characters.next()?.to_ascii_uppercase();
    (characters.next().is_none() && "0123456789ABCD*#".contains(digit)).then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::digit_of_info;

    /// DTMF-11: both body types in use, and nothing else.
    #[test]
    fn info_bodies_give_one_digit() {
        assert_eq!(digit_of_info("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(digit_of_info("Application/DTMF-Relay; x=1", b"signal= #\n"), Some('#'));
        assert_eq!(digit_of_info("application/dtmf", b" d "), Some('D'));
        for (kind, body) in
            [("text/plain", &b"5"[..]), ("application/dtmf", b"55"), ("application/dtmf", b"\xff")]
        {
            assert_eq!(digit_of_info(kind, body), None);
        }
    }
}
