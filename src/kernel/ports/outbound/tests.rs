//! What may be called, and what happens when it does not answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::ports::clock::MovableClock;

const SECOND: Duration = Duration::from_secs(5);

fn outbound(clock: &MovableClock) -> Outbound {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Outbound::new(Arc::new(clock.clone()), false)
}

fn get(url: &str) -> http::Request<Vec<u8>> {
    http::Request::get(url).body(Vec::new()).unwrap()
}

/// A server that answers each request with the next of these.
async fn answers(lines: Vec<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "a server beside the test")]
    tokio::spawn(async move {
        for line in lines {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let _ = stream.read(&mut head).await;
            let answer =
                format!("HTTP/1.1 {line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[test]
fn only_the_public_internet_is_public() {
    for private in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "192.0.0.8",
        "198.18.0.1",
        "203.0.113.5",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "64:ff9b::a00:1",
        "2001:db8::1",
        "2001::1",
        "2002:7f00:1::",
        "3fff::1",
    ] {
        assert!(!is_public(private.parse::<IpAddr>().unwrap()), "{private}");
    }
    for public in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111"] {
        assert!(is_public(public.parse::<IpAddr>().unwrap()), "{public}");
    }
}

#[test]
fn what_an_agency_names_is_https_on_the_public_internet() {
    for good in ["https://login.example.com", "https://8.8.8.8/", "https://id.example.com:8443/x"] {
        assert!(check_public(good).is_ok(), "{good}");
    }
    for bad in [
        "http://login.example.com",
        "https://localhost",
        "https://LOCALHOST./",
        "https://db",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://x.internal/",
        "https://a.localhost/",
        "https://me:secret@example.com/",
        "https://example.com/#x",
        "ftp://example.com/",
        "x",
        "",
        "https://169.254.169.254/latest/meta-data",
        "https://example.com@127.0.0.1/",
    ] {
        assert!(check_public(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_name_that_leads_into_the_own_network_is_not_called() {
    // Resolved by every system without a name server; no dot would be refused before.
    let url = answers(vec!["200 OK"]).await.replace("127.0.0.1", "localhost");
    let resolved = PublicOnlyProbe::resolve("localhost").await;

    assert!(resolved.is_err());
    let refused = outbound(&MovableClock::default()).send(Reach::Public, SECOND, get(&url)).await;
    assert!(matches!(refused, Err(OutboundError::Forbidden(_))), "{refused:?}");
}

/// The resolver of the guarded client, asked directly.
struct PublicOnlyProbe;

impl PublicOnlyProbe {
    async fn resolve(name: &str) -> Result<(), String> {
        use reqwest::dns::Resolve;

        let found = public::PublicOnly.resolve(name.parse().unwrap()).await;
        found.map(|_| ()).map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn a_read_is_repeated_once_and_a_change_never() {
    let clock = MovableClock::default();
    let url = answers(vec!["503 No", "200 OK", "503 No", "200 OK"]).await;
    let outbound = outbound(&clock);

    let read = outbound.send(Reach::Any, SECOND, get(&url)).await.unwrap();
    let change = http::Request::post(&url).body(Vec::new()).unwrap();
    let changed = outbound.send(Reach::Any, SECOND, change).await.unwrap();

    assert_eq!((read.status().as_u16(), changed.status().as_u16()), (200, 503));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let url = answers(vec!["302 Found\r\nLocation: http://127.0.0.1:1/", "200 OK"]).await;

    let answer = outbound(&MovableClock::default()).send(Reach::Any, SECOND, get(&url)).await;

    assert_eq!(answer.unwrap().status().as_u16(), 302);
}

#[tokio::test]
async fn a_host_that_fails_again_and_again_is_left_alone_for_a_while() {
    let clock = MovableClock::default();
    let url = answers(vec!["500 No", "500 No", "500 No", "500 No", "500 No", "200 OK"]).await;
    let outbound = outbound(&clock);
    let post = async || {
        let request = http::Request::post(&url).body(Vec::new()).unwrap();
        outbound.send(Reach::Any, SECOND, request).await
    };
    for _ in 0..5 {
        assert_eq!(post().await.unwrap().status().as_u16(), 500);
    }

    let suspended = post().await;
    clock.advance(TimeDelta::seconds(31));
    let trial = post().await;

    assert!(matches!(suspended, Err(OutboundError::Suspended)), "{suspended:?}");
    assert_eq!(trial.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());

    let outbound = outbound(&MovableClock::default());
    let outcome = outbound.send(Reach::Any, Duration::from_millis(50), get(&url)).await;

    assert!(matches!(outcome, Err(OutboundError::TimedOut)), "{outcome:?}");
}
