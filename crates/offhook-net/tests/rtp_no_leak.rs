//! A thousand streams one after another, and a hundred at once, leave nothing behind. One test in this file: it
//! counts what the whole process holds.

mod support;

use std::fs;

use offhook_media::StreamCommand;
use support::{FarEnd, Server};

/// Open files and threads of this process.
fn held() -> (usize, usize) {
    let count = |folder| fs::read_dir(folder).map_or(0, |entries| entries.count());
    (count("/proc/self/fd"), count("/proc/self/task"))
}

/// RUN-22, UR-37: ports, files and threads are back where they were.
#[test]
fn streams_leave_no_port_file_or_thread_behind() {
    let mut server = Server::start(24_000..=24_399);
    let far_end = FarEnd::new();
    let before = held();
    for _ in 0..10 {
        let streams: Vec<_> = (0..100).map(|_| server.open(far_end.config()).0).collect();
        assert_eq!(server.engine.streams(), 100);
        for stream in streams {
            server.engine.command(stream, StreamCommand::Close);
        }
        for _ in 0..100 {
            server.wait_until_closed();
        }
    }
    assert_eq!((server.engine.streams(), server.engine.ports_free()), (0, 200));
    assert_eq!(held(), before);
    server.engine.shut_down();
    assert!(held().1 < before.1, "the pacing thread has ended");
}
