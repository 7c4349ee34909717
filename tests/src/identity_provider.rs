//! An OpenID provider in the image of Pro Santé Connect: its log-in is whatever card certificate its web server
//! saw in the TLS handshake. It speaks plain HTTP to that web server alone.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::form_urlencoded;

/// The id of the one relying party.
pub const CLIENT_ID: &str = "cabinet";
/// Its secret.
pub const CLIENT_SECRET: &str = "secret-of-this-test";

/// The provider; it serves until the test ends.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    port: u16,
    provider: Arc<Provider>,
}

#[derive(Debug)]
struct Provider {
    /// What it calls itself, and where its relying party wants the browser back.
    issuer: String,
    card_host: String,
    redirect: String,
    key: EcdsaKeyPair,
    card_log_ins: AtomicU32,
    /// Who is behind a ticket, a cookie or an access token.
    people: Mutex<HashMap<String, Value>>,
    codes: Mutex<HashMap<String, Code>>,
}

#[derive(Debug)]
struct Code {
    challenge: String,
    nonce: String,
    person: Value,
}

type Query = HashMap<String, String>;

impl IdentityProvider {
    /// Serves on a port of its own, for the browser's addresses of its two hosts and of its relying party.
    #[must_use]
    pub fn start(issuer: String, card_host: String, redirect: String) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random);
        let provider = Arc::new(Provider {
            issuer,
            card_host,
            redirect,
            key: key.expect("its key"),
            card_log_ins: AtomicU32::new(0),
            people: Mutex::default(),
            codes: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a port for tokio");
        let port = listener.local_addr().expect("its port").port();
        let router = Router::new()
            .route("/auth", get(authorize))
            .route("/carte", get(card))
            .route("/suite", get(admit))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/certs", get(certs))
            .with_state(Arc::clone(&provider));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a port");
                axum::serve(listener, router).await.expect("it serves");
            });
        });
        Self { port, provider }
    }

    /// Where its web server finds it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many people came in by a card.
    #[must_use]
    pub fn card_log_ins(&self) -> u32 {
        self.provider.card_log_ins.load(Ordering::SeqCst)
    }
}

/// `GET /auth`, the authorization endpoint: who is known goes on, who is not chooses the card.
async fn authorize(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let asked = parsed(query.as_bytes());
    if !provider.is_lawful(&asked) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let cookie = headers.get("cookie").and_then(|value| value.to_str().ok());
    let session = cookie.and_then(|cookie| cookie.split("session=").nth(1)?.split(';').next());
    match session.and_then(|session| provider.person(session)) {
        Some(person) => provider.back_to_the_relying_party(&asked, person),
        None => Html(format!(
            "<!DOCTYPE html><title>Image of Pro Santé Connect</title>\
             <a id=carte href=\"{}/carte?{}\">Carte CPS</a>",
            provider.card_host,
            query.replace('&', "&amp;").replace('"', "%22")
        ))
        .into_response(),
    }
}

/// `GET /carte`, at the host that demands a client certificate, which the web server has verified.
async fn card(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(person) = holder_in(&headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    provider.card_log_ins.fetch_add(1, Ordering::SeqCst);
    let ticket = provider.remember(person);
    let query = query.unwrap_or_default();
    Redirect::to(&format!(
        "{}/suite?{query}&ticket={ticket}",
        provider.issuer
    ))
    .into_response()
}

/// `GET /suite`, back at the first host, where the person stays known.
async fn admit(State(provider): State<Arc<Provider>>, RawQuery(query): RawQuery) -> Response {
    let asked = parsed(query.unwrap_or_default().as_bytes());
    let person = asked
        .get("ticket")
        .and_then(|ticket| provider.person(ticket));
    match person {
        Some(person) if provider.is_lawful(&asked) => {
            let session = provider.remember(person.clone());
            let cookie = format!("session={session}; Secure; HttpOnly; SameSite=Lax; Path=/");
            let cookie = AppendHeaders([("set-cookie", cookie)]);
            (cookie, provider.back_to_the_relying_party(&asked, person)).into_response()
        }
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// `POST /token`: the code for an id token, to whoever knows the secret and began the log-in (PKCE).
async fn token(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = parsed(&body);
    let credentials = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    let is_client = headers
        .get("authorization")
        .is_some_and(|given| given.as_bytes() == format!("Basic {credentials}").as_bytes());
    let code = asked.get("code").and_then(|code| {
        let mut codes = provider
            .codes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        codes.remove(code)
    });
    let verifier = asked.get("code_verifier").map_or("", String::as_str);
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    match code {
        Some(code) if is_client && code.challenge == challenge => {
            let id_token = provider.id_token(&code);
            let access_token = provider.remember(code.person);
            Json(json!({ "token_type": "Bearer", "expires_in": 120, "access_token": access_token, "id_token": id_token }))
                .into_response()
        }
        _ => (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": "invalid_grant" })),
        )
            .into_response(),
    }
}

async fn userinfo(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let given = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let token = given.and_then(|given| given.strip_prefix("Bearer "));
    match token.and_then(|token| provider.person(token)) {
        Some(person) => Json(person).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn certs(State(provider): State<Arc<Provider>>) -> Json<Value> {
    // An uncompressed point: 04, x, y.
    let (x, y) = provider.key.public_key().as_ref()[1..].split_at(32);
    let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    Json(
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "1", "x": x, "y": y }] }),
    )
}

impl Provider {
    fn is_lawful(&self, asked: &Query) -> bool {
        let is = |name: &str, value: &str| asked.get(name).is_some_and(|given| given == value);
        is("client_id", CLIENT_ID)
            && is("redirect_uri", &self.redirect)
            && is("response_type", "code")
            && is("code_challenge_method", "S256")
            && is("acr_values", "eidas1")
            && asked
                .get("scope")
                .is_some_and(|scope| scope.contains("openid"))
    }

    fn back_to_the_relying_party(&self, asked: &Query, person: Value) -> Response {
        let given = |name: &str| asked.get(name).cloned().unwrap_or_default();
        let code = secret();
        let kept = Code {
            challenge: given("code_challenge"),
            nonce: given("nonce"),
            person,
        };
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.insert(code.clone(), kept);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &given("state"))
            .finish();
        Redirect::to(&format!("{}?{query}", self.redirect)).into_response()
    }

    fn id_token(&self, code: &Code) -> String {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut claims = code.person.clone();
        claims["iss"] = json!(self.issuer);
        claims["aud"] = json!(CLIENT_ID);
        claims["nonce"] = json!(code.nonce);
        claims["acr"] = json!("eidas1");
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + 120);
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "1" });
        let signed = [header, claims]
            .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
            .join(".");
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes());
        format!(
            "{signed}.{}",
            URL_SAFE_NO_PAD.encode(signature.expect("a signature"))
        )
    }

    fn remember(&self, person: Value) -> String {
        let name = secret();
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.insert(name.clone(), person);
        name
    }

    fn person(&self, name: &str) -> Option<Value> {
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.get(name).cloned()
    }
}

/// Who holds the card, as the web server read it in the certificate, in the words of the real one.
fn holder_in(headers: &HeaderMap) -> Option<Value> {
    let told = |name: &str| {
        headers
            .get(name)?
            .to_str()
            .ok()
            .filter(|told| *told != "(null)")
    };
    let id = told("x-card-common-name")?;
    Some(json!({
        "sub": id, "SubjectNameID": id, "preferred_username": id,
        "given_name": told("x-card-given-name")?, "family_name": told("x-card-surname")?,
    }))
}

fn parsed(query: &[u8]) -> Query {
    form_urlencoded::parse(query).into_owned().collect()
}

fn secret() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}
