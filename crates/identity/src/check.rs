//! Collects everything that is wrong with a request, so that people mend it in one go.

use conductor_domain::{FieldError, Redacted, sha256_hex};

use crate::{Error, Result, email, password};

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Check(Vec<FieldError>);

impl Check {
    /// A trimmed text of a length; control characters are refused.
    pub(crate) fn text(&mut self, pointer: &str, text: &str, shortest: usize, longest: usize) -> String {
        let text = text.trim();
        let length = text.chars().count();
        if length < shortest {
            self.0.push(FieldError::new(pointer, "required", "This is needed."));
        } else if length > longest {
            self.0.push(FieldError::new(pointer, "too_long", format!("Use at most {longest} characters.")));
        } else if text.chars().any(char::is_control) {
            self.0.push(FieldError::new(pointer, "invalid", "Leave control characters out."));
        }
        text.to_owned()
    }

    /// A trimmed text that may be absent.
    pub(crate) fn optional(&mut self, pointer: &str, text: Option<String>, longest: usize) -> Option<String> {
        let text = text.map(|text| self.text(pointer, &text, 0, longest));
        text.filter(|text| !text.is_empty())
    }

    /// A long text whose line breaks are welcome.
    pub(crate) fn prose(&mut self, pointer: &str, text: String, longest: usize) -> String {
        if text.chars().count() > longest {
            self.0.push(FieldError::new(pointer, "too_long", format!("Use at most {longest} characters.")));
        }
        text
    }

    /// A web address that a page may link to.
    pub(crate) fn web(&mut self, pointer: &str, text: Option<String>) -> Option<String> {
        let text = self.optional(pointer, text, 2000)?;
        let web = ["https://", "http://"]
            .iter()
            .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
        if !web || text.chars().any(char::is_whitespace) {
            self.0.push(FieldError::new(
                pointer,
                "invalid_url",
                "Enter an address that starts with https:// or http://.",
            ));
        }
        Some(text)
    }

    /// A normalised address.
    pub(crate) fn email(&mut self, pointer: &str, email: &str) -> String {
        match email::check(pointer, email) {
            Ok(email) => email,
            Err(fault) => {
                self.0.push(fault);
                String::new()
            }
        }
    }

    /// A password that may be chosen.
    pub(crate) fn password(&mut self, pointer: &str, password: &Redacted<String>, email: &str) {
        self.0.extend(password::check(pointer, password, email).err());
    }

    /// The hash of a link's token. A token that nobody ever gave out is refused without a look at rows.
    pub(crate) fn link_token(&mut self, _pointer: &str, token: &Redacted<String>) -> Result<String> {
        let token = token.expose().trim();
        if !(20..=200).contains(&token.len()) {
            return Err(Error::LinkInvalid);
        }
        Ok(sha256_hex(token.as_bytes()))
    }

    /// Anything else that was found.
    pub(crate) fn fault(&mut self, fault: FieldError) {
        self.0.push(fault);
    }

    /// Goes on, or says everything that is wrong.
    pub(crate) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid { fields: self.0 }) }
    }
}
