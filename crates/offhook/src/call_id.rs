//! The Call-ID of a datagram, found without parsing the message.

/// The value of `Call-ID`, in its long or compact form.
pub(crate) fn of(datagram: &[u8]) -> Option<&[u8]> {
    for line in datagram.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return None;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = line[..colon].trim_ascii();
        if name.eq_ignore_ascii_case(b"call-id") || name.eq_ignore_ascii_case(b"i") {
            return Some(line[colon + 1..].trim_ascii());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_call_id_is_found_in_every_spelling() {
        for header in ["Call-ID: a@b", "call-id :a@b", "i:  a@b  ", "CALL-ID:a@b"] {
            let message = format!("INVITE sip:x SIP/2.0\r\nVia: y\r\n{header}\r\n\r\nCall-ID: body");
            assert_eq!(super::of(message.as_bytes()), Some(&b"a@b"[..]), "{header}");
        }
        assert_eq!(super::of(b"INVITE x\r\n\r\nCall-ID: body"), None);
        assert_eq!(super::of(b"\xff\x00"), None);
    }
}
