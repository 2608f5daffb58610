//! An account of the operator: how a database is reached and signed in to, as variables say.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Ask, Databases, Engine};
use crate::{Error, Result, providers::Settings};

/// How a database is reached and signed in to.
pub(super) struct Account {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) user: String,
    pub(super) password: Option<SecretString>,
    pub(super) tls: bool,
    /// The database that knows the user, for MongoDB.
    pub(super) authenticates: String,
    /// A file with the certificates that are trusted beside the usual ones.
    pub(super) authority: Option<String>,
}

/// The account of what is asked, from the operator's variables.
pub(super) fn of(ask: &Ask, variables: &BTreeMap<String, SecretString>) -> Result<Account> {
    let prefix = Databases::account(ask.engine, &ask.data_source);
    let settings = Settings { prefix, variables };
    // The variable may hold a password: no message shows it.
    let wrong = |what: &str| Error::invalid("/data_source", format!("{}_URL {what}", settings.prefix));
    let url = settings.require("URL")?.expose_secret().trim();
    let url = Url::parse(url).map_err(|_| wrong("is no address such as mysql://host:3306/database"))?;
    let (schemes, port): (&[&str], u16) = match ask.engine {
        Engine::Mysql => (&["mysql", "mariadb"], 3306),
        Engine::Postgresql => (&["postgres", "postgresql"], 5432),
        Engine::Mongodb => (&["mongodb"], 27_017),
    };
    if !schemes.contains(&url.scheme()) {
        return Err(wrong(&format!("begins with none of {}", schemes.join(", "))));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no host"))?;
    let plain = |text: &str| {
        let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
        url::form_urlencoded::parse(pair.as_bytes()).map(|(_, text)| text.into_owned()).next()
    };
    let database = plain(url.path().trim_start_matches('/')).unwrap_or_default();
    if database.is_empty() && ask.engine == Engine::Mongodb {
        return Err(wrong("names no database"));
    }
    let user = settings.text("USER").map(ToOwned::to_owned);
    let user = user.or_else(|| plain(url.username()).filter(|user| !user.is_empty()));
    let password = settings.get("PASS").cloned();
    let tls = match settings.text("TLS").unwrap_or("verify") {
        "verify" => true,
        "none" => false,
        other => {
            let what = format!("{}_TLS is {other:?}, not verify or none", settings.prefix);
            return Err(Error::invalid("/data_source", what));
        }
    };
    Ok(Account {
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: url.port().unwrap_or(port),
        authenticates: url
            .query_pairs()
            .find(|(name, _)| name == "authSource")
            .map_or_else(|| "admin".to_owned(), |(_, source)| source.into_owned()),
        database,
        user: match user {
            None if ask.engine == Engine::Mongodb => String::new(),
            user => user.ok_or_else(|| wrong("names no user, and there is no _USER beside it"))?,
        },
        password: password.or_else(|| url.password().and_then(plain).map(SecretString::from)),
        tls,
        authority: settings.text("CA").map(ToOwned::to_owned),
    })
}
