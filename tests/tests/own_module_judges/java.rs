//! Java's own provider `SunPKCS11`: keytool, jarsigner and a program over HTTPS.

use std::process::Command;

use cpxd_tests::judge::test_authorities;

use crate::openssl::MODULE;
use crate::workstation::{
    AUTHENTICATION, Demanding, GENERATIONS, KEYS, Run, SIGNATURE, Workstation, module,
};

impl Workstation {
    /// A program of the JDK that was told of the module by a file, as `docs/pkcs11-clients.md` shows it.
    pub(crate) fn of_jdk(&self, program: &str) -> Command {
        self.file("cpxd-java.cfg", CONFIGURATION.replace(MODULE, &module()));
        self.starts(program)
    }
}

/// What Java's provider reads of the module.
pub(crate) const CONFIGURATION: &str = "\
name = cpxd
library = /path/to/libcpxd_pkcs11.so
";

const KEY_STORE: [&str; 9] = [
    "-keystore",
    "NONE",
    "-storetype",
    "PKCS11",
    "-protected",
    "-providerClass",
    "sun.security.pkcs11.SunPKCS11",
    "-providerArg",
    "cpxd-java.cfg",
];

#[test]
fn keytool_lists_both_keys_by_the_names_of_their_certificates() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let listed = Run::of(desk.of_jdk("keytool").arg("-list").args(KEY_STORE)).success();
        for key in KEYS {
            let entry = format!("{}, PrivateKeyEntry", key.certificate);
            assert!(listed.contains(&entry), "{listed}");
        }
        let mut export = desk.of_jdk("keytool");
        export
            .args(["-exportcert", "-rfc", "-alias", AUTHENTICATION.certificate])
            .args(KEY_STORE);
        let exported = Run::of(&mut export).success().replace('\r', "");
        assert!(
            exported.contains("-----BEGIN CERTIFICATE-----"),
            "{exported}"
        );
        assert_eq!(desk.asked("open-session"), 2);
    }
}

#[test]
fn jarsigner_signs_an_archive_that_it_and_openssl_verify() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        desk.file("letter.txt", b"a letter of the holder");
        Run::of(
            desk.of_jdk("jar")
                .args(["--create", "--file", "letter.jar", "letter.txt"]),
        )
        .success();
        let mut sign = desk.of_jdk("jarsigner");
        sign.args(KEY_STORE)
            .args(["-sigfile", "HOLDER", "letter.jar", SIGNATURE.certificate]);
        Run::of(&mut sign).success();
        let verified = desk.run("jarsigner", &["-verify", "letter.jar"]).success();
        assert!(verified.contains("jar verified"), "{verified}");
        let files = ["META-INF/HOLDER.RSA", "META-INF/HOLDER.SF"];
        let extract = ["--extract", "--file", "letter.jar", files[0], files[1]];
        desk.run("jar", &extract).success();
        desk.file("authorities.pem", test_authorities());
        let verify = [
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            files[0],
            "-content",
            files[1],
            "-CAfile",
            "authorities.pem",
            "-purpose",
            "any",
            "-out",
            "verified",
        ];
        desk.run("openssl", &verify).success();
        let shown = desk.run(
            "openssl",
            &["pkcs7", "-inform", "DER", "-in", files[0], "-print_certs"],
        );
        assert!(shown.success().contains(desk.pem(SIGNATURE).trim()));
    }
}

/// Opens the key store of the token, and gets a page with the key that Java chooses by the server's word.
const CLIENT: &str = r#"
import java.io.FileInputStream;
import java.net.URL;
import java.security.*;
import java.security.cert.CertificateFactory;
import javax.net.ssl.*;

public class Client {
    public static void main(String[] arguments) throws Exception {
        Provider provider = Security.getProvider("SunPKCS11").configure("cpxd-java.cfg");
        Security.addProvider(provider);
        KeyStore card = KeyStore.getInstance("PKCS11", provider);
        card.load(null, null);
        KeyManagerFactory keys = KeyManagerFactory.getInstance("NewSunX509");
        keys.init(card, null);
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (FileInputStream file = new FileInputStream(arguments[1])) {
            var authority = CertificateFactory.getInstance("X.509").generateCertificate(file);
            trusted.setCertificateEntry("sites", authority);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        for (int page = 0; page < 2; page++) {
            var connection = (HttpsURLConnection) new URL(arguments[0]).openConnection();
            connection.setSSLSocketFactory(tls.getSocketFactory());
            System.out.write(connection.getInputStream().readAllBytes());
        }
        System.out.flush();
    }
}
"#;

#[test]
fn a_java_program_shows_the_card_to_a_server_twice_on_one_code() {
    for kind in GENERATIONS {
        let desk = Workstation::with(kind);
        let (tls, name) = desk.tls();
        let site = Demanding::of(tls);
        desk.file("Client.java", CLIENT);
        desk.file("hosts", format!("127.0.0.1 {}\n", site.host));
        let mut java = desk.of_jdk("java");
        java.args(["-Djdk.net.hosts.file=hosts", "-Dfile.encoding=UTF-8"])
            .args(["Client.java", &site.url, &site.authority()]);
        let page = String::from_utf8(Run::of(&mut java).bytes()).unwrap();
        Demanding::assert_welcomes(&page, name);
        assert_eq!(page.matches("La carte est celle de").count(), 2, "{page}");
        assert_eq!(desk.asked("open-session"), 1);
    }
}
