//! A master key inside AWS KMS, or inside anything that speaks its wire: JSON 1.1 over HTTPS, signed with SigV4.
//!
//! Two operations, `Encrypt` and `Decrypt`, on 32 bytes. The tenant and the name of its key go along as the encryption
//! context, so the service itself refuses a wrapped key in another tenant's place, and its log says whose key was used.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use conductor_domain::Clock;
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{Error, KeyEncryption, KeyPlace};

const MEDIA_TYPE: &str = "application/x-amz-json-1.1";
/// How often a call is made before it is given up, where trying again may help.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A call that takes longer is hung.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the key is and who may use it.
#[derive(Clone, Debug)]
pub struct AwsKmsOptions {
    /// The key's id, ARN or alias.
    pub key_id: String,
    /// The region that signatures name.
    pub region: String,
    /// The service's address; that of the region where `None`.
    pub endpoint: Option<String>,
    /// The access key's id.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: SecretString,
    /// The token that belongs to temporary keys.
    pub session_token: Option<SecretString>,
}

/// A key in AWS KMS.
#[derive(Debug)]
pub struct AwsKms {
    client: Client,
    clock: Arc<dyn Clock>,
    endpoint: Url,
    options: AwsKmsOptions,
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    key_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ciphertext_blob: Option<&'a str>,
    encryption_context: Context,
}

#[derive(Serialize)]
struct Context {
    #[serde(rename = "conductor:organization")]
    organization: String,
    #[serde(rename = "conductor:tenant-key")]
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Encrypted {
    ciphertext_blob: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypted {
    plaintext: String,
}

/// What the service says when it refuses.
#[derive(Default, Deserialize)]
struct Fault {
    #[serde(rename = "__type", default)]
    kind: String,
}

impl AwsKms {
    /// A key reached by this client, which must be one that an operator's addresses may be given to.
    ///
    /// # Errors
    /// `Kms` when the address is none.
    pub fn new(client: Client, clock: Arc<dyn Clock>, options: AwsKmsOptions) -> Result<Self, Error> {
        let address = match &options.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://kms.{}.amazonaws.com", options.region),
        };
        let endpoint =
            Url::parse(&address).map_err(|error| refused(format!("has no valid address: {error}")))?;
        let named = format!("conductor aws kms key 1\n{}\n{}", options.region, options.key_id);
        let id = conductor_domain::sha256_hex(named.as_bytes()).chars().take(16).collect();
        Ok(Self { client, clock, endpoint, options, id })
    }

    /// Makes a call, again where the service is busy or does not answer.
    async fn call(&self, operation: &str, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            match self.attempt(operation, body).await {
                Ok(answer) => return Ok(answer),
                Err((error, true)) if attempt < ATTEMPTS => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        operation,
                        attempt,
                        "the key service is asked again"
                    );
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err((error, _)) => return Err(error),
            }
        }
        Err(refused("was never asked"))
    }

    /// Makes a call once; on failure whether another attempt may help.
    async fn attempt(&self, operation: &str, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, (Error, bool)> {
        let target = format!("TrentService.{operation}");
        let headers = [("content-type", MEDIA_TYPE), ("x-amz-target", target.as_str())];
        let signed = self.signed(&headers, body).map_err(|error| (error, false))?;
        let mut request = self.client.post(self.endpoint.clone()).timeout(PATIENCE).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        for (name, value) in signed {
            request = request.header(name, value);
        }
        let lost = |error: reqwest::Error| {
            let source: Box<dyn std::error::Error + Send + Sync> = Box::new(error.without_url());
            (Error::Kms { why: "does not answer".to_owned(), source: Some(source) }, true)
        };
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let bytes = Zeroizing::new(answer.bytes().await.map_err(lost)?.to_vec());
        if status.is_success() {
            return Ok(bytes);
        }
        let fault: Fault = serde_json::from_slice(&bytes).unwrap_or_default();
        // A vendor's prefix stands before the name: `com.amazonaws.kms#NotFoundException`.
        let kind = fault.kind.rsplit(['#', ':']).next().unwrap_or_default().to_owned();
        let busy = status.is_server_error()
            || status == StatusCode::TOO_MANY_REQUESTS
            || kind.starts_with("Throttling")
            || ["LimitExceededException", "DependencyTimeoutException"].contains(&kind.as_str());
        if ["InvalidCiphertextException", "IncorrectKeyException"].contains(&kind.as_str()) {
            return Err((Error::Tampered, false));
        }
        let kind = if kind.is_empty() { "no reason given" } else { kind.as_str() };
        Err((refused(format!("refuses {operation} with {} ({kind})", status.as_u16())), busy))
    }

    /// The headers that prove who asks.
    fn signed(&self, headers: &[(&str, &str)], body: &[u8]) -> Result<Vec<(String, String)>, Error> {
        let options = &self.options;
        let identity = Credentials::new(
            options.access_key_id.clone(),
            options.secret_access_key.expose_secret(),
            options.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
            None,
            "conductor",
        )
        .into();
        let unsigned = |error: &dyn std::fmt::Display| refused(format!("cannot be asked: {error}"));
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&options.region)
            .name("kms")
            .time(SystemTime::from(self.clock.now()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let request = SignableRequest::new(
            "POST",
            self.endpoint.as_str(),
            headers.iter().copied(),
            SignableBody::Bytes(body),
        )
        .map_err(|error| unsigned(&error))?;
        let (instructions, _) = sign(request, &parameters).map_err(|error| unsigned(&error))?.into_parts();
        let headers = instructions.headers();
        Ok(headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn body(&self, place: &KeyPlace, plaintext: Option<&str>, wrapped: Option<&str>) -> Zeroizing<Vec<u8>> {
        let request = Request {
            key_id: &self.options.key_id,
            plaintext,
            ciphertext_blob: wrapped,
            encryption_context: Context {
                organization: place.organization_id.to_string(),
                key: place.key_name(),
            },
        };
        Zeroizing::new(serde_json::to_vec(&request).unwrap_or_default())
    }
}

#[async_trait]
impl KeyEncryption for AwsKms {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn kind(&self) -> &'static str {
        "aws_kms"
    }

    async fn wrap(&self, place: &KeyPlace, key: &[u8; 32]) -> Result<Vec<u8>, Error> {
        let plaintext = Zeroizing::new(BASE64_STANDARD.encode(key));
        let answer = self.call("Encrypt", &self.body(place, Some(&plaintext), None)).await?;
        let encrypted: Encrypted = serde_json::from_slice(&answer).map_err(|_| garbled())?;
        BASE64_STANDARD.decode(encrypted.ciphertext_blob).map_err(|_| garbled())
    }

    async fn unwrap(&self, place: &KeyPlace, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        let wrapped = BASE64_STANDARD.encode(wrapped);
        let answer = self.call("Decrypt", &self.body(place, None, Some(&wrapped))).await?;
        let mut decrypted: Decrypted = serde_json::from_slice(&answer).map_err(|_| garbled())?;
        let bytes = BASE64_STANDARD.decode(&decrypted.plaintext).map(Zeroizing::new);
        decrypted.plaintext.zeroize();
        let bytes = bytes.map_err(|_| garbled())?;
        <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| garbled())
    }
}

fn refused(why: impl Into<String>) -> Error {
    Error::Kms { why: why.into(), source: None }
}

fn garbled() -> Error {
    refused("answers something that is no key")
}
