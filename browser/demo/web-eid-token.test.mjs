// Replays the recorded tokens in `vectors/tokens.json`: `node --test browser/demo`.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { TokenRefused, validate } from "./web-eid-token.mjs";

const recorded = JSON.parse(await readFile(new URL("vectors/tokens.json", import.meta.url), "utf8"));

for (const vector of recorded.vectors) {
  test(vector.name, async () => {
    assert.equal(await verdict(vector), vector.demo);
  });
}

test("a revoked certificate is refused, and asked about with its issuer", async () => {
  const [vector] = recorded.vectors;
  const isRevoked = async (certificate, issuer) => certificate.checkIssued(issuer);
  assert.equal(await verdict(vector, isRevoked), "revoked");
});

async function verdict({ token, changed, origin, nonce, moment, authorities }, isRevoked = async () => false) {
  const shown = { ...recorded.tokens[token], ...changed };
  const trusted = authorities.map((name) => new X509Certificate(recorded.authorities[name]));
  try {
    await validate(shown, { origin, nonce, authorities: trusted, now: new Date(moment), isRevoked });
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof TokenRefused, error);
    return error.reason;
  }
}
