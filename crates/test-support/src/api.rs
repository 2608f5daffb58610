//! A client of the API as a test writes it: one line per call, signed in or not.

use reqwest::{
    Method, Response,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Value, json};

use crate::{Answer, Events, PATIENCE};

/// Calls one server, with the same headers each time.
#[derive(Clone, Debug)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    headers: HeaderMap,
}

impl Api {
    /// A client of the server at `base` (`http://127.0.0.1:8420`) that is not signed in.
    ///
    /// # Panics
    /// When no client can be made.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a test speaks to its own server on loopback")]
    pub fn new(base: impl Into<String>) -> Self {
        let client =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let client = client.unwrap_or_else(|error| panic!("an HTTP client: {error}"));
        Self { client, base: base.into(), headers: HeaderMap::new() }
    }

    /// The same client with one more header on every request.
    ///
    /// # Panics
    /// When name or value are not allowed in a header.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => with.headers.insert(name, value),
            _ => panic!("{name}: {value} is no header"),
        };
        with
    }

    /// The same server, called with this access token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// The same server, not signed in.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { headers: HeaderMap::new(), ..self.clone() }
    }

    /// Signs in by email and password.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn sign_in(&self, email: &str, password: &str) -> Self {
        let body = json!({ "email": email, "password": password });
        let session = self.anonymous().post("/api/auth/login", body).await.ok();
        self.signed_in(&session)
    }

    /// The client of a session that the server just answered.
    ///
    /// # Panics
    /// When the session has no access token.
    #[must_use]
    pub fn signed_in(&self, session: &Value) -> Self {
        match session["access_token"].as_str() {
            Some(token) => self.anonymous().with_token(token),
            None => panic!("no access_token in {session}"),
        }
    }

    /// Where it calls.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// `POST` to a server that may die meanwhile: `None` when no whole answer came.
    pub async fn post_anyway(&self, path: &str, body: Value) -> Option<Answer> {
        let request = self.request(Method::POST, path).json(&body).timeout(PATIENCE);
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        Some(Answer { request: format!("POST {path}"), status, headers, text })
    }

    /// Uploads one file as the multipart field `file`.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn upload(
        &self,
        path: &str,
        name: &str,
        mime_type: &str,
        content: impl Into<Vec<u8>>,
    ) -> Answer {
        let part =
            reqwest::multipart::Part::bytes(content.into()).file_name(name.to_owned()).mime_str(mime_type);
        let part = part.unwrap_or_else(|error| panic!("{mime_type}: {error}"));
        let form = reqwest::multipart::Form::new().part("file", part);
        let request = self.request(Method::POST, path).multipart(form);
        self.answer(Method::POST, path, request).await
    }

    /// Any request whose body is sent byte by byte as given, for input that is wrong on purpose.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let request =
            self.request(method.clone(), path).header("content-type", content_type).body(body.into());
        self.answer(method, path, request).await
    }

    /// The events of a run that follow the event number `after`, as they happen.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn events(&self, run_id: &str, after: i64) -> Events {
        self.stream(&format!("/api/runs/{run_id}/events?after={after}")).await
    }

    /// Any event stream.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn stream(&self, path: &str) -> Events {
        let request = self.request(Method::GET, path).header("accept", "text/event-stream");
        let response = self.response(&Method::GET, path, request).await;
        if response.status() != 200 {
            let answer = read(Method::GET, path, response).await;
            panic!("{answer}");
        }
        Events::of(response)
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method.clone(), path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.answer(method, path, request).await
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.url(path)).headers(self.headers.clone())
    }

    async fn answer(&self, method: Method, path: &str, request: reqwest::RequestBuilder) -> Answer {
        let response = self.response(&method, path, request.timeout(PATIENCE)).await;
        read(method, path, response).await
    }

    async fn response(&self, method: &Method, path: &str, request: reqwest::RequestBuilder) -> Response {
        request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }
}

async fn read(method: Method, path: &str, response: Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"));
    Answer { request: format!("{method} {path}"), status, headers, text }
}
