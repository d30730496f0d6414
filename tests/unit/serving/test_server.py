"""The listening socket of the server."""

import socket

from nextword.serving.config import ServerConfig
from nextword.serving.server import _bind


def test_connections_send_small_packets_at_once() -> None:
    with (
        _bind(ServerConfig(port=0)) as bound,
        socket.create_connection(bound.getsockname()),
    ):
        connection, _ = bound.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
