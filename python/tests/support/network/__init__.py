"""What a test's user agent runs on: datagrams and a clock, real ones or virtual ones."""

from support.network.base import Address, Network, Port, Take
from support.network.sockets import SocketNetwork
from support.network.virtual import VirtualNetwork

__all__ = ["Address", "Network", "Port", "SocketNetwork", "Take", "VirtualNetwork"]
