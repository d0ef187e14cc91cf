// The little of node that the unit tests use; all of @types/node would put
// node's globals into the browser's code.
declare module "node:assert/strict" {
  interface Assert {
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    ok(value: unknown, message?: string): void;
    match(text: string, pattern: RegExp, message?: string): void;
  }
  const assert: Assert;
  export default assert;
}
declare module "node:test" {
  export function test(name: string, body: () => void | Promise<void>): void;
}
