import { caddy } from './door/caddy.ts';
import { nginx } from './door/nginx.ts';
import { tellPair } from './pair/story.ts';

tellPair(caddy, { alsoIpv4: false });
tellPair(nginx, { alsoIpv4: false });
