import { cpx } from "/cpx/index.js";
import "/cpx/login.js";

const at = (id) => document.getElementById(id);

document.querySelector("cpx-login").addEventListener("cpx-login", async ({ detail }) => {
  const named = (attribute) => new RegExp(`\\b${attribute}=([^+\\n]*)`).exec(detail.holder)?.[1].trim() ?? "";
  at("holder").textContent = `${named("GN")} ${named("SN")}`;
  at("document").textContent = await (await fetch("/document")).text();
  at("outside").hidden = true;
  at("inside").hidden = false;
  at("greeting").focus();
});

at("sign").addEventListener("click", async () => {
  try {
    const text = at("document").textContent;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    const value = btoa(String.fromCharCode(...digest));
    const signed = await cpx.sign({ hash: "SHA-256", digests: [{ value, description: text }] });
    const taken = await fetch("/signature", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(signed),
    });
    at("signed").textContent = taken.ok ? "Signature vérifiée par le portail." : "Signature refusée par le portail.";
  } catch (error) {
    at("signed").textContent = error.message;
  }
});
