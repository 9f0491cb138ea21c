"""LiveKit's door: whoever asks for a WebSocket needs a token, and this one accepts none (its pkg/service)."""

import standin


class LiveKit(standin.Handler):
    def do_GET(self):
        if self.path == '/':
            return self.answer(200, 'OK')
        if self.path.partition('?')[0] != '/rtc' or not self.is_handshake():
            return self.answer(404, '404 page not found')
        self.answer(401, 'permissions denied')


standin.started('livekit-server')
standin.serve(LiveKit, 7880)
