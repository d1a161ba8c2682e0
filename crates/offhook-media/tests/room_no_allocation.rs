//! The way of one frame through a room allocates nothing.

mod stream_support;

use std::num::NonZeroUsize;
use std::time::Instant;

use allocation_counter::measure;
use offhook_media::{Party, Room, RoomStreams, Stream};
use stream_support::{config, ms, packet, signalled};

struct Streams(Vec<Stream>);

impl RoomStreams<usize> for Streams {
    fn stream(&mut self, member: usize) -> Option<&mut Stream> {
        self.0.get_mut(member)
    }
}

/// MED-14: ten parties, a thousand frames each way, and not one allocation.
#[test]
fn a_thousand_frames_of_ten_parties_allocate_nothing() {
    let start = Instant::now();
    let mut room = Room::new(NonZeroUsize::new(3));
    let mut streams = Streams((0..10).map(|_| Stream::new(start, config())).collect());
    for (member, stream) in streams.0.iter_mut().enumerate() {
        stream.enter_room();
        room.enter(member, Party::BOTH, start);
    }
    let mut incoming = packet(8, 0, 0, &[0; 160]);
    let mut buffer = [0; Stream::MAX_DATAGRAM];
    let mut now = start;
    let mut frames = |count: u16, room: &mut Room<usize>, streams: &mut Streams| {
        for _ in 0..count {
            let sequence = u16::from_be_bytes([incoming[2], incoming[3]]).wrapping_add(1);
            incoming[2..4].copy_from_slice(&sequence.to_be_bytes());
            incoming[4..8].copy_from_slice(&(u32::from(sequence) * 160).to_be_bytes());
            for stream in &mut streams.0 {
                stream.handle_rtp(now, signalled(), &incoming);
            }
            room.handle_timeout(now, streams);
            for stream in &mut streams.0 {
                stream.handle_timeout(now);
                while stream.poll_transmit(&mut buffer).is_some() {}
                while stream.poll_event().is_some() {}
            }
            now += ms(20);
        }
    };
    frames(50, &mut room, &mut streams);
    let allocations = measure(|| frames(1000, &mut room, &mut streams));
    assert_eq!(allocations.count_total, 0);
}
