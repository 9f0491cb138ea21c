"""One Meteor process of bbb-html5: html5.py PORT. Serves the client below the path of ROOT_URL, 404 elsewhere."""

import html
import json
import os
import sys
import urllib.parse

import standin

SETTINGS = standin.client_settings(
    '/usr/share/meteor/bundle/programs/server/assets/app/config/settings.yml'
)
ROOT = urllib.parse.urlparse(os.environ.get('ROOT_URL', 'http://127.0.0.1/html5client')).path.rstrip('/')
DDP = os.environ.get('DDP_DEFAULT_CONNECTION_URL', '')


# What Meteor's client does: DDP over a WebSocket to the address that the server names, and, once somebody joins
# the audio of a meeting, a question for microphone and camera, which are offered to the media server.
CLIENT = """
const { ddp, settings } = JSON.parse(document.querySelector('script[type="application/json"]').textContent);
new WebSocket(`${(ddp || location.href.replace(/\\/join.*/, '')).replace(/^http/, 'ws')}/websocket`);
async function sendMedia(sfu, token) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const peer = new RTCPeerConnection({ iceServers: [{ urls: `stun:${new URL(sfu).host}:3478` }] });
  for (const track of stream.getTracks()) peer.addTrack(track, stream);
  await peer.setLocalDescription();
  const socket = new WebSocket(`${sfu}?sessionToken=${token}`);
  socket.onopen = () => socket.send(peer.localDescription.sdp);
  socket.onmessage = ({ data }) => peer.setRemoteDescription({ type: 'answer', sdp: data });
}
const token = new URLSearchParams(location.search).get('sessionToken');
if (token !== null) sendMedia(settings.public.kurento.wsUrl, token);
"""


def page():
    settings = json.dumps({'ddp': DDP, 'rootUrl': os.environ.get('ROOT_URL'), 'settings': SETTINGS})
    return (
        '<!DOCTYPE html><html><head><title>BigBlueButton</title></head><body><div id="app"></div>'
        f'<script type="application/json">{html.escape(settings, quote=False)}</script>'
        f'<script>{CLIENT}</script></body></html>'
    )


class Html5(standin.Handler):
    def do_GET(self):
        path = self.path.partition('?')[0]
        if path != ROOT and not path.startswith(f'{ROOT}/'):
            return self.answer(404, 'not found')
        key = self.headers.get('Sec-WebSocket-Key')
        if path in (f'{ROOT}/websocket', f'{ROOT}/sockjs/websocket') and key is not None:
            return self.accept_websocket(key)
        if path.startswith(f'{ROOT}/sockjs/info'):
            return self.answer(200, '{"websocket":true,"origins":["*:*"]}', 'application/json')
        return self.answer(200, page(), 'text/html')


standin.started('bbb-html5')
standin.serve(Html5, int(sys.argv[1]))
