"""One window per projects folder: a second start brings the first window to the front."""

from __future__ import annotations

import os

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_RAISE = "raise"
_PATIENCE_MS = 100
# what a Wayland desktop gives a program that a person starts: whoever holds it may come to the front
TOKEN = "XDG_ACTIVATION_TOKEN"


class SingleWindow(QObject):
    """A local socket named after the projects folder.

    Signals:
        asked_to_front(str): another start found us; the desktop's leave to come to the front, or empty.
    """

    asked_to_front = Signal(str)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_new_connection)

    def claim(self, timeout_ms: int = 500) -> bool:
        """Become the one window.

        Returns:
            False when another one lives: it was asked to come to the front.
        """
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if socket.waitForConnected(timeout_ms):
            socket.write(f"{_RAISE} {os.environ.get(TOKEN, '')}\n".encode())
            socket.waitForBytesWritten(timeout_ms)
            socket.disconnectFromServer()
            return False
        # nobody answers: what lies there was left by a window that was killed
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return True

    def close(self) -> None:
        """Let another window have it."""
        self._server.close()

    def _on_new_connection(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            connection.disconnected.connect(connection.deleteLater)
            # it writes before it does anything else; one that does not is none of ours
            if connection.bytesAvailable() or connection.waitForReadyRead(_PATIENCE_MS):
                said = bytes(connection.readAll().data()).decode("utf-8", "replace").split()
                if said[:1] == [_RAISE]:
                    self.asked_to_front.emit(said[1] if len(said) > 1 else "")
