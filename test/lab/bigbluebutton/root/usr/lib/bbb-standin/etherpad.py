"""Etherpad with BigBlueButton's plugin: an Origin that equals an entry of `cluster_proxies` is allowed."""

import json

import standin

PROXIES = []
try:
    with open('/etc/bigbluebutton/etherpad.json', encoding='utf-8') as file:
        PROXIES = json.load(file).get('cluster_proxies') or []
except FileNotFoundError:
    pass
except (ValueError, OSError, AttributeError) as error:
    standin.fail(f'/etc/bigbluebutton/etherpad.json: {error}')


class Etherpad(standin.Handler):
    def do_GET(self):
        origin = self.headers.get('Origin')
        headers = []
        if origin in PROXIES:
            headers = [('Access-Control-Allow-Origin', origin), ('Access-Control-Allow-Credentials', 'true')]
        self.answer(200, '<!doctype html><title>Etherpad</title>', 'text/html', headers)


standin.started('etherpad')
standin.serve(Etherpad, 9001)
