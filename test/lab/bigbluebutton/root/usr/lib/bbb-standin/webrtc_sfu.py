"""bbb-webrtc-sfu: accepts every WebSocket; nginx has asked bbb-web for the session before."""

import standin


class Sfu(standin.Handler):
    def do_GET(self):
        if not self.is_handshake():
            return self.answer(426, 'Upgrade Required')
        self.accept_websocket(self.headers['Sec-WebSocket-Key'])


standin.started('bbb-webrtc-sfu')
standin.serve(Sfu, 3008)
