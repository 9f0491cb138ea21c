"""bbb-web: the API, and the parts of its effective configuration that it reports."""

import hashlib
import hmac
import json
import os
import secrets
import shlex
import sys
import urllib.parse
from xml.sax.saxutils import escape

import standin

STOCK = '/usr/share/bbb-web/WEB-INF/classes/bigbluebutton.properties'
LOCAL = '/etc/bigbluebutton/bbb-web.properties'


def load():
    values = {}
    for path in (STOCK, LOCAL):
        try:
            with open(path, encoding='utf-8', newline='') as file:
                values.update(standin.properties(file.read()))
        except FileNotFoundError:
            if path == STOCK:
                standin.fail(f'{path}: missing')
        except (PermissionError, UnicodeDecodeError) as error:
            standin.fail(f'{path}: {error}')
    return {key: standin.expand(values, key) for key in values}


def java_options(arguments):
    """-Dname=value from the command line and from JDK_JAVA_OPTIONS, which Java 9 and later put first."""
    words = shlex.split(os.environ.get('JDK_JAVA_OPTIONS', '')) + arguments
    return dict(word[2:].partition('=')[::2] for word in words if word.startswith('-D'))


CONFIG = load()
OPTIONS = java_options(sys.argv[1:])
RELEASE = standin.release()
CORS = OPTIONS.get('grails.cors.enabled') == 'true'
ORIGINS = [it for it in OPTIONS.get('grails.cors.allowedOrigins', '').split(',') if it]
ALGORITHMS = CONFIG.get('supportedChecksumAlgorithms', 'sha1,sha256').replace(' ', '').split(',')


def hash_fits(call, query, checksum):
    """Removes the checksum parameter from the query as sent; the length of the checksum tells the algorithm."""
    rest = '&'.join(part for part in query.split('&') if not part.startswith('checksum='))
    text = (call + rest + CONFIG.get('securitySalt', '')).encode()
    return any(hmac.compare_digest(hashlib.new(it, text).hexdigest(), checksum) for it in ALGORITHMS)


# By their ids, the parameters with which they were created; the sessions of people in them, by tokens.
MEETINGS = {}
SESSIONS = {}


def told(call, parameters):
    """For tests: which meetings began and ended, and how."""
    with open(f'{standin.STATE}/calls.log', 'a', encoding='utf-8') as file:
        file.write(f'{call} {json.dumps({name: values[0] for name, values in parameters.items()})}\n')


def meetings():
    try:
        with open(f'{standin.STATE}/meetings.xml', encoding='utf-8') as file:
            inner = file.read().strip()
    except FileNotFoundError:
        inner = ''
    inner += ''.join(
        f'<meeting><meetingName>{escape(it["name"])}</meetingName><meetingID>{escape(key)}</meetingID>'
        f'<participantCount>0</participantCount></meeting>'
        for key, it in MEETINGS.items()
    )
    if not inner:
        return (
            '<response><returncode>SUCCESS</returncode><meetings/><messageKey>noMeetings</messageKey>'
            '<message>no meetings were found on this server</message></response>'
        )
    return f'<response><returncode>SUCCESS</returncode><meetings>{inner}</meetings></response>'


def failed(key, message):
    return (
        f'<response><returncode>FAILED</returncode><messageKey>{key}</messageKey>'
        f'<message>{escape(message)}</message></response>'
    )


