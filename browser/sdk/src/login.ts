// <cpx-login nonce-url="/nonce" login-url="/login"></cpx-login>: a button that logs the person in by the card.
//
// `nonce-url` answers the server's nonce as text; the token goes to `login-url` as JSON. The event `cpx-login`
// has the server's JSON answer as its `detail`; `cpx-login-failed` has the error.

import { CpxError, cpx } from "./index.js";

const WORDS: Record<string, Record<string, string>> = {
  fr: {
    button: "Se connecter avec ma carte",
    waiting: "Répondez dans la fenêtre de cpxd.",
    refused: "Le site n’a pas accepté la connexion. Recommencez.",
    "extension-missing": "L’extension cpxd manque dans ce navigateur : installez-la, puis rechargez la page.",
    "host-missing": "cpxd n’est pas installé sur cet ordinateur, ou ce navigateur ne le connaît pas.",
    "agent-stopped": "cpxd n’est pas démarré et n’a pas pu l’être.",
    "agent-too-old": "cpxd est trop ancien : mettez-le à jour.",
    "host-too-old": "cpxd est trop ancien : mettez-le à jour.",
    "loopback-denied": "Ce site n’a pas le droit d’atteindre cpxd : autorisez-le dans les réglages du navigateur pour ce site.",
    unreachable: "cpxd ne répond pas : installez l’extension, ou démarrez cpxd et lancez « cpxd install --trust ».",
    "no-reader": "Aucun lecteur de carte n’est branché.",
    "no-card": "Aucune carte n’est dans le lecteur.",
    other: "La connexion n’a pas abouti. Recommencez.",
  },
  en: {
    button: "Log in with my card",
    waiting: "Answer in the window of cpxd.",
    refused: "The site did not accept the log-in. Try again.",
    "extension-missing": "This browser lacks the cpxd extension: install it, then load the page again.",
    "host-missing": "cpxd is not installed on this computer, or this browser was not told of it.",
    "agent-stopped": "cpxd does not run and could not be started.",
    "agent-too-old": "cpxd is too old: renew it.",
    "host-too-old": "cpxd is too old: renew it.",
    "loopback-denied": "This site may not reach cpxd: allow it in the browser's settings for this site.",
    unreachable: "cpxd does not answer: install the extension, or start cpxd and run “cpxd install --trust”.",
    "no-reader": "No card reader is connected.",
    "no-card": "No card is in the reader.",
    other: "The log-in did not succeed. Try again.",
  },
};

export class CpxLogin extends HTMLElement {
  connectedCallback() {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.#word("button");
    const message = document.createElement("p");
    message.setAttribute("role", "status");
    button.addEventListener("click", () => void this.#logIn(button, message));
    this.replaceChildren(button, message);
  }

  async #logIn(button: HTMLButtonElement, message: HTMLElement) {
    button.disabled = true;
    message.textContent = this.#word("waiting");
    try {
      const nonce = await (await fetch(this.getAttribute("nonce-url") ?? "/nonce")).text();
      const token = await cpx.authenticate({ nonce });
      const answer = await fetch(this.getAttribute("login-url") ?? "/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(token),
      });
      if (!answer.ok) {
        throw new CpxError("refused");
      }
      message.textContent = "";
      this.#tell("cpx-login", await answer.json());
    } catch (error) {
      const code = error instanceof CpxError ? error.code : "other";
      const detail = error instanceof CpxError ? error.problem?.detail : undefined;
      message.textContent = detail ?? this.#word(code);
      this.#tell("cpx-login-failed", error);
    } finally {
      button.disabled = false;
    }
  }

  #tell(name: string, detail: unknown) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }

  #word(name: string): string {
    const language = (this.closest("[lang]") as HTMLElement | null)?.lang || navigator.language;
    const words = (language.startsWith("fr") ? WORDS["fr"] : WORDS["en"]) ?? {};
    return words[name] ?? words["other"] ?? "";
  }
}

customElements.define("cpx-login", CpxLogin);
