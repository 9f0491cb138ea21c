"""Pages of a node for tests of the proxy in front of it, below .../door/:

  echo      what arrived, as JSON: the request line, the headers in their order, and the body's length and hash
  cookies   two cookies
  redirect  302 to the address in the query
  gzip      a page that is compressed already
  waits     a page that ends once `release` was asked for
  socket    a WebSocket that says what it is told
"""

import gzip
import hashlib
import json
import threading
import urllib.parse

import standin

PAGE = b'a page that was compressed by the node\n' * 100
RELEASED = threading.Event()


class Pages(standin.Handler):
    def do_GET(self):
        path, _, query = self.path.partition('?')
        page = path.partition('/door/')[2].split('/')[0]
        getattr(self, f'show_{page}', self.show_nothing)(query)

    def do_POST(self):
        self.do_GET()

    def show_nothing(self, _):
        self.answer(404, 'not a page of the test\n')

    def show_echo(self, _):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        arrived = {
            'line': self.requestline,
            'headers': [[name.lower(), value] for name, value in self.headers.items()],
            'length': len(body),
            'sha256': hashlib.sha256(body).hexdigest(),
        }
        self.answer(200, json.dumps(arrived), 'application/json')

    def show_cookies(self, _):
        cookies = ['one=1; Path=/; Secure; HttpOnly; SameSite=None', 'two="a b"; Path=/bigbluebutton/; Max-Age=60']
        self.answer(200, 'cookies\n', headers=[('Set-Cookie', cookie) for cookie in cookies])

    def show_redirect(self, query):
        self.answer(302, headers=[('Location', urllib.parse.unquote(query))])

    def show_gzip(self, _):
        self.send(gzip.compress(PAGE, mtime=0), [('Content-Encoding', 'gzip'), ('ETag', '"of-the-node"')])

    def show_waits(self, _):
        RELEASED.clear()
        self.send(b'', [('Content-Length', '12')])
        self.wfile.write(b'first\n')
        self.wfile.flush()
        RELEASED.wait(120)
        self.wfile.write(b'last.\n')

    def show_release(self, _):
        RELEASED.set()
        self.answer(200, 'released\n')

    def show_socket(self, _):
        if not self.is_handshake():
            return self.answer(426, 'only for a WebSocket\n')
        return self.accept_websocket(self.headers['Sec-WebSocket-Key'], reply=lambda said: f'heard: {said}')

    def send(self, data, headers):
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain')
        if data:
            self.send_header('Content-Length', str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


standin.serve(Pages, 8097)
