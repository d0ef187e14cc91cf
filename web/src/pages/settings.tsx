// Keys and doors: access keys for `aws` and the command line, tokens for git,
// hooks for GitHub, and a sign-in link for a colleague. A secret is shown once,
// in this page only, and never kept by the browser.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { penstock, signedIn, signOut } from "../api/client.ts";
import { useLive } from "../api/live.ts";
import type { AccessKey, GitToken, SourceHook } from "../api/types.ts";
import { tell, useTab } from "../parts/announce.tsx";
import { Age, Button, Loading, Notice, Paste, ReadTrouble, Until, useBusy } from "../parts/basics.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { useDraft } from "../storage.ts";

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

function Section(props: { id: string; title: string; text: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card" aria-labelledby={props.id}>
      <h2 id={props.id}>{props.title}</h2>
      <p class="muted">{props.text}</p>
      {props.children}
    </section>
  );
}

function Once(props: { children: ComponentChildren; onDone: () => void }) {
  return (
    <div class="once" role="group" aria-label="Shown once">
      <p>
        <strong>Copy it now: it is not shown again.</strong>
      </p>
      {props.children}
      <Button onClick={props.onDone}>I have saved it</Button>
    </div>
  );
}

/** A list whose entries can be deleted, after a question. */
function Entries<T>(props: {
  items: T[];
  none: string;
  id: (item: T) => string;
  line: (item: T) => ComponentChildren;
  remove: { operation: string; input: (item: T) => object; verb: string; name: (item: T) => string; warning: string };
  refresh: () => void;
}) {
  const [asked, setAsked] = useState<T | null>(null);
  const work = useBusy();
  const remove = async (item: T) => {
    const done = await work.run(async () => {
      await penstock(props.remove.operation, props.remove.input(item));
    });
    props.refresh();
    if (!done) return;
    tell(`Deleted ${props.remove.name(item)}.`);
    setAsked(null);
  };
  return (
    <>
      {props.items.length ? (
        <ul class="entries">
          {props.items.map((item) => (
            <li key={props.id(item)}>
              <div class="entry">{props.line(item)}</div>
              <Button kind="quiet" label={`Delete ${props.remove.name(item)}`} onClick={() => { work.clear(); setAsked(item); }}>
                Delete…
              </Button>
            </li>
          ))}
        </ul>
      ) : (
        <p class="muted none">{props.none}</p>
      )}
      {asked ? (
        <Dialog title={`Delete ${props.remove.name(asked)}?`} onClose={() => setAsked(null)}>
          <p>{props.remove.warning}</p>
          {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
          <div class="buttons is-end">
            <Button onClick={() => setAsked(null)}>Keep it</Button>
            <Button kind="danger" busy={work.busy} onClick={() => void remove(asked)}>
              Delete
            </Button>
          </div>
        </Dialog>
      ) : null}
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
            verb: "Delete",
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
            verb: "Delete",
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

function SourceHooks() {
  const live = useLive<{ hooks: SourceHook[] }>("hooks", () => penstock("ListSourceHooks"), (event) => event.type === "repository");
  const [made, setMade] = useState<{ payloadUrl: string; secret: string; repository: string } | null>(null);
  return (
    <Section
      id="source-hooks"
      title="Source hooks"
      text="A push to a repository at GitHub starts the pipelines that name it. The server checks the signature of each delivery and fetches from the clone address."
    >
      {made ? (
        <Once onDone={() => setMade(null)}>
          <p>
            At GitHub, in <strong>{made.repository}</strong>: Settings, Webhooks, Add webhook. Content type <code>application/json</code>, and:
          </p>
          <Paste what="The payload URL" text={made.payloadUrl} />
          <Paste what="The secret" text={made.secret} />
        </Once>
      ) : null}
      <ReadTrouble error={live.error} refresh={live.refresh} have={!!live.data} />
      {live.data ? (
        <Entries
          items={live.data.hooks}
          none="No source hook yet."
          id={(hook) => hook.hookId}
          line={(hook) => (
            <>
              <span>
                <strong>{hook.repository}</strong> <span class="muted">{hook.provider}</span>
              </span>
              <span class="muted">
                {hook.lastDelivery ? (
                  <>
                    last delivery <Age at={hook.lastDelivery} />
                  </>
                ) : (
                  "no delivery yet"
                )}
              </span>
              <Paste what={`The payload URL of ${hook.repository}`} text={hook.payloadUrl} />
            </>
          )}
          remove={{
            operation: "DeleteSourceHook",
            input: (hook) => ({ hookId: hook.hookId }),
            verb: "Delete",
            name: (hook) => `the hook of ${hook.repository}`,
            warning: "Deliveries to its address are refused from now on. Delete the webhook at GitHub too.",
          }}
          refresh={live.refresh}
        />
      ) : live.error ? null : (
        <Loading what="the source hooks" />
      )}
      <HookForm
        onMade={(hook) => {
          setMade(hook);
          live.refresh();
        }}
      />
    </Section>
  );
}

function randomSecret(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function HookForm(props: { onMade: (hook: { payloadUrl: string; secret: string; repository: string }) => void }) {
  const [repository, setRepository] = useDraft("hook-repository");
  const [cloneUrl, setCloneUrl] = useDraft("hook-clone-url");
  const [userName, setUserName] = useDraft("hook-user");
  const [password, setPassword] = useState("");
  const [secret, setSecret] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const work = useBusy();
  const guessed = /^[^/\s]+\/[^/\s]+$/.test(repository.trim()) ? `https://github.com/${repository.trim()}.git` : "";

  const submit = () => {
    const problem = !/^[^/\s]+\/[^/\s]+$/.test(repository.trim())
      ? "Write the repository as owner/name."
      : secret && new TextEncoder().encode(secret).length < 32
        ? "A secret of your own needs at least 32 bytes. Leave it empty and one is made for you."
        : null;
    setWrong(problem);
    if (problem) return;
    void work.run(async () => {
      const used = secret || randomSecret();
      const hook = await penstock<{ hookId: string; payloadUrl: string }>("PutSourceHook", {
        provider: "github",
        repository: repository.trim(),
        cloneUrl: cloneUrl.trim() || guessed,
        secret: used,
        ...(userName.trim() ? { cloneUserName: userName.trim() } : {}),
        ...(password ? { clonePassword: password } : {}),
      });
      props.onMade({ payloadUrl: hook.payloadUrl, secret: used, repository: repository.trim() });
      for (const clear of [setRepository, setCloneUrl, setUserName, setPassword, setSecret]) clear("");
    });
  };

  return (
    <details class="add">
      <summary>Add a source hook</summary>
      <form
        class="grid-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field id="hook-repository" label="Repository" hint="owner/name" value={repository} onInput={setRepository} />
        <Field id="hook-clone" label="Clone address" hint={guessed || "https://…"} value={cloneUrl} onInput={setCloneUrl} />
        <Field id="hook-user" label="User name to clone with" hint="for private repositories" value={userName} onInput={setUserName} />
        <Field id="hook-password" label="Password or token" hint="for private repositories" secret value={password} onInput={setPassword} />
        <Field id="hook-secret" label="Webhook secret" hint="leave empty to have one made" secret value={secret} onInput={setSecret} />
        {wrong ? (
          <p class="field-error" role="alert">
            {wrong}
          </p>
        ) : null}
        {work.error ? <Notice kind="bad">{work.error}</Notice> : null}
        <Button type="submit" kind="primary" busy={work.busy}>
          Add the hook
        </Button>
      </form>
    </details>
  );
}

function Field(props: { id: string; label: string; hint: string; secret?: boolean; value: string; onInput: (text: string) => void }) {
  const common = {
    id: props.id,
    placeholder: props.hint,
    spellcheck: false,
    value: props.value,
    onInput: (event: { currentTarget: HTMLInputElement }) => props.onInput(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {props.secret ? <input type="password" autocomplete="new-password" {...common} /> : <input type="text" autocomplete="off" {...common} />}
    </div>
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
