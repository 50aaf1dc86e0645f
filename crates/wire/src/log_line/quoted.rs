//! Fields between quotes.

/// A field's bytes with escapes undone, and what follows its closing quote.
pub(super) struct Quoted<'a> {
    pub field: Vec<u8>,
    /// `None` where the line ends before the field does.
    pub rest: Option<&'a [u8]>,
}

/// Reads a field whose opening quote is read already.
///
/// Apache writes `\"`, `\\`, `\n`, `\t` and the like, and `\xhh` for what can't be printed; nginx
/// writes `\xHH` for all of them. Any other character after a backslash stands for both.
pub(super) fn read(mut bytes: &[u8]) -> Quoted<'_> {
    let mut field = Vec::new();
    loop {
        let Some(at) = memchr::memchr2(b'"', b'\\', bytes) else {
            field.extend_from_slice(bytes);
            return Quoted { field, rest: None };
        };
        let (plain, special) = bytes.split_at(at);
        field.extend_from_slice(plain);
        bytes = match special {
            [b'"', rest @ ..] => {
                return Quoted {
                    field,
                    rest: Some(rest),
                };
            }
            [b'\\', b'x', high, low, rest @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                field.push((nibble(*high) << 4) | nibble(*low));
                rest
            }
            [b'\\', character @ (b'"' | b'\\'), rest @ ..] => {
                field.push(*character);
                rest
            }
            [b'\\', b'n' | b'r' | b't' | b'b' | b'f' | b'v', rest @ ..] => {
                field.push(b' ');
                rest
            }
            [backslash, rest @ ..] => {
                field.push(*backslash);
                rest
            }
            [] => special,
        };
    }
}

/// The bytes as text: U+FFFD for what is no UTF-8, blanks for control characters.
pub(super) fn text(bytes: Vec<u8>) -> String {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    };
    if text.chars().any(char::is_control) {
        text.replace(char::is_control, " ")
    } else {
        text
    }
}

/// The value of a hexadecimal digit.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields() {
        fn check(input: &str, expect_field: &str, expect_rest: Option<&str>) {
            let Quoted { field, rest } = read(input.as_bytes());
            assert_eq!(text(field), expect_field, "{input}");
            assert_eq!(rest, expect_rest.map(str::as_bytes), "{input}");
        }
        check(r#"" 200"#, "", Some(" 200"));
        check(r#"GET / HTTP/1.1" 200"#, "GET / HTTP/1.1", Some(" 200"));
        check(r#"a \"quoted\" b\\" c"#, r#"a "quoted" b\"#, Some(" c"));
        check(r#"\x16\x03\x01\xc3\xa9\xff""#, "   é\u{fffd}", Some(""));
        check(r#"a\tb\nc\qd\x1""#, r"a b c\qd\x1", Some(""));
        check("never ends", "never ends", None);
        check(r"ends in a backslash\", r"ends in a backslash\", None);
        check(r#"ends in a quote\""#, r#"ends in a quote""#, None);
    }
}
