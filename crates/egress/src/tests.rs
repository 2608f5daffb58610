//! The guard from outside: a canary that must hear nothing, and the table of ranges held against the standard library.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use proptest::prelude::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{Egress, Error, Options, guard::Guard, is_global, range::special_range, resolver};

/// A listener that counts who connects and answers 200.
struct Canary {
    port: u16,
    heard: Arc<AtomicUsize>,
}

impl Canary {
    async fn listen(address: &str) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
                    .await;
            }
        });
        Self { port, heard }
    }

    fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

fn guarded(allow: &[&str]) -> crate::Guarded {
    let allow = allow.iter().map(|net| net.parse().unwrap()).collect();
    Egress::new(Options { allow, ..Options::default() }).unwrap().guarded()
}

/// Names that answer differently each time they are asked.
fn scripted(answers: &[&[&str]]) -> resolver::Lookup {
    let script: VecDeque<Vec<SocketAddr>> = answers
        .iter()
        .map(|answer| answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect())
        .collect();
    let script = Arc::new(Mutex::new(script));
    Arc::new(move |_| {
        let next = script.lock().unwrap().pop_front();
        Box::pin(async move { next.ok_or_else(|| std::io::Error::other("the script is over")) })
    })
}

#[tokio::test]
async fn a01_every_notation_of_a_private_address_is_refused_before_a_socket_opens() {
    let canary = Canary::listen("127.0.0.1").await;
    let guarded = guarded(&[]);
    let port = canary.port;
    let evil = [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://[::ffff:7f00:1]:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[0:0:0:0:0:ffff:7f00:0001]:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::]:{port}/"),
        format!("http://[64:ff9b::7f00:1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f000001:{port}/"),
        format!("http://0x7f.0.0.1:{port}/"),
        format!("http://0177.0.0.1:{port}/"),
        format!("http://017700000001:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://127.0.1:{port}/"),
        format!("http://127.0.0.1.:{port}/"),
        format!("http://0:{port}/"),
        format!("http://0.0.0.0:{port}/"),
        format!("http://%31%32%37.0.0.1:{port}/"),
        format!("http://①②⑦.⓪.⓪.①:{port}/"),
        format!("http://127。0。0。1:{port}/"),
        format!("http:127.0.0.1:{port}/"),
        format!("http:\\\\127.0.0.1:{port}\\"),
        "http://[::ffff:a9fe:a9fe]/latest/meta-data/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://168.63.129.16/".to_owned(),
        "http://[fd00:ec2::254]/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "http://[fe80::1]/".to_owned(),
    ];
    for url in &evil {
        // As a library would that was handed the bare client.
        let error = guarded.client().get(url).send().await.expect_err(url);
        let refusal = Error::behind(&error).unwrap_or_else(|| panic!("{url} was dialled: {error:?}"));
        let Error::Address { address, .. } = refusal else { panic!("{url}: {refusal}") };
        assert!(refusal.to_string().contains(&format!("CONDUCTOR_EGRESS_ALLOW={address}/")), "{refusal}");
        assert!(guarded.check(url).is_err(), "{url} passed the check");
    }
    assert_eq!(canary.heard(), 0);
}

#[tokio::test]
async fn a02_a_redirect_to_a_private_host_is_handed_back_and_never_followed_there() {
    let (canary, origin) = (Canary::listen("127.0.0.2").await, wiremock::MockServer::start().await);
    let redirect = wiremock::ResponseTemplate::new(302)
        .insert_header("location", format!("http://127.0.0.2:{}/", canary.port).as_str());
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(redirect).mount(&origin).await;
    let allowed = "127.0.0.1/32";
    let url = origin.uri();

    let answer = guarded(&[allowed]).client().get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 302);

    // Even when told to follow: the second hop passes the same gates, by address and by name.
    let allow = vec![allowed.parse().unwrap()];
    let follows = Options { allow, max_redirects: 3, ..Options::default() };
    let following = Egress::new(follows).unwrap().guarded();
    let error = following.client().get(&url).send().await.unwrap_err();
    assert!(matches!(Error::behind(&error), Some(Error::Address { .. })), "{error:?}");
    assert_eq!(canary.heard(), 0);
}

