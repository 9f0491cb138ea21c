import { archive } from './archive.ts';
import { certbot } from './certbot.ts';
import { etcServices } from './etc-services.ts';
import { file } from './file.ts';
import { haproxy } from './haproxy.ts';
import { haproxyState } from './haproxy-state.ts';
import { json } from './json.ts';
import { nginxInclude } from './nginx-include.ts';
import { nginxLocations } from './nginx-locations.ts';
import { nginxPrefix } from './nginx-prefix.ts';
import { nginxServer } from './nginx-server.ts';
import { packages } from './package.ts';
import { pemBundle } from './pem-bundle.ts';
import { properties } from './properties.ts';
import { shellEnv } from './shell-env.ts';
import { socketService } from './socket-service.ts';
import type { StepModule } from './step-module.ts';
import { systemdDropIn } from './systemd-dropin.ts';
import { unitState } from './unit.ts';
import { xinetdService } from './xinetd-service.ts';
import { yaml } from './yaml.ts';

const modules = [
  properties,
  yaml,
  json,
  shellEnv,
  systemdDropIn,
  file,
  nginxPrefix,
  nginxLocations,
  nginxServer,
  nginxInclude,
  packages,
  unitState,
  archive,
  certbot,
  etcServices,
  xinetdService,
  socketService,
  haproxy,
  haproxyState,
  pemBundle,
] as unknown as readonly StepModule[];

/** Every step module by the word that stands for it in a playbook. */
export const stepModules: ReadonlyMap<string, StepModule> = new Map(
  modules.map((module) => [module.name, module] as const),
);
