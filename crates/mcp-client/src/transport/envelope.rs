//! Finds the `id` of a JSON-RPC message too large to keep, while its bytes are thrown away.

/// The longest id that is believed.
const MAX_ID: usize = 64;

/// Reads a JSON object byte by byte and keeps only the top-level `id`.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// The text of the current top-level string or scalar.
    token: Vec<u8>,
    /// Whether the next top-level token is the value of `id`.
    expects_id: bool,
    after_colon: bool,
    id: Option<Vec<u8>>,
}

impl Envelope {
    /// Takes the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.id.is_some() {
            return;
        }
        for &byte in bytes {
            self.step(byte);
        }
    }

    /// The id, if one was seen: a number, or a string with its quotes removed.
    pub(crate) fn id(&self) -> Option<rmcp::model::RequestId> {
        serde_json::from_slice(self.id.as_deref()?).ok()
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            if self.escaped {
                self.escaped = false;
            } else if byte == b'\\' {
                self.escaped = true;
            } else if byte == b'"' {
                self.in_string = false;
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.keep(byte);
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.end_value();
                self.depth = self.depth.saturating_sub(1);
            }
            b':' if self.depth == 1 => {
                self.expects_id = self.token == br#""id""#;
                self.after_colon = true;
                self.token.clear();
            }
            b',' => self.end_value(),
            byte if byte.is_ascii_whitespace() => {}
            byte => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.token.len() < MAX_ID {
            self.token.push(byte);
        }
    }

    fn end_value(&mut self) {
        if self.depth != 1 {
            return;
        }
        if self.after_colon && self.expects_id && self.id.is_none() && !self.token.is_empty() {
            self.id = Some(std::mem::take(&mut self.token));
        }
        self.token.clear();
        self.expects_id = false;
        self.after_colon = false;
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::RequestId;

    use super::*;

    fn id_of(text: &str) -> Option<RequestId> {
        let mut envelope = Envelope::default();
        // Byte by byte: chunks may break anywhere.
        for byte in text.as_bytes() {
            envelope.feed(std::slice::from_ref(byte));
        }
        envelope.id()
    }

    #[test]
    fn finds_the_top_level_id_wherever_it_stands() {
        assert_eq!(id_of(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#), Some(RequestId::Number(7)));
        assert_eq!(id_of(r#"{"result":{"id":1,"x":[{"id":2}]},"id": 9 }"#), Some(RequestId::Number(9)));
        assert_eq!(id_of(r#"{"result":"\"id\":3,","id":"a"}"#), Some(RequestId::String("a".into())));
    }

    #[test]
    fn ignores_ids_that_are_not_its_own() {
        assert_eq!(id_of(r#"{"result":{"id":1}}"#), None);
        assert_eq!(id_of(r#"{"result":"id","other":5}"#), None);
        assert_eq!(id_of(r#"[{"id":1}]"#), None);
        assert_eq!(id_of("no json at all, id: 4"), None);
    }
}
