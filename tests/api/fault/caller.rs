//! A careful client: it repeats what got no answer, with the same key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;

/// How long one thing may take, all repetitions included.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long to wait before a repetition.
const PAUSE: Duration = Duration::from_millis(50);

/// How long to wait before asking again whether a request has ended.
const STILL_RUNNING: Duration = Duration::from_millis(500);

/// Who calls the server, wherever it listens now.
#[derive(Clone)]
pub(super) struct Caller {
    http: reqwest::Client,
    address: watch::Receiver<String>,
    requests: watch::Sender<usize>,
    seen: Arc<Seen>,
    token: Option<String>,
}

/// How repetitions ended.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Requests without an answer.
    unanswered: AtomicUsize,
    /// The earlier answer was given again.
    replayed: AtomicUsize,
    /// It had been done, but its answer was lost.
    already_done: AtomicUsize,
    /// It had been cut off, and nobody knew at which moment.
    in_progress: AtomicUsize,
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) etag: Option<String>,
    pub(super) replayed: bool,
    pub(super) body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Caller {
    pub(super) fn new(address: watch::Receiver<String>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20));
        Self {
            http: http.build().expect("an HTTP client"),
            address,
            requests: watch::channel(0).0,
            seen: Arc::default(),
            token: None,
        }
    }

    /// The same caller, signed in or not.
    pub(super) fn with_token(&self, token: Option<String>) -> Self {
        Self { token, ..self.clone() }
    }

    /// Tells how many requests have been begun.
    pub(super) fn requests(&self) -> watch::Receiver<usize> {
        self.requests.subscribe()
    }

    /// How repetitions ended.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// One attempt; `None` when no answer came.
    pub(super) async fn attempt(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Option<Answer> {
        let url = format!("{}{path}", self.address.borrow().clone());
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        self.requests.send_modify(|count| *count += 1);
        let answer = read(request).await;
        if answer.is_none() {
            count(&self.seen.unanswered);
        }
        answer
    }

    /// Reads until it is answered.
    pub(super) async fn read(&self, path: &str) -> Answer {
        let began = Instant::now();
        loop {
            match self.attempt(Method::GET, path, None, &[]).await {
                Some(answer) if answer.status == 200 => return answer,
                Some(answer) if answer.status != 503 => {
                    panic!("GET {path}: {} {}", answer.status, answer.body)
                }
                _ => wait(began, PAUSE, path).await,
            }
        }
    }

    /// Has something done once, however often the connection breaks. `look` reads what it would
    /// have made; `None` as long as it is not there.
    ///
    /// Returns what was made, and whether an answer said so.
    pub(super) async fn once(
        &self,
        path: &str,
        key: &str,
        body: &Value,
        look: impl AsyncFn() -> Option<Value>,
    ) -> (Value, bool) {
        let began = Instant::now();
        loop {
            let answer =
                self.attempt(Method::POST, path, Some(body), &[("Idempotency-Key", key)]).await;
            match answer {
                Some(answer) if matches!(answer.status, 200..=299) => {
                    if answer.replayed {
                        count(&self.seen.replayed);
                    }
                    return (answer.body, true);
                }
                // Done, but the answer was lost with the process.
                Some(answer) if answer.code() == "already_done" => {
                    count(&self.seen.already_done);
                    let made = look().await;
                    return (made.unwrap_or_else(|| panic!("POST {path}: done and absent")), false);
                }
                // Cut off at a moment that nobody knows: in a while it is known, or done anew.
                Some(answer) if answer.code() == "request_in_progress" => {
                    count(&self.seen.in_progress);
                    wait(began, STILL_RUNNING, path).await;
                }
                Some(answer) if answer.status != 503 => {
                    panic!("POST {path}: {} {}", answer.status, answer.body)
                }
                _ => wait(began, PAUSE, path).await,
            }
        }
    }

    /// Repeats what has been answered: it must be answered in the same words, and change nothing.
    pub(super) async fn repeat(&self, path: &str, key: &str, body: &Value, said: &Value) {
        let began = Instant::now();
        loop {
            let answer =
                self.attempt(Method::POST, path, Some(body), &[("Idempotency-Key", key)]).await;
            match answer {
                Some(answer) if answer.status < 300 => {
                    assert!(answer.replayed, "POST {path} was carried out again");
                    assert_eq!(&answer.body, said, "POST {path}");
                    count(&self.seen.replayed);
                    return;
                }
                Some(answer) if answer.status != 503 => {
                    panic!("POST {path}, again: {} {}", answer.status, answer.body)
                }
                _ => wait(began, PAUSE, path).await,
            }
        }
    }
}

/// Sends a request and reads its answer; one that breaks off is none.
async fn read(request: reqwest::RequestBuilder) -> Option<Answer> {
    let response = request.send().await.ok()?;
    let header = |name| response.headers().get(name)?.to_str().ok().map(ToOwned::to_owned);
    let (etag, replayed) = (header("etag"), header("idempotency-replayed").is_some());
    let status = response.status().as_u16();
    let bytes = response.bytes().await.ok()?;
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Some(Answer { status, etag, replayed, body })
}

/// Waits a little, unless it has been long enough.
pub(super) async fn wait(began: Instant, pause: Duration, what: &str) {
    assert!(began.elapsed() < PATIENCE, "{what} takes too long");
    tokio::time::sleep(pause).await;
}