#[tokio::test]
async fn a03_parsers_cannot_be_played_against_each_other() {
    let canary = Canary::listen("127.0.0.1").await;
    let port = canary.port;
    let lookup = scripted(&[&["127.0.0.1"][..]; 32]);
    let guarded = Egress::with_lookup(Options::default(), lookup).unwrap().guarded();
    let evil = [
        format!("http://ok@evil.example\\@127.0.0.1:{port}/"),
        format!("http://public.example\\@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}\\@public.example/"),
        format!("http://public.example@127.0.0.1:{port}/"),
        format!("http://public.example:pass@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}#@public.example/"),
        format!("http://127.0.0.1:{port}?@public.example/"),
        format!("http://public.example\t@127.0.0.1:{port}/"),
        format!("http://\n127.0.0.1:{port}/"),
        format!("http:///127.0.0.1:{port}/"),
    ];
    for url in &evil {
        assert!(guarded.check(url).is_err(), "{url} passed the check");
        if let Err(error) = guarded.client().get(url).send().await {
            assert!(Error::behind(&error).is_some() || error.is_builder(), "{url} was dialled: {error:?}");
        } else {
            panic!("{url} was answered");
        }
    }
    for url in
        ["ftp://public.example/", "file:///etc/passwd", "gopher://public.example/", "javascript:alert(1)"]
    {
        assert!(matches!(guarded.check(url), Err(Error::Scheme { .. })), "{url}");
        assert!(guarded.client().get(url).send().await.is_err());
    }
    assert!(matches!(guarded.check("https://user@public.example/"), Err(Error::Userinfo)));
    assert_eq!(canary.heard(), 0);
}

#[tokio::test]
async fn a04_a_name_that_turns_private_after_the_first_answer_is_not_dialled() {
    let canary = Canary::listen("127.0.0.1").await;
    let url = format!("http://rebinding.example:{}/", canary.port);
    // The name answers once with a public address, to please whoever checks, and then with loopback.
    let lookup = scripted(&[&["93.184.215.14"], &["127.0.0.1"], &["::1"], &["127.0.0.1", "::ffff:7f00:1"]]);
    let egress = Egress::with_lookup(Options::default(), Arc::clone(&lookup)).unwrap();
    let guard = Guard::new(vec![]);
    assert_eq!(resolver::resolve(&guard, &lookup, "rebinding.example").await.unwrap().len(), 1);
    for _ in 0..3 {
        let error = egress.guarded().client().get(&url).send().await.unwrap_err();
        assert!(matches!(Error::behind(&error), Some(Error::Address { .. })), "{error:?}");
    }
    assert_eq!(canary.heard(), 0);
}

#[tokio::test]
async fn of_a_names_addresses_only_the_global_ones_are_dialled() {
    let guard = Guard::new(vec!["10.1.0.0/16".parse().unwrap()]);
    let lookup =
        scripted(&[&["127.0.0.1", "93.184.215.14", "10.1.2.3", "10.2.0.1", "::1", "2606:4700::1111"]]);
    let passed = resolver::resolve(&guard, &lookup, "mixed.example").await.unwrap();
    let passed: Vec<String> = passed.iter().map(|address| address.ip().to_string()).collect();
    assert_eq!(passed, ["93.184.215.14", "10.1.2.3", "2606:4700::1111"]);
}

#[tokio::test]
async fn localhost_by_name_is_refused_and_opens_when_the_operator_allows_it() {
    let canary = Canary::listen("127.0.0.1").await;
    let by_name = format!("http://localhost:{}/", canary.port);
    let by_address = format!("http://127.0.0.1:{}/", canary.port);
    let closed = guarded(&[]);
    let error = closed.client().get(&by_name).send().await.unwrap_err();
    assert!(matches!(Error::behind(&error), Some(Error::Address { range: "loopback", .. })), "{error:?}");
    assert_eq!(canary.heard(), 0);

    let open = guarded(&["127.0.0.1/32"]);
    for url in [&by_name, &by_address, &format!("http://[::ffff:7f00:1]:{}/", canary.port)] {
        let answer = open.request(crate::Method::GET, url).unwrap().send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "ok", "{url}");
    }
    assert_eq!(canary.heard(), 3);
}

#[tokio::test]
async fn the_trusted_client_reaches_what_the_operator_configured() {
    let canary = Canary::listen("127.0.0.1").await;
    let trusted = Egress::new(Options::default()).unwrap().trusted();
    let answer = trusted.client().get(format!("http://localhost:{}/", canary.port)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(canary.heard(), 1);
}

#[tokio::test]
async fn a_name_without_an_address_says_so() {
    let egress = Egress::with_lookup(Options::default(), scripted(&[])).unwrap();
    let error = egress.guarded().client().get("http://nowhere.example/").send().await.unwrap_err();
    assert!(matches!(Error::behind(&error), Some(Error::Unresolved { host }) if host == "nowhere.example"));
}

#[tokio::test]
async fn an_answer_is_read_to_its_limit() {
    let server = wiremock::MockServer::start().await;
    let big = wiremock::ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 4096]);
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(big).mount(&server).await;
    let client = guarded(&["127.0.0.0/8"]);
    let get = async || client.client().get(server.uri()).send().await.unwrap();
    assert_eq!(crate::read_capped(get().await, 4096).await.unwrap().len(), 4096);
    assert!(matches!(crate::read_capped(get().await, 4095).await, Err(Error::TooLarge { max_bytes: 4095 })));
}

