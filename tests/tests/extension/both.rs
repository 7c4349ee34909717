//! One behaviour, a test for each browser.

macro_rules! in_both_browsers {
    ($($behaviour:ident)*) => {
        $(mod $behaviour {
            #[test]
            fn in_chromium() {
                super::$behaviour(cpxd_tests::browsers::Kind::Chromium);
            }

            #[test]
            fn in_firefox() {
                super::$behaviour(cpxd_tests::browsers::Kind::Firefox);
            }
        })*
    };
}

pub(crate) use in_both_browsers;

/// A log-in with a nonce that openssl's hash is taken of, too.
pub(crate) const LOG_IN: &str =
    "return await cpx.authenticate({ nonce: 'WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=' })";
