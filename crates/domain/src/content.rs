//! Words and bytes of content: roles of messages, kinds of artifacts, canonical JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::classification::words;

/// Who a message is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageRole {
    /// A person.
    User,
    /// The conversation's agent.
    Assistant,
    /// Instructions or a notice.
    System,
    /// An agent that the conversation was handed to.
    Agent,
}

/// What an artifact holds, and so how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// Source code.
    Code,
    /// A web page.
    Html,
    /// A vector image.
    Svg,
    /// A React component.
    React,
    /// A Mermaid diagram.
    Mermaid,
    /// A text document in Markdown.
    Text,
}

words!(MessageRole { User = "user", Assistant = "assistant", System = "system", Agent = "agent" });
words!(ArtifactKind { Code = "code", Html = "html", Svg = "svg", React = "react", Mermaid = "mermaid", Text = "text" });

/// JSON as RFC 8785 writes it, so that one value has one text and one hash: members sorted by the UTF-16 units of their
/// names, no spaces, numbers as ECMAScript prints them. Integers beyond 2^53 keep all their digits and are not rounded.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            text.push('{');
            for (at, (name, inner)) in entries.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&Value::String(name.clone()).to_string());
                text.push(':');
                write_canonical(inner, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Number(number) if number.is_f64() => {
            text.push_str(&ecmascript(number.as_f64().unwrap_or_default()));
        }
        other => text.push_str(&other.to_string()),
    }
}

/// A double as ECMAScript's `Number::toString` prints it.
fn ecmascript(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    // Rust's `e` notation has the shortest digits that read back as the same double, as ECMAScript asks.
    let scientific = format!("{:e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // Where the decimal point stands, counted from the first digit.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let (before, after) = digits.split_at(usize::try_from(point.clamp(0, count)).unwrap_or_default());
    let zeros = |many: i32| "0".repeat(usize::try_from(many.max(0)).unwrap_or_default());
    let plain = match point {
        _ if !(-5..=21).contains(&point) => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let sign = if point > 0 { "+" } else { "-" };
            format!("{first}{dot}{rest}e{sign}{}", (point - 1).abs())
        }
        _ if point <= 0 => format!("0.{}{after}", zeros(-point)),
        _ if after.is_empty() => format!("{before}{}", zeros(point - count)),
        _ => format!("{before}.{after}"),
    };
    if number < 0.0 { format!("-{plain}") } else { plain }
}

/// The SHA-256 of some bytes, in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_as_rfc_8785_sorts_them() {
        let value: Value = serde_json::from_str(
            r#"{"\u20ac":"Euro","\r":"Return","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Smiley","\u0080":"Control","\u00f6":"O"}"#,
        )
        .unwrap();
        let expected = "{\"\\r\":\"Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\"ö\":\"O\",\"€\":\"Euro\",\"😀\":\"Smiley\",\"\u{fb33}\":\"Dalet\"}";
        assert_eq!(canonical_json(&value), expected);
    }

    #[test]
    fn doubles_are_printed_as_in_appendix_b() {
        for (bits, text) in [
            (0x0000_0000_0000_0001_u64, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
        ] {
            assert_eq!(ecmascript(f64::from_bits(bits)), text);
        }
        assert_eq!(
            canonical_json(&serde_json::json!([1.0, -0.0, 10.5, -3, u64::MAX])),
            "[1,0,10.5,-3,18446744073709551615]"
        );
    }
}
