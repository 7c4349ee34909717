// Validates Web eID authentication tokens on a server, with nothing but Node.js. Copy it as it is.
//
// What makes a token worth something is that the server asks every question below, itself, and takes no
// answer from the page: the origin is the server's own, the nonce is the one that it gave this session.

import { X509Certificate, constants, createHash, verify } from "node:crypto";

/** A token that is not accepted. `reason` is for logs; tell the person only that the log-in failed. */
export class TokenRefused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Accepts a token or throws a `TokenRefused`.
 *
 * @param {any} token as the page sent it
 * @param {object} terms
 * @param {string} terms.origin this site's own, such as `https://portal.example`, never one from the page
 * @param {string} terms.nonce what this session was given: single use, minutes old at most
 * @param {X509Certificate[]} terms.authorities those that holders' cards are issued by, roots last or first
 * @param {Date} [terms.now]
 * @param {(certificate: X509Certificate, issuer: X509Certificate) => Promise<boolean>} terms.isRevoked
 *   asks the issuer's revocation list or OCSP responder; there is no default, since leaving it out is a decision
 * @returns {Promise<X509Certificate>} the certificate of the card's authentication key: who the holder is
 */
export async function validate(token, { origin, nonce, authorities, now = new Date(), isRevoked }) {
  if (typeof token?.format !== "string" || !/^web-eid:1(\.\d+)?$/.test(token.format)) {
    throw new TokenRefused("format");
  }
  const certificate = read(token.unverifiedCertificate);
  checkPurpose(certificate);
  const issuer = checkChain(certificate, authorities, now);
  checkSignature(token, certificate.publicKey, origin, nonce);
  if (await isRevoked(certificate, issuer)) {
    throw new TokenRefused("revoked");
  }
  return certificate;
}

function read(base64) {
  try {
    return new X509Certificate(Buffer.from(base64, "base64"));
  } catch {
    throw new TokenRefused("certificate");
  }
}

// A signature certificate of the same person is no proof of presence.
function checkPurpose(certificate) {
  // What Node.js calls key usage is the extended one.
  const isForClients = certificate.keyUsage?.includes("1.3.6.1.5.5.7.3.2");
  if (certificate.ca || !isForClients || !isForDigitalSignature(certificate)) {
    throw new TokenRefused("purpose");
  }
}

/**
 * Node.js does not tell the key usage (RFC 5280, 4.2.1.3). DER has one way to write that extension, so its bytes are
 * looked for as they must be: they stand once, are critical or not, and the first bit is digitalSignature.
 */
function isForDigitalSignature(certificate) {
  const [, keyUsage, ...more] = certificate.raw.toString("latin1").split("\x06\x03\x55\x1d\x0f");
  return more.length === 0 && /^(\x01\x01\xff)?\x04(\x04\x03\x02|\x05\x03\x03)[\x00-\x07][\x80-\xff]/.test(keyUsage ?? "");
}

/** From the card's certificate up to one that signed itself, each valid now and each signed by the next. */
function checkChain(certificate, authorities, now) {
  let current = certificate;
  let first;
  for (let length = 0; length <= authorities.length; length++) {
    if (now < new Date(current.validFrom) || now > new Date(current.validTo)) {
      throw new TokenRefused("validity");
    }
    const issuer = authorities.find((one) => one.ca && current.checkIssued(one) && current.verify(one.publicKey));
    if (!issuer) {
      throw new TokenRefused("chain");
    }
    first ??= issuer;
    if (issuer.fingerprint256 === current.fingerprint256) {
      return first;
    }
    current = issuer;
  }
  throw new TokenRefused("chain");
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const ALGORITHMS = {
  RS256: { hash: "sha256", type: "rsa" },
  RS384: { hash: "sha384", type: "rsa" },
  RS512: { hash: "sha512", type: "rsa" },
  PS256: { hash: "sha256", type: "rsa", ...PSS },
  PS384: { hash: "sha384", type: "rsa", ...PSS },
  PS512: { hash: "sha512", type: "rsa", ...PSS },
  ES256: { hash: "sha256", type: "ec", dsaEncoding: "ieee-p1363" },
  ES384: { hash: "sha384", type: "ec", dsaEncoding: "ieee-p1363" },
  ES512: { hash: "sha512", type: "ec", dsaEncoding: "ieee-p1363" },
};

/** What is signed is hash(origin) followed by hash(nonce). */
function checkSignature({ algorithm, signature }, key, origin, nonce) {
  const known = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
  if (!known || key.asymmetricKeyType !== known.type || typeof signature !== "string") {
    throw new TokenRefused("algorithm");
  }
  const { hash, type, ...options } = known;
  const digest = (text) => createHash(hash).update(text, "utf8").digest();
  const signed = Buffer.concat([digest(origin), digest(nonce)]);
  if (!verify(hash, signed, { key, ...options }, Buffer.from(signature, "base64"))) {
    throw new TokenRefused("signature");
  }
}
