//! Reads answers no further than a limit, counted after decompression.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use crate::Error;

/// The body of an answer, at most `max_bytes` of it: a longer one is an error, not a cut.
///
/// # Errors
/// `TooLarge`, or `Broken` when the answer stops before its end.
pub async fn read_capped(mut response: Response, max_bytes: usize) -> Result<Bytes, Error> {
    let announced = response.content_length().unwrap_or_default();
    if announced > max_bytes as u64 {
        return Err(Error::TooLarge { max_bytes });
    }
    let mut body = BytesMut::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|source| Error::Broken { source: Arc::new(source) })?
    {
        if body.len() + chunk.len() > max_bytes {
            return Err(Error::TooLarge { max_bytes });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