#[test]
fn the_edges_of_every_range_are_where_iana_puts_them() {
    let inside = [
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.0",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.0.2.7",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.255",
        "224.0.0.0",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:1ff:ffff::",
        "2001:db8::1",
        "2002::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    ];
    let outside = [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2003::1",
        "2606:4700::1111",
        "3ffe::1",
        "3fff:1000::1",
        "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8",
    ];
    for address in inside {
        assert!(!is_global(address.parse().unwrap()), "{address} is special");
    }
    for address in outside {
        assert!(
            is_global(address.parse().unwrap()),
            "{address} is {:?}",
            special_range(address.parse().unwrap())
        );
    }
}

/// What the standard library calls private, local or reserved: nothing of it may pass.
fn is_special_to_std(address: IpAddr) -> bool {
    let v4 = |v4: Ipv4Addr| {
        v4.is_private()
            || v4.is_loopback()
            || v4.is_link_local()
            || v4.is_broadcast()
            || v4.is_documentation()
            || v4.is_multicast()
            || v4.is_unspecified()
    };
    match address.to_canonical() {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

/// Addresses that crowd around the interesting places.
fn address() -> impl Strategy<Value = IpAddr> {
    let special = prop::sample::select(vec![
        0x7f00_0000_u32,
        0x0a00_0000,
        0xac10_0000,
        0xc0a8_0000,
        0xa9fe_0000,
        0x6440_0000,
        0xe000_0000,
        0,
    ]);
    let v4 = prop_oneof![any::<u32>(), (special, any::<u16>()).prop_map(|(net, low)| net | u32::from(low))];
    let v4 = v4.prop_map(Ipv4Addr::from);
    let v6 = prop_oneof![
        any::<u128>().prop_map(Ipv6Addr::from),
        v4.clone().prop_map(|v4| v4.to_ipv6_mapped()),
        v4.clone().prop_map(|v4| Ipv6Addr::from((0x0064_ff9b_u128 << 96) | u128::from(u32::from(v4)))),
        any::<u8>().prop_map(|low| Ipv6Addr::from(u128::from(low))),
        (any::<u8>(), any::<u64>()).prop_map(|(low, rest)| Ipv6Addr::from(
            (0xfc00_u128 + u128::from(low)) << 112 | u128::from(rest)
        )),
    ];
    prop_oneof![v4.prop_map(IpAddr::V4), v6.prop_map(IpAddr::V6)]
}

/// The ways to write an address into a URL.
fn notation(address: IpAddr, form: u8) -> String {
    match address {
        IpAddr::V4(v4) => {
            let bits = u32::from(v4);
            let [a, b, c, d] = v4.octets();
            match form % 7 {
                0 => v4.to_string(),
                1 => bits.to_string(),
                2 => format!("0x{bits:x}"),
                3 => format!("0{bits:o}"),
                4 => format!("0x{a:x}.0{b:o}.{c}.{d}"),
                5 => format!("{a}.{}", bits & 0xff_ffff),
                _ => format!("[::ffff:{:x}:{:x}]", bits >> 16, bits & 0xffff),
            }
        }
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn no_special_address_passes_in_any_notation(address in address(), form: u8, tail in "(/[a-z@:#?]{0,8})?") {
        let guard = Guard::new(vec![]);
        let url = format!("http://{}{tail}", notation(address, form));
        let parsed = guard.parse(&url);
        if is_special_to_std(address) {
            prop_assert!(parsed.is_err(), "{}", url);
        }
        match parsed {
            // The checked address is the one that the client would dial.
            Ok(parsed) => {
                let dialled = crate::guard::literal(parsed.host_str().unwrap()).unwrap();
                prop_assert!(is_global(dialled));
                prop_assert_eq!(dialled.to_canonical(), address.to_canonical());
                prop_assert!(resolver::detour(&guard, &parsed).is_none());
            }
            Err(_) => {
                let parsed = reqwest::Url::parse(&url).unwrap();
                prop_assert!(resolver::detour(&guard, &parsed).is_some());
            }
        }
    }
}

#[test]
fn the_client_dials_no_special_address_whatever_the_url_or_the_name_says() {
    // One client for all cases: building one reads the machine's certificates.
    let answer = Arc::new(Mutex::new(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    let named = Arc::clone(&answer);
    let lookup: resolver::Lookup = Arc::new(move |_| {
        let address = SocketAddr::new(*named.lock().unwrap(), 0);
        Box::pin(async move { Ok(vec![address]) })
    });
    let client = Egress::with_lookup(Options::default(), lookup).unwrap().guarded();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 2_000, ..ProptestConfig::default() });
    let special = address().prop_filter("special", |address| !is_global(*address));
    runner
        .run(&(special, any::<u8>(), any::<bool>(), any::<bool>()), |(address, form, secure, by_name)| {
            *answer.lock().unwrap() = address;
            let scheme = if secure { "https" } else { "http" };
            let host = if by_name { "name.example".to_owned() } else { notation(address, form) };
            let url = format!("{scheme}://{host}/");
            let error = runtime.block_on(async { client.client().get(&url).send().await }).unwrap_err();
            prop_assert!(
                matches!(Error::behind(&error), Some(Error::Address { .. })),
                "{}: {:?}",
                url,
                error
            );
            Ok(())
        })
        .unwrap();
}
