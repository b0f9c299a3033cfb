"""A way to a server that a test can have hang: connections stay open and nothing goes through them any more."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class TcpProxy:
    """Listens at `port` of the loopback interface."""

    target: tuple[str, int]
    port: int = 0
    _flowing: threading.Event = field(default_factory=threading.Event)
    _sockets: list[socket.socket] = field(default_factory=list)

    def hang(self) -> None:
        """Take new connections still, and carry nothing from now on."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def accept(self, listener: socket.socket) -> None:
        """Until `listener` is closed."""
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self.target)
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._flowing.set()


@contextmanager
def tcp_proxy(host: str, port: int) -> Iterator[TcpProxy]:
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = TcpProxy((host, port), listener.getsockname()[1])
    proxy.flow()
    accepting = threading.Thread(target=proxy.accept, args=(listener,), daemon=True)
    accepting.start()
    try:
        yield proxy
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        proxy.close()
        accepting.join()
