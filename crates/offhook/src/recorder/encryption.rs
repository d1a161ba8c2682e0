//! A recording that is encrypted (FILE-11).
//!
//! In CBC mode every block depends on all before it, and the header, which comes first, holds the length, which is known
//! last. So a recording is encrypted with the header of an empty file while it grows, and once more with the right one
//! when it is closed, which is when it becomes readable (REC-14). None of it is ever on the disk in the clear.

use std::fs::File;
use std::io;

use super::file::{read_at, write_at};
use crate::cipher::{self, BLOCK_BYTES, Blocks, Cipher};

/// The encryption of a recording that grows.
#[derive(Debug)]
pub(super) struct Encryption {
    cipher: Cipher,
    running: Blocks,
    /// What is less than a block, until more comes.
    rest: Vec<u8>,
    /// The header as it shall be; `None` while it is the one that was encrypted first.
    header: Option<Vec<u8>>,
}

impl Encryption {
    pub(super) fn new(cipher: Cipher) -> Self {
        Self { running: cipher.encryption(), cipher, rest: Vec::new(), header: None }
    }

    /// What is to be appended for these bytes: whole blocks.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut blocks = std::mem::take(&mut self.rest);
        blocks.extend_from_slice(bytes);
        self.rest = blocks.split_off(blocks.len() / BLOCK_BYTES * BLOCK_BYTES);
        self.running.apply(&mut blocks);
        blocks
    }

    /// The header that the closed file shall have.
    pub(super) fn set_header(&mut self, header: Vec<u8>) {
        self.header = Some(header);
    }

    /// Completes a file whose blocks end at `end`.
    pub(super) fn finish(mut self, file: &mut File, mut end: u64) -> io::Result<()> {
        let mut last = std::mem::take(&mut self.rest);
        cipher::pad(&mut last);
        self.running.apply(&mut last);
        write_at(file, end, &last)?;
        end += last.len() as u64;
        match self.header.take() {
            Some(header) => self.replace_header(file, end, &header),
            None => Ok(()),
        }
    }

    /// Encrypts the whole file anew, in place, with other first bytes.
    fn replace_header(&self, file: &mut File, end: u64, header: &[u8]) -> io::Result<()> {
        let (mut was, mut shall_be) = (self.cipher.decryption(), self.cipher.encryption());
        let mut buffer = zeroize::Zeroizing::new(vec![0; CHUNK_BYTES]);
        let mut at = 0;
        while at < end {
            // Not more than a chunk.
            let length = (end - at).min(CHUNK_BYTES as u64) as usize;
            let chunk = &mut buffer[..length];
            read_at(file, at, chunk)?;
            was.apply(chunk);
            if at == 0 {
                chunk[..header.len()].copy_from_slice(header);
            }
            shall_be.apply(chunk);
            write_at(file, at, chunk)?;
            at += length as u64;
        }
        Ok(())
    }
}

/// What is encrypted anew at a time: whole blocks, and more than any header.
const CHUNK_BYTES: usize = 64 << 10;
