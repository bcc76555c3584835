# SPDX-License-Identifier: BSL-1.0
"""A milter as it should be, in threads of this process: says yes, adds one header, remembers what it was asked."""
import socket
import struct
import threading

from .packet import ADD_HEADERS, CHANGE_HEADERS, Gone, Hung, Reader, packet, strings


class Judge:
    """Listens at unix:PATH.  `story(name)`: the commands of the sessions of the client of that name, as letters."""

    def __init__(self, path, header):
        self.where, self.header = "unix:" + path, header
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(128)
        self.stories, self.sockets, self.lock = {}, set(), threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            for sock in self.sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def story(self, name):
        with self.lock:
            return self.stories.get(name, "")

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.sockets.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _note(self, client, code):
        with self.lock:
            self.stories[client] = self.stories.get(client, "") + code

    def _serve(self, sock):
        reader, client = Reader(sock), ""
        try:
            while True:
                code, data = reader.next()
                if code == "C":
                    client = data.split(b"\0")[0].decode("latin-1")
                if code not in "OD":
                    self._note(client, code)
                out = answer(code, self.header)
                if out is None:
                    return
                sock.sendall(out)
        except (Gone, Hung, OSError):
            pass
        finally:
            with self.lock:
                self.sockets.discard(sock)
            sock.close()


def answer(code, header):
    """The bytes of an approving milter; None at the end."""
    if code == "O":
        return packet("O", struct.pack(">III", 6, ADD_HEADERS | CHANGE_HEADERS, 0))
    if code == "Q":
        return None
    if code in "DAK":
        return b""
    if code == "E":
        return packet("h", strings(header, "yes")) + packet("c")
    return packet("c")
