import { haproxy } from './door/haproxy.ts';
import { tellPair } from './pair/story.ts';

tellPair(haproxy, { alsoIpv4: true });
