//! The cipher of encrypted media files: AES in CBC mode with PKCS #7 padding (FILE-11, FILE-12).

use std::fmt;

use aes::cipher::array::Array;
use aes::cipher::consts::U16;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use thiserror::Error;
use zeroize::Zeroizing;

/// Key and initialisation vector of AES in CBC mode (FILE-11). They are kept in memory as long as they are needed and
/// overwritten then, and shown by neither `Debug` nor an error.
///
/// ```
/// use offhook::Cipher;
///
/// let cipher = Cipher::aes_cbc("000102030405060708090a0b0c0d0e0f", "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")?;
/// assert_eq!(format!("{cipher:?}"), "Cipher(aescbc, 128 bits)");
/// # Ok::<(), offhook::CipherError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Cipher {
    /// 16, 24 or 32 bytes.
    key: Zeroizing<Vec<u8>>,
    vector: Zeroizing<[u8; BLOCK_BYTES]>,
}

impl Cipher {
    /// A key of 32, 48 or 64 hexadecimal digits (128, 192 or 256 bits) and a vector of 32 (FILE-12).
    ///
    /// # Errors
    ///
    /// [`CipherError`]: one of them is anything else.
    pub fn aes_cbc(key: &str, vector: &str) -> Result<Self, CipherError> {
        let key = hexadecimal(key).filter(|key| [16, 24, 32].contains(&key.len()));
        let key = key.ok_or(CipherError::Key)?;
        let bytes = hexadecimal(vector).ok_or(CipherError::Vector)?;
        let mut vector = Zeroizing::new([0; BLOCK_BYTES]);
        if bytes.len() != BLOCK_BYTES {
            return Err(CipherError::Vector);
        }
        vector.copy_from_slice(&bytes);
        Ok(Self { key, vector })
    }

    /// Decrypts a whole file in place and cuts its padding off; `false` if it was not encrypted like this.
    pub(crate) fn decrypt(&self, file: &mut Vec<u8>) -> bool {
        if file.is_empty() || !file.len().is_multiple_of(BLOCK_BYTES) {
            return false;
        }
        self.decryption().apply(file);
        let Some(padding) = file.last().copied().map(usize::from) else { return false };
        let Some(length) = file.len().checked_sub(padding) else { return false };
        if !(1..=BLOCK_BYTES).contains(&padding)
            || file[length..].iter().any(|byte| usize::from(*byte) != padding)
        {
            return false;
        }
        file.truncate(length);
        true
    }

    /// Encrypts from the beginning of a file on.
    pub(crate) fn encryption(&self) -> Blocks {
        match self.key.len() {
            16 => self.encrypting::<cbc::Encryptor<Aes128>>(),
            24 => self.encrypting::<cbc::Encryptor<Aes192>>(),
            _ => self.encrypting::<cbc::Encryptor<Aes256>>(),
        }
    }

    /// Decrypts from the beginning of a file on.
    pub(crate) fn decryption(&self) -> Blocks {
        match self.key.len() {
            16 => self.decrypting::<cbc::Decryptor<Aes128>>(),
            24 => self.decrypting::<cbc::Decryptor<Aes192>>(),
            _ => self.decrypting::<cbc::Decryptor<Aes256>>(),
        }
    }

    fn encrypting<M: BlockModeEncrypt<BlockSize = U16> + KeyIvInit + Send + 'static>(&self) -> Blocks {
        let mut mode = self.mode::<M>();
        Blocks(Box::new(move |blocks| mode.encrypt_blocks(blocks)))
    }

    fn decrypting<M: BlockModeDecrypt<BlockSize = U16> + KeyIvInit + Send + 'static>(&self) -> Blocks {
        let mut mode = self.mode::<M>();
        Blocks(Box::new(move |blocks| mode.decrypt_blocks(blocks)))
    }

    fn mode<M: KeyIvInit>(&self) -> M {
        // Both lengths were checked when the cipher was made, and the mode was chosen by the key's.
        M::new_from_slices(&self.key, self.vector.as_slice()).expect("a key of the mode's length")
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cipher(aescbc, {} bits)", self.key.len() * 8)
    }
}

