export function findEngineServer(): string | undefined;
