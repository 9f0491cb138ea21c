import type { LabHost } from '../host.ts';

const unit = `[Unit]
Description=BigBlueButton WebRTC SFU
PartOf=bigbluebutton.target

[Service]
User=nobody
ExecStart=python3 -B /usr/lib/bbb-standin/webrtc_sfu.py
Restart=always

[Install]
WantedBy=multi-user.target bigbluebutton.target
`;

/** As the package does: nginx asks bbb-web whether whoever comes has a session. */
const location = `location /bbb-webrtc-sfu {
    auth_request /bigbluebutton/connection/checkAuthorization;
    proxy_pass http://127.0.0.1:3008;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
}
`;

/** Adds a media server to a BigBlueButton host before its first boot. */
export async function installSfu(host: LabHost): Promise<void> {
  await host.writeFile('/usr/lib/systemd/system/bbb-webrtc-sfu.service', unit);
  await host.writeFile('/usr/share/bigbluebutton/nginx/webrtc-sfu.nginx', location);
  await host.mustExec('systemctl --quiet enable bbb-webrtc-sfu.service');
}
