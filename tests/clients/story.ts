// A story by a client that openapi-typescript made: sign in, list alerts, acknowledge one, open a case, read it.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

const told = JSON.parse(process.argv[2]);
const client = createClient<paths>({ baseUrl: told.url });

function must<Body>(answer: { data?: Body; error?: unknown; response: Response }): Body {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

const tokens = must(await client.POST("/v1/sessions", { body: { email: told.email, password: told.password } }));
const headers = { Authorization: `Bearer ${tokens.access_token}` };
const { alerts, epoch } = must(await client.GET("/v1/alerts", { headers, params: { query: { status: "open" } } }));
const acknowledged = must(
  await client.POST("/v1/alerts/{alert_id}/acknowledgement", {
    headers,
    params: { path: { alert_id: alerts[0].id }, query: { danger: alerts[0].danger }, header: { "Cordon-Epoch": epoch } },
  }),
);
const made = must(await client.POST("/v1/wearers", { headers, body: told.case }));
const seen = must(await client.GET("/v1/wearers/{wearer_id}", { headers, params: { path: { wearer_id: made.id } } }));
const refused = await client.POST("/v1/wearers", { headers, body: { ...told.case, serial: "" } });
console.log(
  JSON.stringify({
    handling: acknowledged.handling,
    by: acknowledged.acknowledgement?.by.name,
    wearer: seen.name,
    conditions: seen.orders[0].conditions.map((one) => one.wording),
    refused: refused.error?.errors?.map((one) => one.field),
  }),
);
