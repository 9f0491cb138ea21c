"""bbb-graphql-middleware: answers websocket handshakes by their Origin.

As in github.com/coder/websocket, an Origin's host must equal the request's Host, or match the authorised one
(a pattern for a host, so a value with https:// in front never matches).
"""

import base64
import fnmatch
import hashlib
import os
import urllib.parse

import standin

CONFIG = '/usr/share/bbb-graphql-middleware/config.yml'


def configuration():
    """3.0: YAML files. Alphas: environment variables (there is no config.yml then)."""
    if not os.path.exists(CONFIG):
        return {
            'listen_host': os.environ.get('BBB_GRAPHQL_MIDDLEWARE_LISTEN_IP', '127.0.0.1'),
            'listen_port': os.environ.get('BBB_GRAPHQL_MIDDLEWARE_LISTEN_PORT', '8378'),
            'authorized_cross_origin': os.environ.get('BBB_GRAPHQL_MIDDLEWARE_ORIGIN', ''),
        }
    merged = standin.merged(
        standin.load_yaml(CONFIG), standin.load_yaml('/etc/bigbluebutton/bbb-graphql-middleware.yml')
    )
    return merged.get('server') or {}


SERVER = configuration()
AUTHORIZED = str(SERVER.get('authorized_cross_origin') or '')


def origin_allowed(origin, host):
    if origin is None:
        return True
    origin_host = urllib.parse.urlparse(origin).netloc.lower()
    return origin_host == (host or '').lower() or fnmatch.fnmatchcase(origin_host, AUTHORIZED.lower())


class Middleware(standin.Handler):
    def do_GET(self):
        if self.path.partition('?')[0] != '/graphql':
            return self.answer(404, 'not found')
        key = self.headers.get('Sec-WebSocket-Key')
        if self.headers.get('Upgrade', '').lower() != 'websocket' or key is None:
            return self.answer(426, 'WebSocket protocol violation')
        if not origin_allowed(self.headers.get('Origin'), self.headers.get('Host')):
            return self.answer(403, f'request Origin "{self.headers["Origin"]}" is not authorized')
        digest = hashlib.sha1(f'{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11'.encode()).digest()
        self.send_response(101)
        self.send_header('Upgrade', 'websocket')
        self.send_header('Connection', 'Upgrade')
        self.send_header('Sec-WebSocket-Accept', base64.b64encode(digest).decode())
        if 'graphql-transport-ws' in self.headers.get('Sec-WebSocket-Protocol', ''):
            self.send_header('Sec-WebSocket-Protocol', 'graphql-transport-ws')
        self.end_headers()
        self.close_connection = True
        self.rfile.read(1)


standin.started('bbb-graphql-middleware')
standin.serve(
    Middleware, int(SERVER.get('listen_port', 8378)), address=SERVER.get('listen_host', '127.0.0.1')
)
