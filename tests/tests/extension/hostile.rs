//! Pages that are not what they would like to be.

use cpxd_tests::agent::Agent;
use cpxd_tests::browsers::{Kind, Surfer};
use serde_json::json;

use crate::both::{LOG_IN, in_both_browsers};

in_both_browsers! {
    a_site_in_a_frame_of_another_one_is_neither_of_the_two
    a_page_names_no_origin_but_its_own
    a_page_without_an_origin_of_its_own_finds_no_extension
    a_page_that_floods_is_refused_and_another_one_is_served
    what_is_no_request_is_refused
}

/// Puts a page into a frame of the page `main`.
fn frame(surfer: &Surfer, name: &str, page: &str, more: &str) {
    let url = surfer.site.url(name, page);
    let script = format!(
        "const frame = document.createElement('iframe'); {more} frame.src = '{url}'; document.body.append(frame)"
    );
    surfer.site.does("main", &script);
}

fn a_site_in_a_frame_of_another_one_is_neither_of_the_two(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let _ = agent.card();
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    assert_eq!(site.run("main", LOG_IN)["format"], "web-eid:1.0");
    // A hostile page in a frame of the site that was let in.
    frame(&surfer, "evil.example", "evil", "");
    let status = site.run("evil", "return await cpx.status()");
    assert_eq!(status, json!({ "road": "extension", "granted": false }));
    // The site that was let in, in a frame of a hostile page.
    surfer.opens_tab("evil.example", "outer");
    let url = site.url("service.example", "inner");
    let script = format!(
        "const frame = document.createElement('iframe'); frame.src = '{url}'; document.body.append(frame)"
    );
    site.does("outer", &script);
    let status = site.run("inner", "return await cpx.status()");
    assert_eq!(status, json!({ "road": "extension", "granted": false }));
    // It may be let in there, too, and that is another grant, which names both.
    site.does("inner", "await cpx.requestAccess(['identify'])");
    let grants = agent.read_socket("/v1/grants").body;
    let both = grants["grants"]
        .as_array()
        .unwrap()
        .iter()
        .find(|grant| !grant["topOrigin"].is_null());
    let both = both.unwrap();
    assert_eq!(both["origin"], site.origin("service.example"), "{grants}");
    assert_eq!(both["topOrigin"], site.origin("evil.example"), "{grants}");
}

fn a_page_names_no_origin_but_its_own(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let _ = agent.card();
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    site.does("main", "await cpx.requestAccess(['identify'])");
    surfer.opens_tab("evil.example", "evil");
    let granted = site.origin("service.example");
    let script = format!(
        "document.dispatchEvent(new Event('cpxd-hello'));
         const page = {{ origin: '{granted}', topOrigin: '{granted}' }};
         const request = {{ method: 'GET', path: '/v1/cards', page, origin: '{granted}', id: 1, type: 'request' }};
         return await new Promise((resolve) => {{
           let text = '';
           addEventListener('message', ({{ data }}) => {{
             if (data.cpxd !== 'answer') return;
             text += data.text ?? '';
             if (data.type === 'end') resolve(JSON.parse(text).code);
             if (data.type === 'error') resolve(data.code);
           }});
           postMessage({{ cpxd: 'request', id: 'a', request, page, origin: '{granted}' }}, location.origin);
         }});"
    );
    assert_eq!(site.run("evil", &script), "origin-not-granted");
    let own = site.run("evil", "return (await cpx.status()).granted");
    assert_eq!(own, false);
}

fn a_page_without_an_origin_of_its_own_finds_no_extension(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    site.does("main", "await cpx.requestAccess(['identify'])");
    frame(
        &surfer,
        "service.example",
        "sandboxed",
        "frame.sandbox = 'allow-scripts';",
    );
    let ask = "return await new sdk.Cpx({ road: 'extension' }).status().then(() => 'there', (error) => error.code)";
    assert_eq!(site.run("sandboxed", ask), "extension-missing");
    // Blank, srcdoc, blob and data frames have scripts of their parent's choosing, or none of their own address.
    let script = "
        const said = [];
        const look = 'parent.postMessage({ looked: !document.dispatchEvent(new Event(`cpxd-hello`, { cancelable: true })) }, `*`)';
        const html = `<script>${look}</` + `script>`;
        for (const make of [
          (frame) => { frame.srcdoc = html; },
          (frame) => { frame.src = URL.createObjectURL(new Blob([html], { type: 'text/html' })); },
          (frame) => { frame.src = 'data:text/html,' + encodeURIComponent(html); },
        ]) {
          said.push(await new Promise((resolve) => {
            addEventListener('message', ({ data }) => 'looked' in data && resolve(data.looked));
            const frame = document.createElement('iframe');
            make(frame);
            document.body.append(frame);
          }));
        }
        const blank = document.createElement('iframe');
        document.body.append(blank);
        said.push(!blank.contentDocument.dispatchEvent(new Event('cpxd-hello', { cancelable: true })));
        return said;";
    assert_eq!(
        site.run("main", script),
        json!([false, false, false, false])
    );
}

fn a_page_that_floods_is_refused_and_another_one_is_served(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let _ = agent.card();
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    site.does("main", "await cpx.requestAccess(['identify'])");
    surfer.opens_tab("portal.example", "portal");
    let script = "
        const errors = [];
        for (let n = 0; n < 500; n++) cpx.onCardEvent(() => {}, (error) => errors.push(error.code));
        await cpx.status().catch(() => {});
        while (errors.length < 484) await new Promise((resolve) => setTimeout(resolve, 20));
        return [...new Set(errors)];";
    assert_eq!(site.run("main", script), json!(["busy"]));
    assert_eq!(site.run("portal", LOG_IN)["format"], "web-eid:1.0");
}

fn what_is_no_request_is_refused(kind: Kind) {
    let agent = Agent::demo_beside_the_native_host(&[]);
    let surfer = Surfer::with(kind, &agent);
    let site = &surfer.site;
    let script = "
        document.dispatchEvent(new Event('cpxd-hello'));
        const told = [];
        const answers = new Promise((resolve) => addEventListener('message', ({ data }) => {
          if (data?.cpxd === 'answer' && data.type === 'error') told[data.id] = data.code;
          if (Object.keys(told).length === 5) resolve(told);
        }));
        const wrong = [
          null, 'text', { method: 'TRACE', path: '/v1' }, { method: 'GET', path: '/docs' },
          { method: 'POST', path: '/v1/grants/requests', body: 'a'.repeat(64 * 1024 * 1024) },
        ];
        wrong.forEach((request, id) => postMessage({ cpxd: 'request', id: String(id), request }, location.origin));
        postMessage({ cpxd: 'request', id: 7, request: {} }, location.origin);
        postMessage({ cpxd: 'cancel', id: 'nobody' }, location.origin);
        postMessage(null, location.origin);
        return [...await answers];";
    let bad = "bad-message";
    let long = "message-too-long";
    assert_eq!(site.run("main", script), json!([bad, bad, bad, bad, long]));
    assert_eq!(
        site.run("main", "return (await cpx.status()).road"),
        "extension"
    );
}
