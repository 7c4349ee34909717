// A small relying party: logs a professional in by the card, and takes a signed document.
//
//   node server.mjs --origin https://portal.example:8443 --cert site.pem --key site.key --authorities roots.pem
//
// It has one process, keeps sessions in memory and trusts TEST cards where the authorities are TEST ones.

import { X509Certificate, createHash, randomBytes, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { parseArgs } from "node:util";

import { TokenRefused, validate } from "./web-eid-token.mjs";

const OPTIONS = Object.fromEntries(["origin", "cert", "key", "authorities"].map((name) => [name, { type: "string" }]));
const { values: options } = parseArgs({ options: OPTIONS });
const authorities = certificatesIn(await readFile(options.authorities, "utf8"));
const document = "Je confirme avoir pris connaissance de la charte du portail.";

const NONCE_LIFE = 5 * 60 * 1000;
const MOST_SESSIONS = 10_000;
const LONGEST_BODY = 64 * 1024;

/** @type {Map<string, { nonce?: string, nonceEnds?: number, holder?: string }>} by the session's cookie */
const sessions = new Map();

const ROUTES = {
  "GET /": () => file("index.html", "text/html; charset=utf-8"),
  "GET /page.js": () => file("page.js", "text/javascript"),
  "GET /cpx/index.js": () => file("../sdk/dist/index.js", "text/javascript"),
  "GET /cpx/login.js": () => file("../sdk/dist/login.js", "text/javascript"),
  "GET /nonce": (session) => text(newNonce(session)),
  "POST /login": (session, body) => logIn(session, body),
  "GET /document": () => text(document),
  "POST /signature": (session, body) => takeSignature(session, body),
};

const tls = { cert: await readFile(options.cert), key: await readFile(options.key) };
const server = createServer(tls, (request, response) => void answer(request, response));
server.listen(new URL(options.origin).port || 443, "127.0.0.1", () => console.log(`ready at ${options.origin}`));

/** A nonce belongs to one session, is used once, and lives five minutes. */
function newNonce(session) {
  session.nonce = randomBytes(32).toString("base64");
  session.nonceEnds = Date.now() + NONCE_LIFE;
  return session.nonce;
}

async function logIn(session, token) {
  const { nonce, nonceEnds } = session;
  // Used up before anything is looked at: a token that fails cannot be tried again.
  delete session.nonce;
  if (!nonce || Date.now() > nonceEnds) {
    throw new TokenRefused("nonce");
  }
  const certificate = await validate(token, { origin: options.origin, nonce, authorities, isRevoked });
  session.holder = certificate.subject;
  return json({ holder: certificate.subject });
}

/** Here is where the issuer's revocation list or OCSP responder is asked. TEST cards have none. */
async function isRevoked() {
  return false;
}

/** The document is the server's own, not what the page says that it was. */
function takeSignature(session, { certificate, signatures }) {
  const signer = new X509Certificate(Buffer.from(certificate, "base64"));
  const isGood = verify("sha256", Buffer.from(document), signer.publicKey, Buffer.from(signatures[0], "base64"));
  const isKnown = authorities.some((one) => signer.checkIssued(one) && signer.verify(one.publicKey));
  if (!session.holder || !isGood || !isKnown) {
    throw new TokenRefused("document");
  }
  return json({ sha256: createHash("sha256").update(document).digest("hex") });
}

async function answer(request, response) {
  const headers = { "cache-control": "no-store", "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'" };
  try {
    const route = ROUTES[`${request.method} ${request.url}`];
    if (!route) {
      return void response.writeHead(404).end();
    }
    // A page of another site cannot send this type unasked.
    if (request.method === "POST" && request.headers["content-type"] !== "application/json") {
      return void response.writeHead(415).end();
    }
    const { id, session } = sessionOf(request);
    const body = request.method === "POST" ? JSON.parse(await bodyOf(request)) : undefined;
    const { type, content } = await route(session, body);
    const cookie = `__Host-session=${id}; Path=/; Secure; HttpOnly; SameSite=Strict`;
    response.writeHead(200, { ...headers, "content-type": type, "set-cookie": cookie }).end(content);
  } catch (error) {
    const isRefused = error instanceof TokenRefused;
    console.log(isRefused ? `refused: ${error.reason}` : `failed: ${error.message}`);
    response.writeHead(isRefused ? 403 : 400, headers).end();
  }
}

function sessionOf(request) {
  const named = /(?:^|; )__Host-session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (named && sessions.has(named)) {
    return { id: named, session: sessions.get(named) };
  }
  if (sessions.size >= MOST_SESSIONS) {
    sessions.delete(sessions.keys().next().value);
  }
  const id = randomBytes(32).toString("base64url");
  const session = {};
  sessions.set(id, session);
  return { id, session };
}

async function bodyOf(request) {
  let body = "";
  for await (const part of request) {
    body += part;
    if (body.length > LONGEST_BODY) {
      throw new Error("body");
    }
  }
  return body;
}

async function file(name, type) {
  return { type, content: await readFile(new URL(name, import.meta.url)) };
}

function text(content) {
  return { type: "text/plain; charset=utf-8", content };
}

function json(value) {
  return { type: "application/json", content: JSON.stringify(value) };
}

function certificatesIn(pem) {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
