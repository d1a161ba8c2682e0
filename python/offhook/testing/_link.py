"""The line of a telephone: what the network and the telephone's own clock do to its packets."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Link:
    """The connection between a telephone and the server: perfect but for 10 ms, unless said otherwise.

    Everything but ``drift_ppm`` concerns SIP and RTP, both ways. All chance comes from the seed of the
    rehearsal.

    Attributes:
        delay: seconds that a packet is under way.
        jitter: up to so many seconds more, evenly spread; packets stay in order.
        loss: the share of packets that are lost, 0.0 to 1.0.
        duplicate: the share that arrives twice, 0.0 to 1.0.
        reorder: the share that is overtaken by later ones, 0.0 to 1.0.
        drift_ppm: by how many millionths the telephone's media clock runs too fast, or too slow if negative,
            at most 10,000: it sends packets that much closer together or further apart, and plays what it
            hears at that pace. A good telephone has 20, a bad one 200.
        nat: the telephone sits behind a router with network address translation: in SDP, Via and Contact it
            names a private address that the server cannot reach; its packets come from the router.
    """

    delay: float = 0.01
    jitter: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    drift_ppm: float = 0.0
    nat: bool = False
