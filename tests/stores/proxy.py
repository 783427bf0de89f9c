"""A server between a client and another server, on loopback, that spoils connections as networks do."""

import socket
import threading
from contextlib import suppress

CUT, BUSY, LOST, STALL = "cut in the middle of a request", "503", "answer lost", "no answer"
SLOW_DOWN = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy:
    """Connections have the faults of a list, one each, until none is left; then they pass."""

    def __init__(self, port):
        self._to, self.faults, self.done = port, [], []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        """One request a connection, which keeps the count of faults exact."""
        with client, suppress(OSError):
            client.settimeout(60)
            head, body, length = self._head(client)
            if not head:
                return
            fault = self.faults.pop(0) if self.faults else None
            self.done.append(fault)
            if fault == CUT:
                if len(body) < length:
                    client.recv(1000)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closing resets
                return
            while len(body) < length:
                body += client.recv(65536)
            if fault == BUSY:
                client.sendall(SLOW_DOWN)
            elif fault == STALL:
                client.recv(1)  # until the client gives up
            else:
                with socket.create_connection(("127.0.0.1", self._to), timeout=60) as server:
                    server.sendall(head + b"\r\n\r\n" + body)
                    while more := server.recv(65536):
                        if fault != LOST:
                            client.sendall(more)

    def _head(self, client):
        """The head of a request, for one connection, what has come of its body, and the body's length."""
        content = b""
        while b"\r\n\r\n" not in content:
            more = client.recv(65536)
            if not more:
                return b"", b"", 0
            content += more
        head, _, body = content.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        assert b"transfer-encoding" not in fields
        if b"expect" in fields:
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        ours = (b"connection:", b"expect:")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(ours)]
        return b"\r\n".join([*lines, b"Connection: close"]), body, int(fields.get(b"content-length", 0))
