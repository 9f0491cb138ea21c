"""bbb-apps-akka: reads the client's settings at its start and publishes them, as the real one does through the
database.

With clientSettingsOverrideStrictValidation it takes no key that the package's settings don't have.
"""

import json
import os
import time

import standin

STATIC = '/usr/share/bigbluebutton/html5-client/private/config/settings.yml'
METEOR = '/usr/share/meteor/bundle/programs/server/assets/app/config/settings.yml'


def unknown(override, known, path=''):
    for key, value in override.items():
        if key not in known:
            yield f'{path}{key}'
        elif isinstance(value, dict) and isinstance(known[key], dict):
            yield from unknown(value, known[key], f'{path}{key}.')


# 2.x has no client settings in akka: Meteor reads them.
if not standin.release().startswith('2.'):
    packaged = STATIC if os.path.exists(STATIC) else METEOR
    with open('/etc/bigbluebutton/bbb-web.properties', encoding='utf-8') as file:
        strict = standin.properties(file.read()).get('clientSettingsOverrideStrictValidation') == 'true'
    if strict:
        keys = list(unknown(standin.load_yaml('/etc/bigbluebutton/bbb-html5.yml'), standin.load_yaml(packaged)))
        if keys:
            standin.fail(f'/etc/bigbluebutton/bbb-html5.yml: unknown-key {", ".join(keys)}')
    settings = standin.client_settings(packaged)
    target = f'{standin.STATE}/client-settings.json'
    with open(f'{target}.new', 'w', encoding='utf-8') as file:
        json.dump(settings, file)
    os.replace(f'{target}.new', target)

standin.started('bbb-apps-akka')
while True:
    time.sleep(3600)
