//! What the server answered, with the assertions that tests make most.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer: status, headers, and a body that is usually JSON.
#[must_use = "an answer that nobody looks at proves nothing"]
#[derive(Clone, Debug)]
pub struct Answer {
    /// What was asked, for the message of a failed assertion.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The body as JSON; `null` when there is none.
    ///
    /// # Panics
    /// When the body is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{self}\nis not JSON: {error}"))
    }

    /// The JSON of an answer with a 2xx status.
    ///
    /// # Panics
    /// On any other status.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self}");
        self.json()
    }

    /// The JSON of a `201 Created` that says where the new thing is.
    ///
    /// # Panics
    /// On any other status, and when `Location` is missing.
    #[track_caller]
    pub fn created(self) -> Value {
        assert_eq!(self.status, 201, "{self}");
        assert!(self.headers.contains_key("location"), "no Location\n{self}");
        self.json()
    }

    /// Holds the status.
    ///
    /// # Panics
    /// On any other.
    #[track_caller]
    pub fn status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// The body of a problem with this status and code.
    ///
    /// # Panics
    /// When the answer is anything else, or not `application/problem+json`.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type").unwrap_or_default(), "application/problem+json", "{self}");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{self}");
        problem
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {}\n{}", self.request, self.status, self.text)
    }
}
