//! Which shard a call belongs to.

use std::hash::Hasher;

use offhook_sip::Text;
use offhook_sip::header::CallId;

use crate::random::Random;

/// One shard among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) index: usize,
    pub(crate) shards: usize,
}

impl Place {
    /// A Call-ID whose messages come to this shard.
    pub(crate) fn call_id(self, random: &mut Random) -> CallId {
        loop {
            let call_id = format!("{:016x}{:016x}", random.next_u64(), random.next_u64());
            if self.is_of(call_id.as_bytes()) {
                return CallId(Text::from(call_id));
            }
        }
    }

    /// Whether the messages of a call with this Call-ID come to this shard.
    pub(crate) fn is_of(self, call_id: &[u8]) -> bool {
        shard_of(call_id, self.shards) == self.index
    }
}

/// The shard of a call: a hash of its Call-ID, so that all messages of a call come to one shard.
pub(crate) fn shard_of(call_id: &[u8], shards: usize) -> usize {
    if shards < 2 {
        return 0;
    }
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(call_id);
    (hasher.finish() % shards as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_has_one_shard() {
        let shards = 7;
        let mine = |index| Place { index, shards }.is_of(b"a84b4c76e66710@192.0.2.1");
        assert_eq!((0..shards).filter(|index| mine(*index)).count(), 1);
        assert_eq!(shard_of(b"a", 1), 0);
    }
}
