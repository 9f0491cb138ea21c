import type { SecretRegister } from '../secrets/register.ts';

/**
 * A stream to which no secret of the run gets, whoever writes to it. The last of several nets: what is shown is masked
 * before it is laid out as well, since a secret that was cut off or wrapped is no longer found here.
 */
export function concealed(stream: NodeJS.WriteStream, secrets: SecretRegister): NodeJS.WriteStream {
  const write = (chunk: unknown, ...rest: readonly unknown[]): boolean =>
    Reflect.apply(stream.write, stream, [typeof chunk === 'string' ? secrets.mask(chunk) : chunk, ...rest]);
  return new Proxy(stream, {
    get(target, key) {
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}
