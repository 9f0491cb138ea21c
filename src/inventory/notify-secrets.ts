import type { YamlDocument, YamlPath } from '../document/yaml-document.ts';
import type { NotifySettings } from './notify-schema.ts';
import type { SecretUse } from './secret-use.ts';

/** The secrets that it takes to tell people what scheduled runs find; no host gets them. */
export function notifySecrets(
  document: Pick<YamlDocument, 'location'>,
  notify: NotifySettings | undefined,
): readonly Pick<SecretUse, 'value' | 'location'>[] {
  if (notify === undefined) return [];
  const found: readonly (readonly [YamlPath, unknown])[] = [
    ...notify.targets
      .flatMap((target, index): (readonly [YamlPath, unknown])[] => {
        if ('command' in target) return [];
        if ('mail' in target) return [[[index, 'mail', 'smtp', 'password'], target.mail.smtp.password]];
        return [
          [[index, 'webhook'], target.webhook],
          [[index, 'secret'], target.secret],
        ];
      })
      .map(([path, value]) => [['targets', ...path], value] as const),
    [['dead_man'], notify.dead_man],
  ];
  return found.flatMap(([path, value]) =>
    typeof value === 'object' && value !== null
      ? [{ value: value as SecretUse['value'], location: document.location(['notify', ...path]) }]
      : [],
  );
}
