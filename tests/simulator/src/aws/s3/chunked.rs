//! The encoding `aws-chunked`: pieces of a body, each with its length and perhaps its signature, and headers that come last.
//! Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks" and
//! "… Including Trailing Headers" (read 2026-11).

use axum::body::Bytes;

/// The last of the headers at the end, which signs the others.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// A body, piece by piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunked {
    /// With their signatures, empty if there are none; the last one has no bytes.
    pub(crate) chunks: Vec<(Bytes, String)>,
    pub(crate) trailers: Vec<(String, String)>,
    pub(crate) trailer_signature: Option<String>,
}

impl Chunked {
    /// Returns a body that is not encoded.
    pub(super) fn whole(body: Bytes) -> Self {
        Self { chunks: vec![(body, String::new())], ..Self::default() }
    }

    /// Returns what was encoded.
    pub(super) fn content(&self) -> Bytes {
        match &self.chunks[..] {
            [(one, _)] => one.clone(),
            chunks => chunks.iter().flat_map(|(chunk, _)| chunk.iter().copied()).collect(),
        }
    }
}

/// Reads a body; none if it is not whole, or not encoded so.
pub(crate) fn read(body: &Bytes) -> Option<Chunked> {
    let mut read = Chunked::default();
    let mut at = 0;
    loop {
        let head = line(body, &mut at)?;
        let (length, more) = head.split_once(';').unwrap_or((&head, ""));
        let signature = more.strip_prefix("chunk-signature=").unwrap_or_default().to_owned();
        let length = usize::from_str_radix(length, 16).ok()?;
        let chunk = body.get(at..at.checked_add(length)?).map(|chunk| body.slice_ref(chunk))?;
        at += length;
        read.chunks.push((chunk, signature));
        if length == 0 {
            break;
        }
        line(body, &mut at).filter(String::is_empty)?;
    }
    loop {
        let line = line(body, &mut at)?;
        if line.is_empty() {
            return (at == body.len()).then_some(read);
        }
        let (name, value) = line.split_once(':')?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if name == TRAILER_SIGNATURE {
            read.trailer_signature = Some(value);
        } else {
            read.trailers.push((name, value));
        }
    }
}

/// Returns the text up to the end of the line, and goes behind it.
fn line(body: &[u8], at: &mut usize) -> Option<String> {
    let rest = body.get(*at..)?;
    let end = rest.windows(2).position(|two| two == b"\r\n")?;
    *at += end + 2;
    String::from_utf8(rest[..end].to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> Option<Chunked> {
        read(&Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn pieces_are_put_together_and_headers_at_the_end_are_read() {
        let signed = "5;chunk-signature=aa\r\nhello\r\n3;chunk-signature=bb\r\n\r\n!\r\n0;chunk-signature=cc\r\n\
                      x-amz-checksum-crc32: AAAA\r\nx-amz-trailer-signature:dd\r\n\r\n";
        let read = of(signed).expect("it is whole");
        assert_eq!(read.content(), "hello\r\n!");
        let signatures: Vec<&str> = read.chunks.iter().map(|(_, signature)| signature.as_str()).collect();
        assert_eq!(signatures, ["aa", "bb", "cc"]);
        assert_eq!(read.trailers, [("x-amz-checksum-crc32".to_owned(), "AAAA".to_owned())]);
        assert_eq!(read.trailer_signature.as_deref(), Some("dd"));
        assert_eq!(of("1\r\na\r\n0\r\n\r\n").expect("it is whole").content(), "a");
    }

    #[test]
    fn what_is_not_whole_is_not_read() {
        for text in [
            "",
            "1\r\na",
            "1\r\nab\r\n0\r\n\r\n",
            "2\r\na\r\n0\r\n\r\n",
            "1\r\na\r\n0\r\n",
            "x\r\n",
            "0\r\n\r\nmore",
            "0\r\nhead\r\n\r\n",
        ] {
            assert_eq!(of(text), None, "{text:?}");
        }
        assert_eq!(of("ffffffffffffffff\r\na"), None, "a length that is none");
    }
}
