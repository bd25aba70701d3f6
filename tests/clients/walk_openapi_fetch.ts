// The main way of a draft by openapi-fetch, with the types that openapi-typescript made.
// Prints what came of it as JSON.
import { createHmac } from "node:crypto";
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./sanshen.js";

type Case = components["schemas"]["CaseOut"];
type Ticket = components["schemas"]["SignedStatement"];

const [url, password, steps] = process.argv.slice(2) as [string, string, string];

function good<Data, Fault>(answer: { data?: Data; error?: Fault; response: Response }): Data {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

async function signedIn(login: string) {
  const said = good(await createClient<paths>({ baseUrl: url }).POST("/api/v1/auth/token", { body: { login, password } }));
  return createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${said.token}` } });
}

// Standard Webhooks over the bytes that are sent.
function signing(secret: string): Middleware {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return {
    async onRequest({ request }) {
      const at = Math.floor(Date.now() / 1000).toString();
      const signed = `${request.headers.get("webhook-id")}.${at}.${await request.clone().text()}`;
      request.headers.set("webhook-timestamp", at);
      request.headers.set("webhook-signature", `v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
      return request;
    },
  };
}

const digestOf = (one: Case, stage: string, line: string) =>
  one.stages.find((run) => run.stage === stage && run.line === line)?.digest ?? null;

const editor = await signedIn("editor");
const draft = good(
  await editor.POST("/api/v1/drafts", {
    params: { header: { "Idempotency-Key": "walk-1" } },
    body: {
      format: "markdown",
      content: "# 冬季送温暖\n\n志愿者走访独居老人。",
      targets: [{ channel: "wechat", section: "news" }],
    },
  }),
);
const path = { draft_id: draft.id };
const opened = good(
  await editor.POST("/api/v1/drafts/{draft_id}/submissions", { params: { path }, body: { digest: draft.digest } }),
);
const case_id = opened.id;
const stale = await (await signedIn("initial_reviewer")).POST("/api/v1/cases/{case_id}/decisions", {
  params: { path: { case_id } },
  body: { stage: "initial_review", digest: "0".repeat(64), verdict: "approve" },
});
let standing = opened;
for (const [stage, line, login] of JSON.parse(steps) as [string, string, string][]) {
  const person = await signedIn(login);
  let digest: string | null = null;
  for (const until = Date.now() + 30_000; digest === null && Date.now() < until; ) {
    standing = good(await person.GET("/api/v1/cases/{case_id}", { params: { path: { case_id } } }));
    digest = digestOf(standing, stage, line);
    if (digest === null) await new Promise((again) => setTimeout(again, 100));
  }
  if (digest === null) throw new Error(stage);
  standing = good(
    await person.POST("/api/v1/cases/{case_id}/decisions", {
      params: { path: { case_id } },
      body: { stage, line, digest, verdict: "approve" },
    }),
  );
}
const digest = digestOf(standing, "sign_off", "wechat")!;
const publisher = await signedIn("publisher");
const signed = good(
  await publisher.POST("/api/v1/cases/{case_id}/releases", {
    params: { path: { case_id } },
    body: { line: "wechat", digest },
  }),
);
const xitong = await signedIn("system_admin");
const unit_id = good(await xitong.GET("/api/v1/units")).find((one) => one.name === "清河市民政局")!.id;
const tool = good(await xitong.POST("/api/v1/tools", { body: { unit_id, name: "发布机", channels: ["wechat"] } }));
const machine = createClient<paths>({ baseUrl: url });
machine.use(signing(tool.secret));
const header = (id: string) => ({ "webhook-id": id, "webhook-timestamp": "0", "webhook-signature": "v1," });
const query = { tool: tool.id };
const cleared = good(
  await machine.POST("/api/v1/webhooks/clearance", {
    params: { query, header: header("msg_1") },
    body: { channel: "wechat", digest },
  }),
);
const published = good(
  await machine.POST("/api/v1/webhooks/publications", {
    params: { query, header: header("msg_2") },
    body: { ticket: cleared.statement["ticket"] as Ticket, external_id: "100001", digest },
  }),
);
const shown = good(await publisher.GET("/api/v1/drafts/{draft_id}/publications", { params: { path } }));
console.log(
  JSON.stringify({
    refused: stale.error?.code,
    outcome: cleared.statement["outcome"],
    release: signed.release?.id === published.release_id,
    publications: shown.publications.map((one) => one.external_id),
    draft: good(await editor.GET("/api/v1/drafts/{draft_id}", { params: { path } })).state,
  }),
);
