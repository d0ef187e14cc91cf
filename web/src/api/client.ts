// The one place that talks to the server's AWS door. Every failure becomes an
// ApiError whose `message` is one sentence a person can act on.
import { signal } from "@preact/signals";
import type { LogPage, Session } from "./types.ts";

export type SignedIn =
  | { state: "unknown" }
  | { state: "in"; session: Session }
  | { state: "out" }
  | { state: "unreachable"; message: string };

export const signedIn = signal<SignedIn>({ state: "unknown" });

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const unreachable = "The server cannot be reached. Check that penstock-server is running and that you are online, then try again.";

/** Server messages follow git's rules (lower case, no full stop); people get a sentence. */
export function asSentence(text: string): string {
  const trimmed = text.trim();
  if (!trimmed) return trimmed;
  const first = trimmed[0] ?? "";
  const capital = /^[a-z]+[ ,;:]/.test(trimmed) ? first.toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}

async function failure(response: Response): Promise<ApiError> {
  const type = response.headers.get("x-amzn-ErrorType") ?? "";
  let code = type.split(":")[0] ?? "";
  let message = "";
  try {
    const body = (await response.json()) as { __type?: string; message?: string; Message?: string };
    code ||= (body.__type ?? "").split("#").pop() ?? "";
    message = body.message ?? body.Message ?? "";
  } catch {
    // A proxy in between may answer with a page of its own: the status must do.
  }
  if (!message) {
    message =
      response.status === 502 || response.status === 503 || response.status === 504
        ? "the server is not ready; wait a few seconds, then try again"
        : `the server answered ${response.status}; try again, and look at the server's log when it stays so`;
  }
  return new ApiError(code || `Status${response.status}`, asSentence(message), response.status);
}

async function post(target: string, input: object, csrfToken: string | undefined): Promise<Response> {
  try {
    return await fetch("/", {
      method: "POST",
      headers: {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": target,
        ...(csrfToken ? { "X-Penstock-Csrf": csrfToken } : {}),
      },
      body: JSON.stringify(input),
      credentials: "same-origin",
    });
  } catch {
    throw new ApiError("Unreachable", unreachable, 0);
  }
}

function csrfToken(): string | undefined {
  const now = signedIn.value;
  return now.state === "in" ? now.session.csrfToken : undefined;
}

const means_signed_out = new Set(["MissingAuthenticationTokenException", "MissingAuthenticationToken", "UnrecognizedClientException", "ExpiredTokenException", "NotSignedInException"]);

function isSignedOut(error: ApiError): boolean {
  return error.status === 401 || means_signed_out.has(error.code);
}

/** Asks who we are. Sets `signedIn`; never throws. */
export async function loadSession(): Promise<void> {
  try {
    const response = await post("Penstock_20261101.GetSession", {}, undefined);
    if (response.ok) {
      signedIn.value = { state: "in", session: (await response.json()) as Session };
      return;
    }
    const error = await failure(response);
    const refused = isSignedOut(error) || response.status === 403 || response.status === 400;
    signedIn.value = refused ? { state: "out" } : { state: "unreachable", message: error.message };
  } catch (error) {
    signedIn.value = { state: "unreachable", message: error instanceof ApiError ? error.message : unreachable };
  }
}

async function call<T>(target: string, input: object): Promise<T> {
  let response = await post(target, input, csrfToken());
  if (response.status === 403) {
    // The token in hand may be of an earlier session (signed in again in another tab).
    const before = csrfToken();
    await loadSession();
    const after = csrfToken();
    if (after && after !== before) response = await post(target, input, after);
  }
  if (response.ok) return (await response.json()) as T;
  const error = await failure(response);
  if (isSignedOut(error)) await loadSession();
  throw error;
}

export const penstock = <T>(operation: string, input: object = {}): Promise<T> => call<T>(`Penstock_20261101.${operation}`, input);
export const codePipeline = <T>(operation: string, input: object = {}): Promise<T> => call<T>(`CodePipeline_20150709.${operation}`, input);

export const codeBuild = <T>(operation: string, input: object = {}): Promise<T> => call<T>(`CodeBuild_20161006.${operation}`, input);

export const codeCommit = <T>(operation: string, input: object = {}): Promise<T> => call<T>(`CodeCommit_20150413.${operation}`, input);

export async function fetchLog(
  logId: string,
  query: { from: number; count: number; wait?: number },
  abort: AbortSignal,
): Promise<LogPage> {
  const search = new URLSearchParams({ from: String(query.from), count: String(query.count) });
  if (query.wait) search.set("wait", String(query.wait));
  let response: Response;
  try {
    response = await fetch(`${logAddress(logId)}?${search}`, { signal: abort, credentials: "same-origin" });
  } catch (error) {
    if (abort.aborted) throw error;
    throw new ApiError("Unreachable", unreachable, 0);
  }
  if (response.ok) return (await response.json()) as LogPage;
  const error = await failure(response);
  if (isSignedOut(error)) await loadSession();
  throw error;
}

export const logAddress = (logId: string): string => `/logs/${encodeURIComponent(logId)}`;

export async function signOut(): Promise<void> {
  const token = csrfToken();
  try {
    await fetch("/sign-out", { method: "POST", credentials: "same-origin", redirect: "manual", headers: token ? { "X-Penstock-Csrf": token } : {} });
  } finally {
    await loadSession();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