/// A running encryption or decryption.
pub(crate) struct Blocks(Box<Transform>);

impl Blocks {
    /// Replaces the next blocks; what is less than a block at the end stays as it is.
    pub(crate) fn apply(&mut self, bytes: &mut [u8]) {
        let (blocks, _) = Block::slice_as_chunks_mut(bytes);
        (self.0)(blocks);
    }
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blocks")
    }
}

/// Appends what makes the length a multiple of a block, one byte at least (RFC 5652 section 6.3).
pub(crate) fn pad(bytes: &mut Vec<u8>) {
    let padding = BLOCK_BYTES - bytes.len() % BLOCK_BYTES;
    // At most the length of a block.
    bytes.resize(bytes.len() + padding, padding as u8);
}

/// Why there is no such cipher. What was given is not shown: it may be most of a key (FILE-11).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CipherError {
    /// The key is no key.
    #[error("the key is not accepted; accepted: 32, 48 or 64 hexadecimal digits")]
    Key,
    /// The vector is no vector.
    #[error("the vector is not accepted; accepted: 32 hexadecimal digits")]
    Vector,
}

/// The bytes that the digits write; `None` if there are others.
fn hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

type Block = Array<u8, U16>;

/// Replaces blocks; what it does to the next ones depends on them.
type Transform = dyn FnMut(&mut [Block]) + Send;

/// The length of a block of AES.
pub(crate) const BLOCK_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const VECTOR: &str = "000102030405060708090a0b0c0d0e0f";
    const PLAIN: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";

    /// FILE-11: NIST SP 800-38A sections F.2.1, F.2.3 and F.2.5, the first two blocks.
    #[test]
    fn the_published_examples_come_out() {
        for (key, encrypted) in [
            (
                "2b7e151628aed2a6abf7158809cf4f3c",
                "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
            ),
            (
                "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a",
            ),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d",
            ),
        ] {
            let cipher = Cipher::aes_cbc(key, VECTOR).unwrap();
            let mut bytes = hexadecimal(PLAIN).unwrap().to_vec();
            cipher.encryption().apply(&mut bytes);
            assert_eq!(bytes, *hexadecimal(encrypted).unwrap(), "{key}");
            cipher.decryption().apply(&mut bytes);
            assert_eq!(bytes, *hexadecimal(PLAIN).unwrap(), "{key}");
        }
    }

    /// FILE-12: keys of three lengths and a vector of one, in either letter case; no error shows what was given.
    #[test]
    fn keys_and_vectors_are_checked() {
        for digits in [32, 48, 64] {
            assert!(Cipher::aes_cbc(&"aB".repeat(digits / 2), VECTOR).is_ok(), "{digits}");
        }
        for key in ["", "ab", &"a".repeat(33), &"g".repeat(32), &"ä".repeat(16)] {
            assert_eq!(Cipher::aes_cbc(key, VECTOR), Err(CipherError::Key), "{key}");
        }
        for vector in ["", "00", &"0".repeat(48), &"x".repeat(32)] {
            assert_eq!(Cipher::aes_cbc(VECTOR, vector), Err(CipherError::Vector), "{vector}");
        }
        let shown = format!("{:?}", Cipher::aes_cbc(&"ab".repeat(32), VECTOR));
        assert_eq!(shown, "Ok(Cipher(aescbc, 256 bits))");
    }

    /// FILE-12: whatever the length, the padding is taken off again, and what has none is no such file.
    #[test]
    fn a_file_is_padded_and_cut() {
        let cipher = Cipher::aes_cbc(VECTOR, VECTOR).unwrap();
        for length in [0, 1, 15, 16, 17, 4096] {
            let plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut file = plain.clone();
            pad(&mut file);
            cipher.encryption().apply(&mut file);
            assert!(cipher.decrypt(&mut file), "{length}");
            assert_eq!(file, plain);
        }
        let mut unpadded = vec![0; 32];
        cipher.encryption().apply(&mut unpadded);
        assert!(!cipher.decrypt(&mut unpadded));
        assert!(!cipher.decrypt(&mut vec![1; 31]) && !cipher.decrypt(&mut Vec::new()));
    }
}
