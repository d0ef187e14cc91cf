// Keys and doors: access keys for `aws` and the command line, tokens for git,
// hooks for GitHub, and a sign-in link for a colleague. A secret is shown once,
// in this page only, and never kept by the browser.
import { useState } from "preact/hooks";
import { penstock, signedIn, signOut } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { AccessKey, GitToken } from "../api/types.ts";
import { useTab } from "../parts/announce.tsx";
import { Age, Button, Loading, Notice, Paste, ReadTrouble, Until, useBusy } from "../parts/basics.tsx";
import { useDraft } from "../storage.ts";
import { SourceHooks } from "./settings_hooks.tsx";
import { Entries, Once, Section } from "./settings_parts.tsx";

export function SettingsPage() {
  useTab("Settings");
  const now = signedIn.value;
  const session = now.state === "in" ? now.session : undefined;
  return (
    <>
      <header class="page-head">
        <h1 tabIndex={-1}>Settings</h1>
        <div class="buttons">
          <Button onClick={() => void signOut()}>Sign out</Button>
        </div>
      </header>
      {session ? (
        <p class="story">
          You are <strong>{session.user}</strong>. Account <code>{session.accountId}</code>, region <code>{session.region}</code>, server version {session.serverVersion}.
        </p>
      ) : null}
      <AccessKeys />
      <GitTokens />
      <SourceHooks />
      <SignInLink />
    </>
  );
}

function AccessKeys() {
  const live = useLive<{ accessKeys: AccessKey[] }>("access keys", () => penstock("ListAccessKeys"), () => false);
  const [made, setMade] = useState<AccessKey | null>(null);
  const work = useBusy();
  const now = signedIn.value;
  const region = now.state === "in" ? now.session.region : "us-east-1";
  const create = () =>
    void work.run(async () => {
      setMade(await penstock<AccessKey>("CreateAccessKey"));
      live.refresh();
    });
  return (
    <Section
      id="access-keys"
      title="Access keys"
      text={
        <>
          For <code>aws</code>, boto3, Terraform and <code>penstock</code>.
        </>
      }
    >
      {made?.secretAccessKey ? (
        <Once onDone={() => setMade(null)}>
          <Paste
            what="The access key as environment variables"
            text={`export AWS_ACCESS_KEY_ID=${made.accessKeyId} AWS_SECRET_ACCESS_KEY=${made.secretAccessKey} AWS_DEFAULT_REGION=${region}`}
          />
          <Paste what="A first command" text={`aws --endpoint-url ${location.origin} codepipeline list-pipelines`} />
        </Once>
      ) : null}
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!live.data} />
      {live.data ? (
        <Entries
          items={live.data.accessKeys}
          none="No access key yet."
          id={(key) => key.accessKeyId}
          line={(key) => (
            <>
              <code>{key.accessKeyId}</code>
              <span class="muted">
                {key.userName ? `${key.userName}, ` : ""}made <Age at={key.created} />
              </span>
            </>
          )}
          remove={{
            operation: "DeleteAccessKey",
            input: (key) => ({ accessKeyId: key.accessKeyId }),
            name: (key) => `the access key ${key.accessKeyId}`,
            warning: "Whatever still signs with this key is refused at once.",
          }}
          refresh={live.refresh}
        />
      ) : live.error ? null : (
        <Loading what="the access keys" />
      )}
      {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
      <Button busy={work.busy} onClick={create}>
        Create an access key
      </Button>
    </Section>
  );
}

function GitTokens() {
  const live = useLive<{ gitTokens: GitToken[] }>("git tokens", () => penstock("ListGitTokens"), () => false);
  const [made, setMade] = useState<GitToken | null>(null);
  const [description, setDescription] = useDraft("git-token");
  const work = useBusy();
  const create = () =>
    void work.run(async () => {
      const text = description.trim();
      setMade(await penstock<GitToken>("CreateGitToken", text ? { description: text } : {}));
      setDescription("");
      live.refresh();
    });
  const host = location.origin.replace("//", `//git:${made?.token ?? ""}@`);
  return (
    <Section
      id="git-tokens"
      title="Git tokens"
      text={
        <>
          The password for pushes to <code>{location.origin}/git/…</code>; any user name will do.
        </>
      }
    >
      {made?.token ? (
        <Once onDone={() => setMade(null)}>
          <Paste what="The git token" text={made.token} />
          <Paste what="A remote with the token" text={`git remote add penstock ${host}/git/NAME`} />
        </Once>
      ) : null}
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!live.data} />
      {live.data ? (
        <Entries
          items={live.data.gitTokens}
          none="No git token yet."
          id={(token) => token.tokenId}
          line={(token) => (
            <>
              <span>{token.description || <code>{token.tokenId}</code>}</span>
              <span class="muted">
                made <Age at={token.created} />
              </span>
            </>
          )}
          remove={{
            operation: "DeleteGitToken",
            input: (token) => ({ tokenId: token.tokenId }),
            name: (token) => `the git token ${token.description || token.tokenId}`,
            warning: "Clones that use it can no longer fetch or push.",
          }}
          refresh={live.refresh}
        />
      ) : live.error ? null : (
        <Loading what="the git tokens" />
      )}
      {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          create();
        }}
      >
        <div class="field">
          <label for="git-token-description">
            What for <span class="muted">(optional)</span>
          </label>
          <input id="git-token-description" type="text" maxLength={100} autocomplete="off" value={description} onInput={(event) => setDescription(event.currentTarget.value)} />
        </div>
        <Button type="submit" busy={work.busy}>
          Create a git token
        </Button>
      </form>
    </Section>
  );
}

function SignInLink() {
  const [link, setLink] = useState<{ url: string; expires: number } | null>(null);
  const [userName, setUserName] = useDraft("sign-in-user");
  const work = useBusy();
  const create = () =>
    void work.run(async () => {
      const name = userName.trim();
      setLink(await penstock("CreateSignInLink", name ? { userName: name } : {}));
      setUserName("");
    });
  return (
    <Section id="sign-in-links" title="A colleague’s sign-in" text="A link signs one person in, once, within 30 minutes. Whoever has it can do everything you can.">
      {link ? (
        <Once onDone={() => setLink(null)}>
          <Paste what="The sign-in link" text={link.url} />
          <p class="muted">
            Works once, expires <Until at={link.expires} />.
          </p>
        </Once>
      ) : null}
      {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          create();
        }}
      >
        <div class="field">
          <label for="sign-in-user">
            Their name <span class="muted">(shown with what they do)</span>
          </label>
          <input id="sign-in-user" type="text" maxLength={64} autocomplete="off" value={userName} onInput={(event) => setUserName(event.currentTarget.value)} />
        </div>
        <Button type="submit" busy={work.busy}>
          Create a sign-in link
        </Button>
      </form>
    </Section>
  );
}
