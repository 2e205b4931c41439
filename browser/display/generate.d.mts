export function generated(): Record<string, string>;
export function generate(): void;
