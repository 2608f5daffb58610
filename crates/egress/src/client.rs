//! The two clients that everything outgoing goes through.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ipnet::IpNet;
use reqwest::{Client, ClientBuilder, Method, Proxy, RequestBuilder, Url, redirect::Policy};

use crate::{
    Error,
    guard::Guard,
    resolver::{GuardedResolver, Lookup, detour, machine, resolve},
};

/// How outgoing requests behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// Special-purpose networks that tenants may reach all the same (`CONDUCTOR_EGRESS_ALLOW`).
    pub allow: Vec<IpNet>,
    /// How long connecting, TLS included, may take.
    pub connect_timeout: Duration,
    /// How long a whole request may take, answer included; `None` where answers stream for as long as they like.
    pub request_timeout: Option<Duration>,
    /// How long an answer may stand still.
    pub idle_timeout: Duration,
    /// How many redirects the guarded client follows, each hop checked like the first; 0 hands them to the caller.
    pub max_redirects: usize,
    /// The `User-Agent` header.
    pub user_agent: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: None,
            idle_timeout: Duration::from_secs(300),
            max_redirects: 0,
            user_agent: concat!("conductor/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Builds the clients once; they are cheap to clone from then on.
#[derive(Debug, Clone)]
pub struct Egress {
    guarded: Guarded,
    trusted: Trusted,
}

/// The client for addresses that tenants choose: MCP servers, connectors, webhooks, OAuth discovery.
#[derive(Debug, Clone)]
pub struct Guarded {
    client: Client,
    guard: Arc<Guard>,
    resolver: Arc<GuardedResolver>,
}

/// The client for addresses that the operator configured: providers, the operator's own services. Never interchangeable
/// with `Guarded`, so that a tenant's address cannot reach it by mistake.
#[derive(Debug, Clone)]
pub struct Trusted {
    client: Client,
}

impl Egress {
    /// Builds both clients.
    ///
    /// # Errors
    /// `Client`, when the machine's root certificates cannot be loaded.
    pub fn new(options: Options) -> Result<Self, Error> {
        Self::with_lookup(options, machine())
    }

    pub(crate) fn with_lookup(options: Options, lookup: Lookup) -> Result<Self, Error> {
        let guard = Arc::new(Guard::new(options.allow.clone()));
        let resolver = Arc::new(GuardedResolver { guard: Arc::clone(&guard), lookup });
        let rule = Arc::clone(&guard);
        let redirects = match options.max_redirects {
            0 => Policy::none(),
            most => Policy::limited(most),
        };
        let guarded = builder(&options)
            .redirect(redirects)
            .proxy(Proxy::custom(move |url| detour(&rule, url)))
            .dns_resolver(Arc::clone(&resolver));
        let trusted = builder(&options).redirect(Policy::none());
        let build = |builder: ClientBuilder| {
            builder.build().map_err(|source| Error::Client { source: Arc::new(source) })
        };
        Ok(Self {
            guarded: Guarded { client: build(guarded)?, guard, resolver },
            trusted: Trusted { client: build(trusted)? },
        })
    }

    /// The client for addresses that tenants choose.
    #[must_use]
    pub fn guarded(&self) -> Guarded {
        self.guarded.clone()
    }

    /// The client for addresses that the operator configured.
    #[must_use]
    pub fn trusted(&self) -> Trusted {
        self.trusted.clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where HTTP clients are built")]
fn builder(options: &Options) -> ClientBuilder {
    let builder = Client::builder()
        // Proxies of the environment would dial for us, past every check.
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(options.connect_timeout)
        .read_timeout(options.idle_timeout)
        .user_agent(&options.user_agent);
    match options.request_timeout {
        Some(timeout) => builder.timeout(timeout),
        None => builder,
    }
}

impl Guarded {
    /// The client, for libraries that take one. It refuses what it must by itself; `Error::behind` finds the refusal.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Reads a URL that a tenant wrote, refusing what would be refused later except where a name must be resolved
    /// first. Call it where URLs are stored, so that the mistake shows there.
    ///
    /// # Errors
    /// `Url`, `Scheme`, `Userinfo` or `Address`.
    pub fn check(&self, url: &str) -> Result<Url, Error> {
        self.guard.parse(url)
    }

    /// Where a host may be dialled, for protocols other than HTTP. Whoever asks dials what this returns and resolves
    /// nothing a second time.
    ///
    /// # Errors
    /// `Address`, or `Unresolved`.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
        let host = host.strip_prefix('[').and_then(|open| open.strip_suffix(']')).unwrap_or(host);
        let found = resolve(&self.resolver.guard, &self.resolver.lookup, host).await?;
        Ok(found.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect())
    }

    /// A request to a URL that a tenant wrote.
    ///
    /// # Errors
    /// As `check`.
    pub fn request(&self, method: Method, url: &str) -> Result<RequestBuilder, Error> {
        Ok(self.client.request(method, self.check(url)?))
    }
}

impl Trusted {
    /// The client, for libraries that take one.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }
}
