import type { LabHost } from '../host.ts';

const unit = `[Unit]
Description=LiveKit Server
PartOf=bigbluebutton.target

[Service]
User=nobody
ExecStart=python3 -B /usr/lib/bbb-standin/livekit.py
Restart=always

[Install]
WantedBy=multi-user.target bigbluebutton.target
`;

/** As the package bbb-livekit has it. */
const location = `location /livekit/ {
    proxy_pass http://127.0.0.1:7880/;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
}
`;

/** Adds LiveKit to a BigBlueButton host before its first boot. */
export async function installLivekit(host: LabHost): Promise<void> {
  await host.writeFile('/usr/lib/systemd/system/livekit-server.service', unit);
  await host.writeFile('/usr/share/bigbluebutton/nginx/livekit.nginx', location);
  await host.mustExec('systemctl --quiet enable livekit-server.service');
}
