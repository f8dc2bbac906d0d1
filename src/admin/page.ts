/** The page for people: rendered here, no script, readable on a telephone and in the dark. */
import { visible } from "../pins/visible.js";
import type { Shown } from "./view.js";

export function loginPage(problem: string | undefined): string {
  return page(
    "Sallyport",
    undefined,
    `<form class="card" method="post" action="/login">
<h1>Who is there?</h1>
<p>Your own token, as the configuration gives it to you (<code>admin.people</code>).</p>
${problem === undefined ? "" : `<p class="no">${text(problem)}</p>`}
<label>Token <input type="password" name="token" autocomplete="current-password" required autofocus></label>
<button class="yes">Come in</button>
</form>`,
  );
}

export function listPage(found: readonly Shown[], all: boolean, name: string, now: number): string {
  const title = all ? "All questions" : "Held calls";
  const none = all ? "Nothing was ever asked." : "Nothing waits for a person.";
  const cards = found.map(
    (each) => `<li><a class="card ${state(each)}" href="/a/${each.id}">
<span class="what">${text(`${each.server}/${each.tool}`)}</span>${environment(each)}
<span class="side">${text(when(each, now))}</span>
<span class="why">${text(each.reasons.join("; ") || each.needs.join("; "))}</span>
<span class="who">${text(each.requester)}${each.client === undefined ? "" : `, ${text(each.client)}`}</span>
</a></li>`,
  );
  const other = all
    ? '<a href="/">only those that wait</a>'
    : '<a href="/?all=true">all, answered ones too</a>';
  return page(
    title,
    name,
    `<h1>${title}</h1>
${found.length === 0 ? `<p class="quiet">${none}</p>` : `<ul>${cards.join("\n")}</ul>`}
<p class="quiet">${other}</p>`,
    // Who leaves it open sees what comes.
    all ? undefined : 10,
  );
}

export function questionPage(asked: Shown, name: string, now: number, problem: string | undefined): string {
  const row = (what: string, value: string | undefined): string =>
    value === undefined || value === "" ? "" : `<dt>${what}</dt><dd>${text(value)}</dd>`;
  const rows = [
    row("who", `${asked.requester}${asked.client === undefined ? "" : `, by ${asked.client}`}`),
    row("kind", asked.operation),
    row("tables", asked.tables?.join(", ")),
    ...asked.reasons.map((each) => row("why", each)),
    ...asked.needs.map((each) => row("needs", each)),
    ...asked.votes.map(({ by, approve, comment }) =>
      row("said", `${by}: ${approve ? "yes" : "no"}${comment === undefined ? "" : `, ${comment}`}`),
    ),
    row("decision", asked.decision),
  ];
  const form = `<form method="post" action="/a/${asked.id}/approve">
<label>A word to whoever asked <input name="comment" maxlength="300" placeholder="may stay empty"></label>
<div class="choice"><button class="yes">Let it run, once</button>
<button class="no" formaction="/a/${asked.id}/deny">Refuse</button></div>
</form>
<p class="quiet">If nobody answers, it expires and the call stays refused. Approved, the same call may be made again once; it
is not made by this.</p>`;
  return page(
    `${asked.server}/${asked.tool}`,
    name,
    `<p class="quiet"><a href="/">← held calls</a></p>
<section class="card ${state(asked)}">
<h1>${text(`${asked.server}/${asked.tool}`)}${environment(asked)}</h1>
<p class="side">${text(when(asked, now))}</p>
${asked.arguments === undefined ? "" : `<pre>${text(indented(asked.arguments))}</pre>`}
<dl>${rows.join("\n")}</dl>
${problem === undefined ? "" : `<p class="no">${text(`Not counted: ${problem}`)}</p>`}
${asked.state === "pending" ? form : ""}
</section>`,
  );
}

const state = (each: Shown): string => (each.state === "pending" ? "pending" : "over");
const environment = (each: Shown): string =>
  each.environment === undefined ? "" : ` <span class="env">${text(each.environment)}</span>`;