class BbbWeb(standin.Handler):
    def cors_headers(self):
        """Spring's CORS filter, if enabled, answers for all paths; otherwise only some controllers set a header."""
        origin = self.headers.get('Origin')
        if CORS:
            if origin is None:
                return []
            headers = [('Access-Control-Allow-Origin', origin), ('Vary', 'Origin')]
            if OPTIONS.get('grails.cors.allowCredentials') == 'true':
                headers.append(('Access-Control-Allow-Credentials', 'true'))
            return headers
        path = self.path.partition('?')[0]
        if path.startswith(('/bigbluebutton/api/stuns', '/bigbluebutton/presentation/')):
            return [('Access-Control-Allow-Origin', CONFIG['accessControlAllowOrigin'])]
        return []

    def xml(self, body, status=200):
        self.answer(status, body, 'text/xml', self.cors_headers())

    def do_OPTIONS(self):
        self.do_GET()

    def do_GET(self):
        origin = self.headers.get('Origin')
        if CORS and origin is not None and origin not in ORIGINS:
            return self.answer(403, 'Invalid CORS request')
        path, _, query = self.path.partition('?')
        if self.command == 'OPTIONS':
            return self.answer(200, '', headers=self.cors_headers())
        if path.rstrip('/') == '/bigbluebutton/api':
            return self.index()
        if path.startswith('/bigbluebutton/api/'):
            return self.call(path.removeprefix('/bigbluebutton/api/').rstrip('/'), query)
        if path.startswith('/bigbluebutton/connection/'):
            asked = self.headers.get('X-Original-URI', '')
            token = urllib.parse.parse_qs(asked.partition('?')[2]).get('sessionToken', [''])[0]
            # The database's paths take it from a header.
            graphql = path.endswith('checkGraphqlAuthorization')
            allowed = self.is_session(self.headers.get('X-Session-Token', token) if graphql else token)
            return self.answer(200 if allowed else 401, headers=[('Meeting-Id', 'standin')])
        return self.answer(404, 'not found', headers=self.cors_headers())

    def is_session(self, token):
        """The token alone is not enough: the browser that has joined also has a cookie."""
        return token == 'standin' or (token in SESSIONS and f'JSESSIONID={SESSIONS[token]}' in self.headers.get('Cookie', ''))

    def index(self):
        fields = {'returncode': 'SUCCESS', 'version': '2.0', 'apiVersion': '2.0', 'bbbVersion': RELEASE}
        if not RELEASE.startswith('2.'):
            fields['graphqlWebsocketUrl'] = CONFIG['graphqlWebsocketUrl'].replace('https://', 'wss://')
            fields['graphqlApiUrl'] = CONFIG['graphqlApiUrl']
            if self.headers.get('Content-Type', '').startswith('application/json'):
                return self.answer(
                    200, json.dumps({'response': fields}), 'application/json', self.cors_headers()
                )
        inner = ''.join(f'<{name}>{escape(value)}</{name}>' for name, value in fields.items())
        return self.xml(f'<response>{inner}</response>')

    def call(self, name, query):
        parameters = urllib.parse.parse_qs(query, keep_blank_values=True)
        if name == 'stuns':
            answer = {'returncode': 'FAILED', 'message': 'Could not find conference.'}
            if self.is_session(parameters.get('sessionToken', [''])[0]):
                answer = json.loads(standin.mood('bbb-web', 'stuns') or '{"stunServers":[],"turnServers":[]}')
            return self.answer(200, json.dumps(answer), 'application/json', self.cors_headers())
        if not hash_fits(name, query, parameters.get('checksum', [''])[0]):
            return self.xml(failed('checksumError', 'Checksums do not match'))
        if name == 'getMeetings':
            return self.xml(meetings())
        meeting = parameters.get('meetingID', [''])[0]
        if name == 'create':
            if standin.mood('bbb-web', 'full') is not None:
                return self.xml(failed('maxMeetings', 'Too many meetings'))
            MEETINGS[meeting] = {it: values[0] for it, values in parameters.items()}
            told('create', parameters)
            return self.xml(f'<response><returncode>SUCCESS</returncode><meetingID>{meeting}</meetingID></response>')
        if name == 'join':
            return self.join(meeting)
        if name == 'end':
            if MEETINGS.pop(meeting, None) is None:
                return self.xml(failed('notFound', 'A meeting with that ID does not exist'))
            told('end', parameters)
            return self.xml('<response><returncode>SUCCESS</returncode><messageKey>sentEndMeetingRequest</messageKey></response>')
        return self.xml(failed('unsupportedRequest', 'This request is not supported.'))

    def join(self, meeting):
        """Whoever can't join is sent to the node's own page. `a` is a meeting that is always there."""
        if meeting not in (*MEETINGS, 'a'):
            target = f'{CONFIG["bigbluebutton.web.serverURL"]}/?errors=invalidMeetingIdentifier'
            return self.answer(302, headers=[('Location', target), *self.cors_headers()])
        token, cookie = ('standin', 'standin') if meeting == 'a' else (secrets.token_hex(8), secrets.token_hex(16))
        SESSIONS[token] = cookie
        separator = '&' if '?' in CONFIG['defaultHTML5ClientUrl'] else '?'
        target = f'{CONFIG["defaultHTML5ClientUrl"]}{separator}sessionToken={token}'
        cookies = [('Set-Cookie', f'JSESSIONID={cookie}; Path=/; Secure; HttpOnly')]
        return self.answer(302, headers=[('Location', target), *cookies, *self.cors_headers()])


standin.started('bbb-web')
standin.serve(
    BbbWeb,
    int(OPTIONS.get('server.port', '8090')),
    address=OPTIONS.get('server.address', '127.0.0.1'),
)
