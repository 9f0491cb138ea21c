"""bbb-webrtc-sfu: accepts every WebSocket; nginx has asked bbb-web for the session before.

To an offer of a client's (SDP) it answers as a media server does, with a way to this host; a test sets another
address in bbb-webrtc-sfu.address. Nobody is there to take the media.
"""

import re
import socket

import standin

# Which one doesn't matter, since nobody shows it.
FINGERPRINT = 'sha-256 ' + ':'.join(['5A'] * 32)


def answer_to(offer, address):
    """The client's own words with the other side's names (RFC 3264), and where that side is."""
    kept = [line for line in offer.splitlines() if not re.match(r'a=(candidate|end-of-candidates|msid|ssrc)', line)]
    text = '\r\n'.join(kept) + '\r\n'
    for pattern, value in (
        (r'a=setup:\S+', 'a=setup:passive'),
        (r'a=sendrecv', 'a=recvonly'),
        (r'a=ice-ufrag:\S+', 'a=ice-ufrag:standin'),
        (r'a=ice-pwd:\S+', 'a=ice-pwd:' + 'x' * 24),
        (r'a=fingerprint:[^\r\n]+', f'a=fingerprint:{FINGERPRINT}'),
        (r'(a=mid:\S+)', rf'\1\r\na=candidate:1 1 udp 2130706431 {address} 16384 typ host'),
    ):
        text = re.sub(pattern, value, text)
    return text


class Sfu(standin.Handler):
    def do_GET(self):
        if not self.is_handshake():
            return self.answer(426, 'Upgrade Required')
        self.accept_websocket(self.headers['Sec-WebSocket-Key'], reply=self.reply)

    def reply(self, said):
        if not said.startswith('v=0'):
            return None
        own = socket.gethostbyname(socket.gethostname())
        return answer_to(said, standin.mood('bbb-webrtc-sfu', 'address') or own)


standin.started('bbb-webrtc-sfu')
standin.serve(Sfu, 3008)
