//! A log-in in the image of Pro Santé Connect whose holder types into the real window. Beside nothing else: browsers wait
//! for half a minute alone.
#![cfg(target_os = "linux")]

use std::thread;

use cpxd_tests::browsers::{BrowserWithCard, Kind, person_with_browser};
use cpxd_tests::pro_sante_connect::{ProSanteConnect, Tls};
use cpxd_tests::screen::title::{AGAIN, QUESTION};
use cpxd_tests::window_desk::WindowDesk;

#[test]
fn a_browsers_holder_types_into_the_window_once_for_two_sites() {
    for (kind, card, tls) in [
        (Kind::Firefox, "cps3", Tls::V1_2),
        (Kind::Chromium, "cps4", Tls::V1_3),
    ] {
        let psc = ProSanteConnect::start(tls);
        let desk = WindowDesk::with(card, "1234");
        let _ = desk.agent.card();
        let person = person_with_browser(&desk.agent, kind);
        let mut browser = BrowserWithCard::start(&person, kind, &psc);
        browser.visit(&psc.page(), "Carte CPS");
        thread::scope(|scope| {
            let welcome = "Bienvenue CAMILLE DUPONT, 899700000013";
            let _ = scope.spawn(|| browser.click("#carte", welcome));
            desk.screen.window(QUESTION);
            desk.screen.enter("0000");
            desk.screen.window(AGAIN);
            desk.screen.enter("1234");
        });
        assert_eq!(psc.card_log_ins(), 1);
        assert_eq!(desk.counters_of_the_card()[0], 3);
        desk.screen.nothing();
        let own = "La carte est celle de 899700000013";
        browser.visit(&psc.teleservice_page(), own);
        assert!(!desk.screen.shows_a_window());
    }
}
