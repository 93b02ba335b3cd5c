// Signs and verifies with the `standardwebhooks` library for JavaScript; ../README.md describes the lines read and
// written.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// An import would look for the library above this file; NODE_PATH, which names where it is, holds for `require` only.
const { Webhook } = createRequire(import.meta.url)("standardwebhooks");

const text = (base64) => Buffer.from(base64, "base64").toString("utf8");

const operations = {
  sign: ({ secret, id, timestamp, body_base64 }) => ({
    signature: new Webhook(secret).sign(id, new Date(timestamp * 1000), text(body_base64)),
  }),
  verify: ({ secret, headers, body_base64 }) => {
    try {
      new Webhook(secret).verify(text(body_base64), headers, { jsonParse: false });
    } catch (refusal) {
      return { verified: false, reason: `${refusal.name}: ${refusal.message}` };
    }
    return { verified: true };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  console.log(JSON.stringify(operations[request.op](request)));
}
