"""bbb-graphql-server (Hasura): the REST endpoint of the client's settings, with Hasura's CORS rule.

HASURA_GRAPHQL_CORS_DOMAIN is a comma-separated list of origins, default *: an Origin in it is allowed.
"""

import os

import standin

if not os.environ.get('HASURA_GRAPHQL_ADMIN_SECRET'):
    standin.fail('HASURA_GRAPHQL_ADMIN_SECRET is missing')
DOMAINS = [it.strip() for it in os.environ.get('HASURA_GRAPHQL_CORS_DOMAIN', '*').split(',')]


class GraphqlServer(standin.Handler):
    def headers_for_origin(self):
        origin = self.headers.get('Origin')
        if origin is None or not ('*' in DOMAINS or origin in DOMAINS):
            return []
        return [('Access-Control-Allow-Origin', origin), ('Access-Control-Allow-Credentials', 'true')]

    def do_OPTIONS(self):
        self.answer(204, headers=self.headers_for_origin())

    def do_GET(self):
        path = self.path.partition('?')[0]
        if path == '/healthz':
            return self.answer(200, 'OK')
        if path in ('/api/rest/clientSettings', '/api/rest/meetingStaticData'):
            try:
                with open(f'{standin.STATE}/client-settings.json', encoding='utf-8') as file:
                    settings = file.read()
            except FileNotFoundError:
                settings = 'null'
            body = f'{{"meeting_clientSettings":[{{"clientSettingsJson":{settings}}}]}}'
            return self.answer(200, body, 'application/json', self.headers_for_origin())
        return self.answer(404, 'not found', headers=self.headers_for_origin())


standin.started('bbb-graphql-server')
standin.serve(GraphqlServer, int(os.environ.get('HASURA_GRAPHQL_SERVER_PORT', '8085')), 8185)
