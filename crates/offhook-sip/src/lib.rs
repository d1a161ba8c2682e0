//! (being written)

pub mod sdp;
