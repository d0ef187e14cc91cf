// The dashboard's own addresses (the list stands at the end of docs/doors.md).
import { computed, signal } from "@preact/signals";

export type Place =
  | { page: "overview" }
  | { page: "pipeline"; name: string }
  | { page: "execution"; name: string; id: string }
  | { page: "action"; name: string; id: string; stage: string; action: string }
  | { page: "environments" }
  | { page: "releases"; name: string; stage: string }
  | { page: "runners" }
  | { page: "settings" }
  | { page: "unknown" };

export const paths = {
  overview: "/",
  environments: "/environments",
  releases: (name: string, stage: string) => `/environments/${encodeURIComponent(name)}/${encodeURIComponent(stage)}`,
  runners: "/runners",
  settings: "/settings",
  pipeline: (name: string) => `/pipelines/${encodeURIComponent(name)}`,
  execution: (name: string, id: string) => `${paths.pipeline(name)}/executions/${encodeURIComponent(id)}`,
  action: (name: string, id: string, stage: string, action: string) =>
    `${paths.execution(name, id)}/${encodeURIComponent(stage)}/${encodeURIComponent(action)}`,
};

export function parsePath(path: string): Place {
  let parts: string[];
  try {
    parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return { page: "unknown" };
  }
  const [first, name, executions, id, stage, action] = parts;
  if (first === undefined) return { page: "overview" };
  if (first === "environments" && parts.length === 1) return { page: "environments" };
  if (first === "environments" && parts.length === 3 && name && executions) return { page: "releases", name, stage: executions };
  if (parts.length === 1 && first === "runners") return { page: "runners" };
  if (parts.length === 1 && first === "settings") return { page: "settings" };
  if (parts.length === 1 && first === "pipelines") return { page: "overview" };
  if (first !== "pipelines" || !name) return { page: "unknown" };
  if (parts.length === 2) return { page: "pipeline", name };
  if (executions !== "executions") return { page: "unknown" };
  if (parts.length === 3) return { page: "pipeline", name };
  if (parts.length === 4 && id) return { page: "execution", name, id };
  if (parts.length === 6 && id && stage && action) return { page: "action", name, id, stage, action };
  return { page: "unknown" };
}

export const path = signal(location.pathname);
export const place = computed(() => parsePath(path.value));

export function go(to: string): void {
  const target = new URL(to, location.href);
  if (target.pathname + target.search + target.hash !== location.pathname + location.search + location.hash) {
    history.pushState(null, "", target);
  }
  if (target.pathname === path.value) return;
  path.value = target.pathname;
  window.scrollTo(0, 0);
  // A screen reader starts at the new page's heading, as it would after a load.
  requestAnimationFrame(() => document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true }));
}

function clicked(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.("a");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname) return;
  if (parsePath(link.pathname).page === "unknown") return;
  event.preventDefault();
  go(link.href);
}

export function startRouter(): void {
  document.addEventListener("click", clicked);
  window.addEventListener("popstate", () => {
    path.value = location.pathname;
  });
}
