// The frame around every page: top bar, connection, help, announcements.
import { useEffect, useState } from "preact/hooks";
import { loadSession, signedIn } from "./api/client.ts";
import { retryStreamNow, startStream, stopStream, streamState } from "./api/events.ts";
import { forgetAll } from "./api/live.ts";
import { moveInList, shortcutsOn, useKeys } from "./keys.ts";
import { Announcer } from "./parts/announce.tsx";
import { Button } from "./parts/basics.tsx";
import { Dialog } from "./parts/dialog.tsx";
import { Mark, StateIcon } from "./parts/icons.tsx";
import { Missing } from "./parts/page.tsx";
import { ActionPage } from "./pages/action.tsx";
import { EnvironmentsPage, ReleasesPage } from "./pages/environments.tsx";
import { ExecutionPage } from "./pages/execution.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { PipelinePage } from "./pages/pipeline.tsx";
import { RunnersPage } from "./pages/runners.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { SignInPage, UnreachablePage } from "./pages/signin.tsx";
import { go, path, paths, place } from "./router.ts";

export function App() {
  const now = signedIn.value;
  useEffect(() => {
    if (now.state === "in") startStream();
    else {
      stopStream();
      if (now.state === "out") forgetAll();
    }
  }, [now.state]);

  // An unreachable server is asked again by itself; a sign-in elsewhere is seen on return.
  useEffect(() => {
    const look = () => !document.hidden && signedIn.peek().state !== "in" && void loadSession();
    const timer = window.setInterval(() => signedIn.peek().state === "unreachable" && look(), 5000);
    document.addEventListener("visibilitychange", look);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);

  if (now.state === "unknown") return null;
  if (now.state === "out") return <SignInPage />;
  if (now.state === "unreachable") return <UnreachablePage message={now.message} />;
  return <SignedInApp />;
}

function SignedInApp() {
  const [help, setHelp] = useState(false);
  useKeys(
    {
      "?": () => setHelp(true),
      "g o": () => go(paths.overview),
      "g e": () => go(paths.environments),
      "g r": () => go(paths.runners),
      "g s": () => go(paths.settings),
      j: () => moveInList(1),
      k: () => moveInList(-1),
    },
    true,
  );
  const page = place.value.page;
  return (
    <div class={`app on-${page}`}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href={paths.overview} aria-label="Penstock, overview">
          <Mark />
          <span>Penstock</span>
        </a>
        <nav aria-label="Main">
          <NavLink href={paths.overview} here={page === "overview" || page === "pipeline" || page === "execution" || page === "action"}>
            Pipelines
          </NavLink>
          <NavLink href={paths.environments} here={page === "environments" || page === "releases"}>
            Environments
          </NavLink>
          <NavLink href={paths.runners} here={page === "runners"}>
            Runners
          </NavLink>
          <NavLink href={paths.settings} here={page === "settings"}>
            Settings
          </NavLink>
        </nav>
        <Connection />
        <button type="button" class="button is-quiet help-button" onClick={() => setHelp(true)} aria-label="Keyboard shortcuts" aria-keyshortcuts="?">
          ?
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        <Page key={path.value} />
      </main>
      <Announcer />
      {help ? <Help onClose={() => setHelp(false)} /> : null}
    </div>
  );
}

function NavLink(props: { href: string; here: boolean; children: string }) {
  return (
    <a class="nav-link" href={props.href} aria-current={props.here ? "page" : undefined}>
      {props.children}
    </a>
  );
}

function Page() {
  const now = place.value;
  switch (now.page) {
    case "overview":
      return <OverviewPage />;
    case "pipeline":
      return <PipelinePage name={now.name} />;
    case "execution":
      return <ExecutionPage name={now.name} id={now.id} />;
    case "action":
      return <ActionPage name={now.name} id={now.id} stage={now.stage} action={now.action} />;
    case "environments":
      return <EnvironmentsPage />;
    case "releases":
      return <ReleasesPage name={now.name} stage={now.stage} />;
    case "runners":
      return <RunnersPage />;
    case "settings":
      return <SettingsPage />;
    case "unknown":
      return <Missing what="this address" />;
  }
}

function Connection() {
  const state = streamState.value;
  const lost = state === "waiting";
  return (
    <div class="connection" role="status">
      {lost ? (
        <button type="button" class="button is-quiet connection-lost" onClick={retryStreamNow} title="The live connection is lost. Press to try at once.">
          <StateIcon state="running" />
          Reconnecting…
        </button>
      ) : state === "open" ? (
        <span class="dot-word is-online" title="What you see is live">
          <span class="dot" aria-hidden="true" />
          Live
        </span>
      ) : null}
    </div>
  );
}

const shortcuts: [keys: string, what: string][] = [
  ["?", "this help"],
  ["g o", "go to the overview"],
  ["g e", "go to the environments"],
  ["g r", "go to the runners"],
  ["g s", "go to the settings"],
  ["j / k", "next or previous in a list; in a log, scroll"],
  ["a", "to the approval’s comment"],
  ["c", "cancel the execution (asks first)"],
  ["/", "find in the log; Enter and Shift Enter step"],
  ["n / p", "next or previous match; n without a search: first error"],
  ["e", "first error in the log"],
  ["f", "follow the end of the log"],
  ["t / w", "times and wrapping in the log"],
  ["Escape", "close what is open"],
];

function Help(props: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={props.onClose}>
      <dl class="keys">
        {shortcuts.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (key === "/" && keys.length > 1 ? <span key={key}> or </span> : <kbd key={key}>{key}</kbd>))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label class="switch">
        <input type="checkbox" checked={shortcutsOn.value} onChange={(event) => (shortcutsOn.value = event.currentTarget.checked)} />
        Shortcuts are on in this browser
      </label>
      <div class="buttons is-end">
        <Button onClick={props.onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
