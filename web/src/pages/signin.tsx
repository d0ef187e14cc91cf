// What stands here for someone the server does not know yet.
import { loadSession } from "../api/client.ts";
import { useTab } from "../parts/announce.tsx";
import { Button, Paste } from "../parts/basics.tsx";
import { Mark, Glyph } from "../parts/icons.tsx";

export function SignInPage() {
  useTab("Sign in");
  return (
    <main class="alone" id="main">
      <Mark />
      <h1 tabIndex={-1}>Sign in to Penstock</h1>
      <p class="lead">There is no password. A link signs you in, once.</p>
      <ul class="ways">
        <li>
          <strong>You run the server:</strong> on its machine,
          <Paste what="The command that prints a sign-in link" text="penstock token sign-in" />
          It also prints one when it starts for the first time.
        </li>
        <li>
          <strong>A colleague is signed in:</strong> they make one for you under Settings, “A colleague’s sign-in”.
        </li>
      </ul>
      <Button onClick={() => void loadSession()}>
        <Glyph name="again" />
        I have signed in
      </Button>
    </main>
  );
}

export function UnreachablePage(props: { message: string }) {
  useTab("Not reachable");
  return (
    <main class="alone" id="main">
      <Mark />
      <h1 tabIndex={-1}>The server does not answer</h1>
      <p class="lead" role="alert">
        {props.message}
      </p>
      <Button kind="primary" onClick={() => void loadSession()}>
        <Glyph name="again" />
        Try again
      </Button>
    </main>
  );
}
