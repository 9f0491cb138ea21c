"""Shared code of the stand-ins for BigBlueButton's services: configuration files, moods, and a small HTTP server.

They read the same files as the real services and answer according to them, so that a wrong value shows as a wrong
answer. A test can set these files in /var/lib/bbb-standin:

  SERVICE.delay   seconds until the service listens, or until the file is gone (bbb-web: also `delay`)
  SERVICE.dead    present: the process lives, but never listens (bbb-web: also `dead`)
  SERVICE.crash   present: it exits with status 1 shortly after its start (bbb-web: also `crash`)
  bbb-webrtc-sfu.address  the address to which clients are told to send media; that of the host if there is none
  bbb-web.full    present: bbb-web creates no meeting
  bbb-web.stuns   what it answers to those who have joined and ask for STUN and TURN servers
  calls.log       written here: the calls of bbb-web that begin and end meetings, with their parameters
  meetings.xml    the <meeting> elements that getMeetings answers with
  starts.log      written here: one line per start of a service
"""

import base64
import hashlib
import http.server
import os
import re
import socketserver
import sys
import threading
import time

STATE = '/var/lib/bbb-standin'


def mood(service, name):
    """The content of a test's file for this service, or None if there is none."""
    names = [f'{service}.{name}'] + ([name] if service == 'bbb-web' else [])
    for candidate in names:
        try:
            with open(os.path.join(STATE, candidate), encoding='utf-8') as file:
                return file.read().strip()
        except FileNotFoundError:
            continue
    return None


def started(service):
    """Records the start, then behaves as the test requests."""
    try:
        with open(f'{STATE}/starts.log', 'a', encoding='utf-8') as log:
            log.write(f'{time.time():.3f} {service}\n')
    except OSError as error:
        print(f'{service}: {error}', file=sys.stderr)
    if mood(service, 'crash') is not None:
        time.sleep(0.3)
        fail(f'{service}: crashed, as the test wants')
    if mood(service, 'dead') is not None:
        while True:
            time.sleep(3600)
    until = time.monotonic() + float(mood(service, 'delay') or 0)
    # A test may not want to wait for it any longer.
    while time.monotonic() < until and mood(service, 'delay'):
        time.sleep(0.1)


def fail(message):
    print(message, file=sys.stderr, flush=True)
    sys.exit(1)


def release():
    with open('/etc/bigbluebutton/bigbluebutton-release', encoding='utf-8') as file:
        return re.search(r'BIGBLUEBUTTON_RELEASE=(\S+)', file.read()).group(1)


def properties(text):
    """A .properties file as java.util.Properties reads it: the last of several equal keys wins."""
    result = {}
    for line in re.sub(r'(?<!\\)((?:\\\\)*)\\(?:\r\n|\n|\r)[ \t\f]*', r'\1', text).splitlines():
        line = line.lstrip(' \t\f')
        if not line or line[0] in '#!':
            continue
        key, value = re.fullmatch(r'((?:\\.|[^\\\s=:])*)(?:[ \t\f]*[=:]|[ \t\f]|$)[ \t\f]*(.*)', line).groups()
        result[unescape(key)] = unescape(value)
    return result


def unescape(text):
    def one(match):
        escaped = match.group(1)
        if len(escaped) == 5:
            return chr(int(escaped[1:], 16))
        return {'n': '\n', 't': '\t', 'r': '\r', 'f': '\f'}.get(escaped, escaped)

    return re.sub(r'\\(u[0-9a-fA-F]{4}|.)', one, text)


def expand(values, key):
    """A value with its ${other.key} filled in; an unknown one keeps the service from starting."""

    def one(match):
        if match.group(1) not in values:
            fail(f"Could not resolve placeholder '{match.group(1)}' in value \"{values[key]}\"")
        return expand(values, match.group(1))

    return re.sub(r'\$\{([^}]*)\}', one, values[key])


def load_yaml(path):
    """A YAML file's mapping; {} if there is no file. Broken YAML ends the service."""
    import yaml

    try:
        with open(path, encoding='utf-8') as file:
            return yaml.safe_load(file) or {}
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, UnicodeDecodeError, PermissionError) as error:
        fail(f'{path}: {error}')


def merged(base, over):
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {key: merged(base[key], over[key]) if key in base and key in over else over.get(key, base.get(key))
            for key in [*base, *(key for key in over if key not in base)]}


def client_settings(stock):
    """The client's settings: the package's, overridden by the operator's."""
    return merged(load_yaml(stock), load_yaml('/etc/bigbluebutton/bbb-html5.yml'))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        """Logs only errors to the journal."""

    def answer(self, status, body='', kind='text/plain', headers=()):
        data = body.encode()
        self.send_response(status)
        self.send_header('Content-Type', f'{kind};charset=utf-8')
        self.send_header('Content-Length', str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def is_handshake(self):
        """Whether it asks for a WebSocket (RFC 6455, 4.1)."""
        return self.headers.get('Upgrade', '').lower() == 'websocket' and 'Sec-WebSocket-Key' in self.headers

    def accept_websocket(self, key, protocol=None, reply=None):
        """Accepts an upgrade to WebSocket (RFC 6455, 4.2.2), and waits until the other side says something. As long
        as there is a reply to that, it goes on."""
        digest = hashlib.sha1(f'{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11'.encode()).digest()
        self.send_response(101)
        self.send_header('Upgrade', 'websocket')
        self.send_header('Connection', 'Upgrade')
        self.send_header('Sec-WebSocket-Accept', base64.b64encode(digest).decode())
        if protocol is not None:
            self.send_header('Sec-WebSocket-Protocol', protocol)
        self.end_headers()
        self.close_connection = True
        if reply is None:
            return self.rfile.read(1)
        while (said := self.read_text()) is not None and (answer := reply(said)) is not None:
            data = answer.encode()
            self.wfile.write(b'\x81\x7e' + len(data).to_bytes(2, 'big') + data)

    def read_text(self):
        """A client's text in one frame (RFC 6455, 5.2); None at the end."""
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] != 0x81:
            return None
        length = head[1] & 0x7F
        if length > 125:
            length = int.from_bytes(self.rfile.read(2 if length == 126 else 8), 'big')
        mask = self.rfile.read(4)
        return bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.rfile.read(length))).decode()

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        self.rfile.read(int(self.headers.get('Content-Length') or 0))
        self.do_GET()


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128


def serve(handler, *ports, address='127.0.0.1'):
    """Serves on all the ports until the process is ended."""
    servers = [Server((address, port), handler) for port in ports]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()
