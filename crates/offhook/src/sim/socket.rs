//! A SIP socket on the virtual network.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use offhook_sip::{Flow, Transmit};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::wire::Wire;
use crate::network::{BoxFuture, SipSocket};

pub(super) struct VirtualSocket {
    wire: Arc<Wire>,
    address: SocketAddr,
    arrived: Mutex<mpsc::UnboundedReceiver<(SocketAddr, Bytes)>>,
}

impl VirtualSocket {
    pub(super) fn bind(wire: &Arc<Wire>, address: SocketAddr) -> io::Result<Self> {
        let (sender, arrived) = mpsc::unbounded_channel();
        let receive = move |from, bytes| {
            // A socket that was dropped receives nothing.
            let _ = sender.send((from, bytes));
        };
        let address = wire.bind(address, Arc::new(receive))?;
        Ok(Self { wire: wire.clone(), address, arrived: Mutex::new(arrived) })
    }
}

impl SipSocket for VirtualSocket {
    fn local_addr(&self) -> SocketAddr {
        self.address
    }

    fn recv(&self) -> BoxFuture<'_, io::Result<(Flow, Bytes)>> {
        Box::pin(async {
            let received = poll_fn(|context| self.arrived.lock().poll_recv(context)).await;
            let (from, bytes) = received.ok_or(io::ErrorKind::NotConnected)?;
            Ok((Flow::udp(self.address, from), bytes))
        })
    }

    fn try_send(&self, transmit: &Transmit) -> io::Result<()> {
        self.wire.send(self.address, transmit.flow.remote, transmit.bytes.clone());
        Ok(())
    }
}

impl Drop for VirtualSocket {
    fn drop(&mut self) {
        self.wire.unbind(self.address);
    }
}
