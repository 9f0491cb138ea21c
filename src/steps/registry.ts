import { caddyImport } from './caddy/import.ts';
import { caddyLocations } from './caddy/locations.ts';
import { caddyMetrics } from './caddy/metrics.ts';
import { caddyServer } from './caddy/server.ts';
import { archive } from './files/archive.ts';
import { etcServices } from './files/etc-services.ts';
import { file } from './files/file.ts';
import { json } from './files/json.ts';
import { leftovers } from './files/leftovers.ts';
import { pemBundle } from './files/pem-bundle.ts';
import { properties } from './files/properties.ts';
import { shellEnv } from './files/shell-env.ts';
import { yaml } from './files/yaml.ts';
import { haproxyFrontend } from './haproxy/frontend.ts';
import { haproxy } from './haproxy/haproxy.ts';
import { haproxyLocations } from './haproxy/locations.ts';
import { haproxyMetrics } from './haproxy/metrics.ts';
import { haproxyRules } from './haproxy/rules.ts';
import { haproxyState } from './haproxy/state-file.ts';
import { backlog } from './hardening/backlog.ts';
import { haproxyConnections } from './hardening/haproxy-connections.ts';
import { hardening } from './hardening/hardening.ts';
import { nginxConnections } from './hardening/nginx-connections.ts';
import { openFiles } from './hardening/open-files.ts';
import { untracked } from './hardening/untracked.ts';
import { certbot } from './host/certbot.ts';
import { keepalived } from './host/keepalived.ts';
import { ownName } from './host/own-name.ts';
import { packages } from './host/package.ts';
import { socketService } from './host/socket-service.ts';
import { systemdDropIn } from './host/systemd-dropin.ts';
import { unitState } from './host/unit.ts';
import { xinetdService } from './host/xinetd-service.ts';
import { nginxChallenges } from './nginx/challenges.ts';
import { nginxInclude } from './nginx/include.ts';
import { nginxLocations } from './nginx/locations.ts';
import { nginxPrefix } from './nginx/prefix.ts';
import { nginxServer } from './nginx/server.ts';
import { nginxStatus } from './nginx/status.ts';
import { relaysByHand } from './relay/by-hand/by-hand.ts';
import type { StepModule } from './step-module.ts';

const modules = [
  properties,
  yaml,
  json,
  shellEnv,
  systemdDropIn,
  leftovers,
  file,
  nginxPrefix,
  nginxLocations,
  nginxServer,
  nginxChallenges,
  nginxInclude,
  nginxStatus,
  relaysByHand,
  caddyLocations,
  caddyServer,
  caddyImport,
  caddyMetrics,
  packages,
  unitState,
  ownName,
  archive,
  certbot,
  etcServices,
  xinetdService,
  socketService,
  keepalived,
  haproxy,
  haproxyState,
  haproxyLocations,
  haproxyFrontend,
  haproxyRules,
  haproxyMetrics,
  pemBundle,
  hardening,
  nginxConnections,
  haproxyConnections,
  openFiles,
  untracked,
  backlog,
] as unknown as readonly StepModule[];

/** Every step module by its name in a playbook. */
export const stepModules: ReadonlyMap<string, StepModule> = new Map(
  modules.map((module) => [module.name, module] as const),
);
