"""bbb-graphql-middleware: answers websocket handshakes by their Origin.

As in github.com/coder/websocket, an Origin's host must equal the request's Host, or match the authorised one
(a pattern for a host, so a value with https:// in front never matches).
"""

import fnmatch
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
        if not self.is_handshake():
            return self.answer(426, 'WebSocket protocol violation')
        if not origin_allowed(self.headers.get('Origin'), self.headers.get('Host')):
            return self.answer(403, f'request Origin "{self.headers["Origin"]}" is not authorized')
        protocol = 'graphql-transport-ws'
        offered = protocol in self.headers.get('Sec-WebSocket-Protocol', '')
        self.accept_websocket(self.headers['Sec-WebSocket-Key'], protocol if offered else None)


standin.started('bbb-graphql-middleware')
standin.serve(
    Middleware, int(SERVER.get('listen_port', 8378)), address=SERVER.get('listen_host', '127.0.0.1')
)
