//! Which talkers are heard when only the loudest are.

use std::num::NonZeroUsize;

use super::member::Member;

/// Leaves audible at most `count` of those who may talk: the loudest. Who is heard already counts twice, so that two of
/// the same strength do not cut each other off.
pub(super) fn keep_loudest<K: Copy>(members: &mut [Member<K>], count: NonZeroUsize, weights: &mut Vec<u32>) {
    weights.clear();
    weights.extend(members.iter().filter(|member| member.audible).map(weight));
    if weights.len() <= count.get() {
        return;
    }
    let (louder, &mut least, _) = weights.select_nth_unstable_by(count.get() - 1, |a, b| b.cmp(a));
    let mut ties = count.get() - louder.iter().filter(|weight| **weight > least).count();
    for member in members.iter_mut().filter(|member| member.audible) {
        let weight = weight(member);
        member.audible = weight > least || (weight == least && ties > 0);
        if weight == least {
            ties = ties.saturating_sub(1);
        }
    }
}

fn weight<K>(member: &Member<K>) -> u32 {
    if member.was_audible { member.level * 2 } else { member.level }
}
