//! The key itself, and the file it lies in.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use actionlayer_domain::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::private_file::{for_its_owner_alone, is_open_to_others};

/// The name of the file: 32 bytes, and nothing else.
const FILE: &str = "kms.key";
const KEY_LEN: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error("{file} cannot be used")]
    File {
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not 32 bytes long.
    #[error("{file} is no key: it must be 32 bytes long")]
    Length { file: PathBuf },
    /// Others than its owner may read it.
    #[error("{file} can be read by others than its owner: chmod 600 {file}")]
    Open { file: PathBuf },
    /// There is nothing to make one from.
    #[error("there are no random bytes")]
    NoEntropy,
}

/// The key that data keys are sealed with.
#[derive(Debug)]
pub(super) struct MasterKey(Secret<[u8; KEY_LEN]>);

impl MasterKey {
    /// Reads it, or makes it.
    pub(super) fn open(folder: &Path) -> Result<Self, KeyFileError> {
        let path = folder.join(FILE);
        let unusable = |source| KeyFileError::File { file: path.clone(), source };
        match File::open(&path) {
            Ok(file) => Self::read(file, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(folder, &path),
            Err(error) => Err(unusable(error)),
        }
    }

    fn read(mut file: File, path: &Path) -> Result<Self, KeyFileError> {
        let unusable = |source| KeyFileError::File { file: path.to_owned(), source };
        if is_open_to_others(&file).map_err(unusable)? {
            return Err(KeyFileError::Open { file: path.to_owned() });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unusable)?;
        let key = bytes.try_into().map_err(|_| KeyFileError::Length { file: path.to_owned() })?;
        Ok(Self(Secret::new(key)))
    }

    /// Written beside its place, synced and renamed: a key that is half there is never used.
    fn make(folder: &Path, path: &Path) -> Result<Self, KeyFileError> {
        let unusable = |source| KeyFileError::File { file: path.to_owned(), source };
        let mut key = [0; KEY_LEN];
        getrandom::fill(&mut key).map_err(|_| KeyFileError::NoEntropy)?;
        let beside = path.with_extension("key.new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        for_its_owner_alone(&mut options);
        let mut file = options.open(&beside).map_err(unusable)?;
        file.write_all(&key).and_then(|()| file.sync_all()).map_err(unusable)?;
        std::fs::rename(&beside, path).map_err(unusable)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable)?;
        Ok(Self(Secret::new(key)))
    }

    /// The nonce and the sealed bytes. `None` when there are no random bytes.
    pub(super) fn seal(&self, associated: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = plain.to_vec();
        let nonce = self.cipher()?.seal_in_place_append_tag(Aad::from(associated), &mut bytes).ok()?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut bytes);
        Some(sealed)
    }

    /// `None` when it was not sealed with this key and that.
    pub(super) fn open_sealed(&self, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = bytes.to_vec();
        let plain = self.cipher()?.open_in_place(nonce, Aad::from(associated), &mut bytes).ok()?;
        Some(plain.to_vec())
    }

    fn cipher(&self) -> Option<RandomizedNonceKey> {
        RandomizedNonceKey::new(&AES_256_GCM, self.0.expose()).ok()
    }
}