function when({ state: is, expires }: Shown, now: number): string {
  if (is !== "pending") return is;
  const seconds = Math.max(0, Math.round((Date.parse(expires) - now) / 1000));
  return seconds < 120 ? `${seconds} s left` : `${Math.round(seconds / 60)} min left`;
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

/** Control and direction characters are shown as what they are: what is approved must be what is read. */
function text(value: string): string {
  const plain = value.split("\n").map(visible).join("\n");
  return plain
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function page(title: string, name: string | undefined, body: string, refreshSeconds?: number): string {
  const out =
    name === undefined
      ? ""
      : `<form method="post" action="/logout"><span>${text(name)}</span> <button class="link">leave</button></form>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${text(title)} · Sallyport</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
${refreshSeconds === undefined ? "" : `<meta http-equiv="refresh" content="${refreshSeconds}">`}
<link rel="stylesheet" href="/style.css"></head>
<body><header><a class="brand" href="/">Sallyport</a>${out}</header><main>${body}</main></body></html>
`;
}

export const STYLE = `
:root { color-scheme: light dark; --back: #f6f5f2; --card: #fff; --ink: #1d1d1b; --soft: #6a675f; --line: #dedbd2;
  --yes: #1f6f4a; --no: #a3342a; --env: #8a5a00; --code: #f1efe9; }
@media (prefers-color-scheme: dark) { :root { --back: #171816; --card: #212320; --ink: #e9e7e1; --soft: #a09c92;
  --line: #373a35; --yes: #4fb286; --no: #e2786c; --env: #d9a441; --code: #191b18; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 44rem; margin: 0 auto; padding: 1rem; }
header { display: flex; justify-content: space-between; align-items: baseline; color: var(--soft); }
.brand { color: inherit; text-decoration: none; font-weight: 600; letter-spacing: .02em; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .75rem; overflow-wrap: anywhere; }
a { color: inherit; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
.card { display: block; background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--line);
  border-radius: 8px; padding: 1rem 1.15rem; text-decoration: none; }
.card.pending { border-left-color: var(--env); }
.what { font-weight: 600; overflow-wrap: anywhere; }
.why, .who { display: block; overflow-wrap: anywhere; }
.who, .side, .quiet, dt { color: var(--soft); }
.side { float: right; font-variant-numeric: tabular-nums; margin: 0 0 0 1rem; }
section .side { float: none; margin: -.5rem 0 1rem; }
.env { display: inline-block; border: 1px solid currentColor; border-radius: 4px; padding: 0 .4rem; color: var(--env);
  font-size: .8rem; font-weight: 600; vertical-align: middle; }
pre { background: var(--code); border-radius: 6px; padding: .8rem 1rem; margin: 0 0 1rem; overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; font: .9rem/1.45 ui-monospace, monospace; }
dl { display: grid; grid-template-columns: 6rem 1fr; gap: .3rem 1rem; margin: 0 0 1.25rem; }
dd { margin: 0; overflow-wrap: anywhere; }
label { display: block; margin: 0 0 1rem; color: var(--soft); }
input { display: block; width: 100%; margin-top: .3rem; padding: .55rem .7rem; font: inherit; color: var(--ink);
  background: var(--back); border: 1px solid var(--line); border-radius: 6px; }
button { font: inherit; font-weight: 600; padding: .6rem 1.1rem; border-radius: 6px; border: 1px solid transparent; cursor: pointer; }
button.yes { background: var(--yes); color: var(--card); }
button.no { background: none; border-color: currentColor; color: var(--no); }
button.link { background: none; padding: 0; font-weight: 400; color: inherit; text-decoration: underline; }
.choice { display: flex; flex-wrap: wrap; gap: .75rem; }
p.no { color: var(--no); }
:focus-visible { outline: 2px solid var(--env); outline-offset: 2px; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } .choice button { flex: 1; } }
`;
