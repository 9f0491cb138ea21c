"""bbb-apps-akka: reads the client's settings at its start and publishes them, as the real one does through the database."""

import json
import os
import time

import standin

STATIC = '/usr/share/bigbluebutton/html5-client/private/config/settings.yml'
METEOR = '/usr/share/meteor/bundle/programs/server/assets/app/config/settings.yml'

# 2.x has no client settings in akka: Meteor reads them.
if not standin.release().startswith('2.'):
    settings = standin.client_settings(STATIC if os.path.exists(STATIC) else METEOR)
    target = f'{standin.STATE}/client-settings.json'
    with open(f'{target}.new', 'w', encoding='utf-8') as file:
        json.dump(settings, file)
    os.replace(f'{target}.new', target)

standin.started('bbb-apps-akka')
while True:
    time.sleep(3600)
