//! A page at addresses that are no site's over HTTPS: one text, which looks for the extension, says what
//! it found to the tests' site, and has a page of that site in a frame.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::thread;

use serde_json::json;

use crate::web_site::WebSite;

/// Its name is that by which the test asks the site for what it found; its frame's ends in `-frame`.
fn page(site: &WebSite, name: &str) -> String {
    let told = format!("{}/result?{name}", site.origin("service.example"));
    let frame = site.url("service.example", &format!("{name}-frame"));
    format!(
        "<!DOCTYPE html><html lang=en><title>Elsewhere</title><script>
           const isThere = !document.dispatchEvent(new Event('cpxd-hello', {{ cancelable: true }}));
           fetch('{told}', {{ method: 'POST', body: JSON.stringify({{ isThere }}) }});
         </script><iframe src='{frame}'></iframe>"
    )
}

/// The page in a file; gives its address.
#[must_use]
pub fn in_a_file(site: &WebSite, folder: &Path, name: &str) -> String {
    let file = folder.join("elsewhere.html");
    fs::write(&file, page(site, name)).expect("a file");
    format!("file://{}", file.display())
}

/// The page at `evil.example` over HTTP without TLS; gives its address.
#[must_use]
pub fn over_http(site: &WebSite, name: &str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("its port").port();
    let page = page(site, name);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A browser tries TLS first, and comes again without it.
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or_default();
            if request
                .get(..length)
                .is_some_and(|text| text.starts_with(b"GET / "))
            {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
                let length = page.len();
                let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{page}");
            }
        }
    });
    format!("http://evil.example:{port}/")
}

/// The files of another extension, whose page `elsewhere.html` asks the extension of this id and the native
/// host, and says to the site what came of it.
pub fn in_an_extension(site: &WebSite, folder: &Path, asked: &str, name: &str) {
    let told = format!("{}/result?{name}", site.origin("service.example"));
    let manifest = json!({
        "manifest_version": 3,
        "name": "Another one",
        "version": "1",
        "key": "YW5vdGhlciBvbmU=",
        "browser_specific_settings": { "gecko": { "id": "another@example" } },
        "permissions": ["nativeMessaging"],
        "web_accessible_resources": [{ "resources": ["elsewhere.html"], "matches": ["https://*/*"] }],
    });
    let page =
        "<!DOCTYPE html><html lang=en><title>Elsewhere</title><script src=elsewhere.js></script>";
    let script = format!(
        "const api = globalThis.browser ?? globalThis.chrome;
         const ask = (port, message) => new Promise((resolve) => {{
           port.onMessage.addListener(() => resolve('answered'));
           port.onDisconnect.addListener(() => resolve('refused'));
           port.postMessage(message);
         }});
         const request = {{ method: 'GET', path: '/v1/status' }};
         (async () => {{
           const found = {{
             isThere: !document.dispatchEvent(new Event('cpxd-hello', {{ cancelable: true }})),
             extension: await ask(api.runtime.connect('{asked}'), request).catch(String),
             host: await ask(api.runtime.connectNative('cpxd.native_host'), {{ ...request, type: 'request', protocol: 1, id: 1 }}).catch(String),
           }};
           await fetch('{told}', {{ method: 'POST', body: JSON.stringify(found) }});
         }})();"
    );
    fs::create_dir_all(folder).expect("a folder");
    for (file, text) in [
        ("manifest.json", manifest.to_string()),
        ("elsewhere.html", page.to_owned()),
        ("elsewhere.js", script),
    ] {
        fs::write(folder.join(file), text).expect("a file");
    }
}
