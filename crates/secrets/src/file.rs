//! Secret files: created whole or not at all, readable by their owner alone.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rand::{TryRngCore, rngs::OsRng};
use secrecy::SecretSlice;
use zeroize::Zeroizing;

use crate::{Error, check_bytes};

/// A secret file is one line of base64; anything larger is a mistake.
const LARGEST: u64 = 16 * 1024;

/// Reads the secret that a file holds as one line of base64.
///
/// # Errors
/// `File`, `Exposed` when group or others may read it, `NotBase64`, or `Weak`.
pub fn load(path: &Path) -> Result<SecretSlice<u8>, Error> {
    let failed = |source| Error::File { path: path.to_owned(), attempted: "read", source };
    let file = File::open(path).map_err(failed)?;
    // Asked of the open file, so that nobody swaps it between the question and the reading.
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Error::Exposed { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    let secret = decode(&text).ok_or_else(|| Error::NotBase64 { what: path.display().to_string() })?;
    check_bytes(&secret)?;
    Ok(secret.to_vec().into())
}

/// Reads the secret that a file holds, or draws one of `len` bytes (at least 32) and creates the file, mode 0600.
/// Of several processes that start at once, one creates it and all read the same.
///
/// # Errors
/// As `load`, and `Random`.
pub fn load_or_create(path: &Path, len: usize) -> Result<SecretSlice<u8>, Error> {
    match load(path) {
        Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            match create(path, len.max(32)) {
                Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
                created => created?,
            }
            load(path)
        }
        loaded => loaded,
    }
}

/// Creates a secret file; never replaces one.
pub(crate) fn create(path: &Path, len: usize) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), attempted: "created", source };
    let mut secret = Zeroizing::new(vec![0; len]);
    OsRng.try_fill_bytes(&mut secret).map_err(|source| Error::Random { source })?;
    let mut nonce = [0; 8];
    OsRng.try_fill_bytes(&mut nonce).map_err(|source| Error::Random { source })?;

    let mut line = Zeroizing::new(BASE64_STANDARD.encode(&*secret));
    line.push('\n');
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let draft = folder.join(format!(".secret-{:016x}", u64::from_le_bytes(nonce)));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(line.as_bytes())?;
        file.sync_all()?;
        // A link fails where the name exists, so the name never shows half a file and never loses one.
        std::fs::hard_link(&draft, path)
    })();
    let removed = std::fs::remove_file(&draft);
    written.map_err(failed)?;
    removed.map_err(failed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// The bytes of one line of base64, with or without padding and a line end.
pub(crate) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    use base64::{
        alphabet,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    };
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text = text.trim();
    [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|letters| GeneralPurpose::new(letters, lenient).decode(text).ok())
        .map(Zeroizing::new)
}
